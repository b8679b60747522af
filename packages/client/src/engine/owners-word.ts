// An owner's word for entries that a relay lost with their packs: an entry behind them that an owner signed. With it this device, whatever its role, may
// put back those before it.
import { decodeEntry, identityRoleOf, roleOf, type LogState, type SigningKey } from '@grenier/crypto'
import { limits } from '@grenier/protocol'
import type { OwnersWord } from '../relay/relay-session.ts'
import { bodyHashAt, entryAt } from '../state/entry-keep.ts'
import { LogReplay } from './log-replay.ts'
import type { Vault } from './vault.ts'

/**
 * The furthest entry behind `from`, within one message, by who is an owner where the relay's log ends, which is before `from`: however often owners and
 * others alternate, one word covers all. Who becomes an owner in between does so by an entry of such an owner's, and counts from there on.
 * undefined: there is none so near.
 */
export async function ownersWord(vault: Vault, from: number): Promise<OwnersWord | undefined> {
  const { log, trees } = vault
  const there = await stateBefore(vault, from)
  const between: Uint8Array[] = []
  const countMax = limits.vouchBytes / limits.idBytes
  let furthest: { readonly covers: number; readonly entry: Uint8Array } | undefined
  for (let sequence = from; sequence < log.nextSequence && between.length <= countMax; sequence += 1) {
    const entry = entryAt(trees, sequence)
    const isFound = entry !== undefined && isOwners(there, decodeEntry(entry).header.device)
    // The very entry that was refused says nothing of itself that it did not say when it was given.
    if (isFound && between.length === 0) return undefined
    if (isFound) furthest = { covers: between.length, entry }
    const body = bodyHashAt(trees, sequence)
    if (body === undefined) break
    between.push(body)
  }
  if (furthest === undefined) return undefined
  const { covers, entry } = furthest
  return { bodyHashes: Buffer.concat(between.slice(0, covers)), entry }
}

/** The log up to the entry before, judged once more. */
async function stateBefore(vault: Vault, from: number): Promise<LogState | undefined> {
  const replay = new LogReplay(vault, () => Promise.reject(new TypeError('only what is kept is read')))
  let state: LogState | undefined
  for await (const replayed of replay.entries({ whole: Infinity, through: from - 1 })) state = replayed.state
  return state
}

function isOwners(state: LogState | undefined, signer: SigningKey): boolean {
  if (state === undefined) return false
  return roleOf(state.spine, signer) === 'owner' || identityRoleOf(state.spine, signer) === 'owner'
}
