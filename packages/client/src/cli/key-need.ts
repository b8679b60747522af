// What each command needs of the device's keys: asked before it runs, so that nothing else of the program knows how keys are opened.
import type { CommandName } from './catalogue.ts'

/**
 * `open`: opened before it begins. `none`: does without. `makes`: makes the device where there is none, which a passphrase that is given seals;
 * else `open`. `anew`: opened by who can open them now, not by what `unlock` left open. `own`: opens them itself.
 */
export type KeyNeed = 'open' | 'none' | 'makes' | 'anew' | 'own'

/** A command that is not here does not compile. */
const needs: Readonly<Record<CommandName, KeyNeed>> = {
  setup: 'makes',
  join: 'makes',
  recover: 'makes',
  passphrase: 'anew',
  keyring: 'anew',
  limit: 'none',
  forget: 'none',
  decrypt: 'none',
  unlock: 'own',
  lock: 'none',
  status: 'none',
  log: 'open',
  ls: 'open',
  cat: 'open',
  restore: 'open',
  conflicts: 'open',
  move: 'open',
  add: 'open',
  invite: 'open',
  recovery: 'open',
  usage: 'open',
  sync: 'open',
  devices: 'open',
  revoke: 'open',
  role: 'open',
  approve: 'open',
  prune: 'open',
  vaults: 'open',
  vault: 'open',
  retention: 'open',
  backup: 'open',
  import: 'open',
  mirror: 'open',
  export: 'open',
  adopt: 'open',
  heal: 'open',
  verify: 'open',
}

/** The need of a command, by its name on the command line. One that is none of ours fails elsewhere, and gets no keys without being asked. */
export function keyNeedOf(command: string): KeyNeed {
  return isCommandName(command) ? needs[command] : 'open'
}

/** Whether it is one of ours. */
export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(needs, name)
}
