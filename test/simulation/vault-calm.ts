// How a run ends in which more happened to the vault than edits: everybody syncs until nobody has anything to say, who halted at two histories is
// told to go on, readers get to send what they have, and somebody who has nothing joins, to see whether the relay has everything.
import { adoptFolder, ClientError, joinFolder, type FolderEngine } from '@grenier/client'
import { invitationOf, roleOf, toHex, type Entry, type LogState, type Role } from '@grenier/crypto'
import { whoIsApart, saysItIsStranger } from './apart.ts'
import { decodeInvitationCode } from '../../packages/client/src/engine/invitation-code.ts'
import type { Log } from './history.ts'
import { newcomer, type VaultMoves } from './vault-moves.ts'
import { logOf } from './vault-place.ts'
import { asked, Machine, within, type World } from './world.ts'

/** Turns of all devices after which all must agree and rest, whatever happened to the relay and to members. */
export const vaultRoundsMax = 12

/** What is asked of whoever runs the storm. */
export interface CalmParts {
  readonly world: World
  readonly moves: VaultMoves
  readonly failures: string[]
  /** Looks at what the last sync of a machine said and needed. */
  readonly looked: (machine: Machine) => void
}

/** The end of one run. */
export class VaultCalm {
  readonly #parts: CalmParts
  /** Who is no member any more, or never was. */
  readonly #out = new Set<Machine>()
  rounds = 0
  /** How often somebody was told to go on after a fork. */
  adopted = 0
  /** How often somebody went on by itself without entries of which the relay had lost the contents. */
  wentOn = 0

  /** Who was told to go on with the relay's history. */
  readonly #adopters = new Set<Machine>()

  constructor(parts: CalmParts) {
    this.#parts = parts
  }

  /** Whether an entry that some member knew may be in no log any more: histories parted, or who knew it is out. */
  get mayLackEntries(): boolean {
    return this.adopted + this.wentOn > 0 || this.#out.size > 0
  }

  /** Those that must agree. */
  get members(): Machine[] {
    return this.#parts.world.machines.filter(
      (machine) => machine.home.folders.length > 0 && !this.#out.has(machine),
    )
  }

  async settle(): Promise<void> {
    const { world, moves, failures } = this.#parts
    await moves.relays.finish()
    const settledAt = new Map<Machine, number>()
    const last = new Map<Machine, Error>()
    let isRaised = false
    for (this.rounds = 1; this.rounds <= vaultRoundsMax; this.rounds += 1) {
      for (const machine of this.members) {
        if (settledAt.get(machine) === world.head) continue
        const outcome = await this.#turn(machine)
        last.delete(machine)
        if (outcome === 'done') settledAt.set(machine, world.head)
        else if (outcome !== 'again') last.set(machine, outcome)
      }
      if (failures.length > 0) return
      // Nobody says anything to a relay whose clock is behind.
      const raises: boolean = !isRaised && this.rounds >= 2 && ![...last.values()].some(isAhead)
      if (raises) await this.#raise()
      isRaised ||= raises
      for (const machine of await moves.relays.findAstray(this.members))
        // Who was taken out where the vault is hears no more there than that it has no right.
        if (isTakenOut(await this.#log(), machine)) this.#out.add(machine)
        else settledAt.delete(machine)
      const stuck = [...last].filter(([, why]) => isAway(why)).map(([machine]) => machine)
      await moves.relays.told(stuck, this.members)
      // Who alone knows what the relay lost waits some minutes for an owner's device, and goes on without it then.
      if ([...last.values()].some(isStranded)) await world.scheduler.runUntil(() => false, 660_000)
      if ([...last.values()].some(isOwedCancels)) await this.#ofSomeOwner(cancel)
      for (const [machine, why] of last)
        if (isOwedKeys(why) && !(await this.#isAwaited(settledAt))) await this.#beginAnew(machine)
      // A relay without a log, whose clock went back, refuses what was made since until its clock is there again.
      if ([...last.values()].some(isAhead)) await world.scheduler.runUntil(() => false, 3_660_000)
      for (const [machine, why] of last) if (isUnknown(why)) await this.#joinAgain(machine)
      const isSettled = this.members.every((machine) => settledAt.get(machine) === world.head)
      if (!isSettled || !isRaised || this.rounds <= 2) continue
      if (!(await this.#bringApart()) && !(await this.#revokeAgain())) return
      settledAt.clear()
    }
    const log = await this.#log()
    for (const machine of this.members)
      if (settledAt.get(machine) !== world.head) this.#stuck(machine, last.get(machine), log)
  }

  /** One sync. A person tells a device that halted at two histories to go on. */
  async #turn(machine: Machine): Promise<'done' | 'again' | Error> {
    const { world, moves, failures } = this.#parts
    const before = machine.tree().join('\n')
    const at = machine.home.folders[0]?.relay
    machine.sync(true)
    if (!(await world.until(() => !machine.running))) {
      failures.push(`${machine.name} never ended`)
      machine.kill(false)
      return 'again'
    }
    const { outcome } = machine
    if (outcome === 'done') {
      this.wentOn += machine.events.filter(({ event }) => event === 'went-on').length
      this.#parts.looked(machine)
      return outcome
    }
    if (!(outcome instanceof ClientError)) return outcome ?? new Error('it died')
    const stays = outcome.code === 'device-revoked' || outcome.code === 'relay-contradicts'
    // Who synced at one relay, and then heard in the same run that an owner went on at another one, did so for good reason.
    const isElsewhere = outcome.code === 'relay-contradicts' && machine.home.folders[0]?.relay !== at
    if (stays && !isElsewhere && machine.tree().join('\n') !== before)
      failures.push(`${machine.name} touched files: ${outcome.message}`)
    if (outcome.code === 'device-revoked') this.#out.add(machine)
    else if (outcome.code === 'relay-contradicts' && (await moves.past.hasParted()))
      return await this.#adopt(machine)
    else if (!outcome.retryable && !moves.isUsual(outcome))
      failures.push(`${machine.name} in calm weather: ${outcome.stack ?? outcome.message}`)
    return outcome
  }

  async #adopt(machine: Machine): Promise<'again' | Error> {
    const { world } = this.#parts
    try {
      await within(world, adoptFolder(machine.context(), machine.folderPath), 'the adoption')
      this.adopted += 1
      this.#adopters.add(machine)
      world.note(`${machine.name} adopts`)
      return 'again'
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  /**
   * Its join was cut off before the relay heard of it: its person says it again, with the same code; and with another one, where that one was taken back
   * meanwhile. (What a relay lost, or another one never heard, is not led on by a code alone.)
   */
  async #joinAgain(machine: Machine): Promise<void> {
    const { world, moves } = this.#parts
    const code = moves.codes.get(machine)
    if (code === undefined || isIn(await this.#log(), machine)) return
    // Who was in has a folder that knows the log: no code leads on there, and what the relay may not have lost is not excused.
    if (moves.joined.has(machine)) return
    moves.codes.delete(machine)
    const mayMiss = moves.isRestored || world.relays.length > 1
    if ((await this.#joinWith(machine, code)) || mayMiss) return
    const next = await this.#ofSomeOwner(invite)
    if (next !== undefined) await this.#joinWith(machine, next)
  }

  /**
   * Who joined where the vault had been, and is unknown where an owner went on, is told so within a day: its person joins with another code. Whether there
   * was anybody.
   */
  async #bringApart(): Promise<boolean> {
    const { world, moves, failures } = this.#parts
    const [place, log] = [await moves.relays.place(), await this.#log()]
    if (place === undefined || log === undefined) return false
    const apart = await whoIsApart({ world, place, log }, this.members)
    if (apart.length === 0) return false
    await world.scheduler.runUntil(() => false, 25 * 3_600_000)
    for (const machine of apart) {
      await this.#turn(machine)
      if (!(await saysItIsStranger(world, machine, place)))
        failures.push(`${machine.name} is left at ${world.relayOf(machine).url}, and does not say so`)
      await machine.forgetFolder()
    }
    for (const machine of apart) {
      const code = await this.#ofSomeOwner(invite)
      if (code !== undefined) await this.#joinWith(machine, code)
    }
    return true
  }

  /**
   * An owner was never told that somebody is out, whoever was taken out heard of it alone, and then the relay lost it: the owner says it again. What was
   * done is known to the owner's device, which gives it back. Whether anything was owed.
   */
  async #revokeAgain(): Promise<boolean> {
    const { moves } = this.#parts
    const candidates = [...this.#out].filter((one) => moves.isRevokeOwed(one))
    if (candidates.length === 0) return false
    const log = await this.#log()
    const owed = candidates.filter((one) => isIn(log, one))
    for (const { name, home } of owed) {
      moves.unfinishedRevokes.delete(name)
      this.#parts.world.note(`${name} is revoked again`)
      await this.#ofSomeOwner((engine) => revoke(engine, toHex(home.device.sign.publicKey)))
    }
    return owed.length > 0
  }

  /** Whether it is in then, or should be: a code that is good has to do. */
  async #joinWith(machine: Machine, code: string): Promise<boolean> {
    const { world, failures } = this.#parts
    world.note(`${machine.name} joins again`)
    machine.start((context) => joinFolder(context, { path: machine.folderPath, code }), true)
    const hasEnded = await world.until(() => !machine.running)
    if (!hasEnded) machine.kill(false)
    if (machine.outcome === 'done') return true
    if (!(await this.#isOpen(code))) return false
    if (await this.#isOfAnother(machine)) {
      // What it had seen before it was cut off is no more: its person forgets the folder, and begins anew.
      await machine.forgetFolder()
      return await this.#joinWith(machine, code)
    }
    const why = hasEnded ? machine.outcome?.stack : 'it never ended'
    failures.push(`${machine.name} cannot join again: ${String(why)}`)
    return true
  }

  /** Whether a join that goes on was held to a history that is not the relay's any more, as histories have parted. */
  async #isOfAnother({ outcome, home }: Machine): Promise<boolean> {
    const isHeld = outcome instanceof ClientError && outcome.code === 'relay-contradicts'
    return isHeld && home.folders.length > 0 && (await this.#parts.moves.past.hasParted())
  }

  /** Whether the code is still good: nobody took it, or took it back, and it leads to where the vault is. */
  async #isOpen(code: string): Promise<boolean> {
    const { world, moves } = this.#parts
    const { relay, secret } = decodeInvitationCode(code)
    const place = await moves.relays.place()
    const spine = (await this.#log())?.states.at(-1)?.spine
    const invite = spine?.invites.get(toHex(invitationOf(secret).sign.publicKey))
    if (invite === undefined || place?.url !== relay) return false
    return invite.expiresAt > world.scheduler.nowMs + place.aheadMs
  }

  /** Whether an owner may still say what the history that was left had: one who had it, or one who is not at rest. */
  async #isAwaited(settledAt: ReadonlyMap<Machine, number>): Promise<boolean> {
    const log = await this.#log()
    const owners = this.members.filter((machine) => roleIn(log, machine) === 'owner')
    const { head } = this.#parts.world
    return owners.some((owner) => this.#adopters.has(owner) || settledAt.get(owner) !== head)
  }

  /** It went on with the relay's history, and no owner is left who had the one with newer keys: its person begins anew, with all files. */
  async #beginAnew(machine: Machine): Promise<void> {
    const code = await this.#ofSomeOwner(invite)
    if (code === undefined) return
    await machine.forgetFolder()
    await this.#joinWith(machine, code)
  }

  /** Who could not rest. A device of which only a lost relay knew that it had joined, or that was taken out where it never was, has nobody to say so. */
  #stuck(machine: Machine, why: Error | undefined, log: Log | undefined): void {
    const { world, moves, failures } = this.#parts
    const mayMiss = moves.isRestored || world.relays.length > 1
    const isForgotten = mayMiss && !isIn(log, machine)
    if (isForgotten && why instanceof ClientError) this.#out.add(machine)
    else failures.push(`${machine.name} does not come to rest: ${why?.stack ?? 'others go on'}`)
  }

  /** Readers become writers: what they changed is sent then. */
  async #raise(): Promise<void> {
    if ((await this.#ofSomeOwner(raise)) === undefined) this.#parts.failures.push('no owner is left')
  }

  /** What an owner does; undefined if there is none. A relay to which something was put back takes nothing of the kind for a while. */
  async #ofSomeOwner<T>(what: (engine: FolderEngine) => Promise<T | undefined>): Promise<T | undefined> {
    const { world } = this.#parts
    for (let times = 0; times < 3; times += 1) {
      for (const machine of this.members) {
        const done = await within(world, asked(machine, what), 'what an owner does').catch(
          (error: unknown) => {
            world.note(`${machine.name} is refused: ${String(error)}`)
            return undefined
          },
        )
        if (done !== undefined) return done
      }
      await world.scheduler.runUntil(() => false, 660_000)
    }
    return undefined
  }

  /** Nothing that somebody revoked wrote since counts, and who is in by the log is in. */
  async checkMembers(): Promise<void> {
    const { moves, failures } = this.#parts
    await moves.relays.check(this.members)
    const log = await this.#log()
    const spine = log?.states.at(-1)?.spine
    if (log === undefined || spine === undefined) return
    for (const [at, { header }] of log.entries.entries())
      if (!hadRight(log.states[at - 1], header))
        failures.push(`entry ${header.sequence}, a ${header.kind}, is of somebody who had no right to it`)
    const owners = this.members.filter((machine) => roleIn(log, machine) === 'owner')
    for (const { name } of owners)
      if (!moves.ownersMade.has(name)) failures.push(`${name} is an owner, and nobody made it one`)
    if (spine.rekeyDue && owners.length > 0) failures.push('new keys are owed')
    for (const { keys, until } of spine.devices.values()) {
      const later = until === undefined ? [] : log.entries.slice(until + 1)
      for (const { header } of later.filter((entry) => Buffer.compare(entry.header.device, keys.sign) === 0))
        failures.push(`entry ${header.sequence} is of a device that was revoked in ${String(until)}`)
    }
    for (const machine of this.members)
      if (!isIn(log, machine)) failures.push(`${machine.name} syncs and is no member`)
    for (const machine of this.#out)
      if (isIn(log, machine)) failures.push(`${machine.name} is out and yet a member`)
  }

  /** The log as the relay has it. */
  async #log(): Promise<Log | undefined> {
    const { world, moves } = this.#parts
    const relay = await moves.relays.place()
    return relay && (await logOf(world, moves.past, relay))
  }

  /**
   * The state that a prune names went with a disk of the relay, and no owner's device kept the log up to it: after a day one of them names a later one.
   * Nobody says anything to any of them.
   */
  async #awaitLater(machine: Machine): Promise<void> {
    const { world, failures } = this.#parts
    world.note('the relay lost the state that a prune names')
    const log = await this.#log()
    const keeper = this.members.find((one) => one.isFirst && roleIn(log, one) === 'owner')
    if (keeper !== undefined) failures.push(`${keeper.name} kept the log, and did not make the state again`)
    await world.scheduler.runUntil(() => false, 25 * 3_600_000)
    for (const one of [...this.members.filter((other) => other !== machine), machine]) {
      one.sync(true)
      await world.until(() => !one.running)
    }
  }

  /** Somebody who has nothing gets everything. */
  async joinAnew(): Promise<Machine | undefined> {
    const { world, moves, failures } = this.#parts
    const code = await this.#ofSomeOwner(invite)
    if (code === undefined) {
      failures.push('nobody can invite any more')
      return undefined
    }
    const machine = new Machine(world, newcomer)
    world.machines.push(machine)
    machine.start((context) => joinFolder(context, { path: machine.folderPath, code }), true)
    await world.until(() => !machine.running)
    if (moves.isRestored && isLacking(machine.outcome)) await this.#awaitLater(machine)
    if (machine.outcome === 'done') {
      this.#parts.looked(machine)
      return machine
    }
    failures.push(`nobody can join any more: ${machine.outcome?.stack ?? 'it never ended'}`)
    return undefined
  }
}

/** Whether the vault is no more where it was looked for, as far as that can be seen. */
function isAway(error: Error): boolean {
  if (!(error instanceof ClientError)) return false
  return error.code === 'relay-unreachable' || error.data['reason'] === 'vault-deleted'
}

/** Whether the relay knows nothing of a device, or knows whose it is and nothing of the vault. */
function isUnknown(error: Error): boolean {
  if (!(error instanceof ClientError) || error.code !== 'relay-refused') return false
  return error.data['reason'] === 'account-unknown' || error.data['reason'] === 'vault-unknown'
}

/** Whether the relay says that an entry is ahead of its clock. */
function isAhead(error: Error): boolean {
  return error instanceof ClientError && error.data['reason'] === 'clock-refused'
}

/** Whether somebody who is no owner would have to put back an entry whose contents the relay lost. */
function isStranded(error: Error): boolean {
  return (
    error instanceof ClientError && error.code === 'relay-refused' && error.data['reason'] === 'pack-missing'
  )
}

/** Whether somebody waits for an owner to cancel what is open again after a fork. */
function isOwedCancels(error: Error): boolean {
  if (!(error instanceof ClientError) || error.data['what'] !== 'adopted') return false
  return error.data['keys'] === 0 && error.data['members'] === 0
}

/** Whether somebody waits for an owner to open newer keys after a fork, or to take somebody out again. */
function isOwedKeys(error: Error): boolean {
  return error instanceof ClientError && error.data['what'] === 'adopted' && !isOwedCancels(error)
}

/** Whether the relay lacks what somebody needs who has nothing. */
function isLacking(outcome: 'done' | Error | undefined): boolean {
  return outcome instanceof ClientError && outcome.code === 'pack-unavailable'
}

/** Whether a machine is a member by the log. */
function isIn(log: Log | undefined, machine: Machine): boolean {
  return roleIn(log, machine) !== undefined
}

/** Whether the log says that a machine was a member, and is none. */
function isTakenOut(log: Log | undefined, { home }: Machine): boolean {
  const spine = log?.states.at(-1)?.spine
  return spine?.devices.get(toHex(home.device.sign.publicKey))?.until !== undefined
}

function roleIn(log: Log | undefined, { home }: Machine): Role | undefined {
  const spine = log?.states.at(-1)?.spine
  return spine && roleOf(spine, home.device.sign.publicKey)
}

/** By the roles that held before the entry, whatever the rules of the log itself say of it. */
function hadRight(before: LogState | undefined, { kind, device }: Entry['header']): boolean {
  // Whoever accepts an invitation is no member yet, and an identity is no device.
  if (before === undefined || kind === 'member') return true
  const role = roleOf(before.spine, device)
  return role === 'owner' || (role === 'writer' && (kind === 'change' || kind === 'checkpoint'))
}

const invite = async (engine: FolderEngine): Promise<string> =>
  (await engine.invite({ role: 'writer', expiresMs: 86_400_000 })).code

async function cancel(engine: FolderEngine): Promise<true | undefined> {
  const { role, invitations } = await engine.members()
  if (role !== 'owner') return undefined
  for (const { id } of invitations) await engine.changeMembers({ do: 'cancel', invitation: id })
  return true
}

async function revoke(engine: FolderEngine, member: string): Promise<true | undefined> {
  const { role } = await engine.members()
  if (role !== 'owner') return undefined
  await engine.changeMembers({ do: 'revoke', member })
  return true
}

async function raise(engine: FolderEngine): Promise<true | undefined> {
  const { role, devices } = await engine.members()
  if (role !== 'owner') return undefined
  for (const member of devices)
    if (member.role === 'reader')
      await engine.changeMembers({ do: 'role', member: member.id, role: 'writer' })
  return true
}
