// How a run ends in which more happened to the vault than edits: everybody syncs until nobody has anything to say, who halted at two histories is
// told to go on, readers get to send what they have, and somebody who has nothing joins, to see whether the relay has everything.
import { adoptFolder, ClientError, joinFolder, openFolder, type FolderEngine } from '@grenier/client'
import { roleOf } from '@grenier/crypto'
import { logOf } from './history.ts'
import { newcomer, type VaultMoves } from './vault-moves.ts'
import { Machine, within, type World } from './world.ts'

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

  constructor(parts: CalmParts) {
    this.#parts = parts
  }

  /** Those that must agree. */
  get members(): Machine[] {
    return this.#parts.world.machines.filter(
      (machine) => machine.home.folders.length > 0 && !this.#out.has(machine),
    )
  }

  async settle(): Promise<void> {
    const { world, failures } = this.#parts
    const settledAt = new Map<Machine, number>()
    const last = new Map<Machine, Error>()
    for (this.rounds = 1; this.rounds <= vaultRoundsMax; this.rounds += 1) {
      for (const machine of this.members) {
        if (settledAt.get(machine) === world.head) continue
        const outcome = await this.#turn(machine)
        if (outcome === 'done') settledAt.set(machine, world.head)
        else if (outcome !== 'again') last.set(machine, outcome)
      }
      if (failures.length > 0) return
      if (this.rounds === 2) await this.#raise()
      const isSettled = this.members.every((machine) => settledAt.get(machine) === world.head)
      if (isSettled && this.rounds > 2) return
    }
    for (const machine of this.members)
      if (settledAt.get(machine) !== world.head) this.#stuck(machine, last.get(machine))
  }

  /** One sync. A person tells a device that halted at two histories to go on. */
  async #turn(machine: Machine): Promise<'done' | 'again' | Error> {
    const { world, moves, failures } = this.#parts
    const before = machine.tree().join('\n')
    machine.sync(true)
    if (!(await world.until(() => !machine.running))) {
      failures.push(`${machine.name} never ended`)
      machine.kill(false)
      return 'again'
    }
    const { outcome } = machine
    if (outcome === 'done') {
      this.#parts.looked(machine)
      return outcome
    }
    if (!(outcome instanceof ClientError)) return outcome ?? new Error('it died')
    const stays = outcome.code === 'device-revoked' || outcome.code === 'relay-contradicts'
    if (stays && machine.tree().join('\n') !== before)
      failures.push(`${machine.name} touched files: ${outcome.message}`)
    if (outcome.code === 'device-revoked') this.#out.add(machine)
    else if (outcome.code === 'relay-contradicts' && moves.isRestored) return await this.#adopt(machine)
    else if (!outcome.retryable && !moves.isUsual(outcome))
      failures.push(`${machine.name} in calm weather: ${outcome.stack ?? outcome.message}`)
    return outcome
  }

  async #adopt(machine: Machine): Promise<'again' | Error> {
    const { world } = this.#parts
    try {
      await within(world, adoptFolder(machine.context(), machine.folderPath), 'the adoption')
      this.adopted += 1
      world.note(`${machine.name} adopts`)
      return 'again'
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  /** Who could not rest. A device of which only a lost relay knew that it had joined has nobody to say so. */
  #stuck(machine: Machine, why: Error | undefined): void {
    const { moves, failures } = this.#parts
    const isLate = Number(machine.name.slice(-1)) > 2
    if (moves.isRestored && isLate && why instanceof ClientError) this.#out.add(machine)
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
    const { world, moves, failures } = this.#parts
    const log = await logOf(world, moves.kept)
    const spine = log?.states.at(-1)?.spine
    if (log === undefined || spine === undefined) return
    for (const { keys, until } of spine.devices.values()) {
      const later = until === undefined ? [] : log.entries.slice(until + 1)
      for (const { header } of later.filter((entry) => Buffer.compare(entry.header.device, keys.sign) === 0))
        failures.push(`entry ${header.sequence} is of a device that was revoked in ${String(until)}`)
    }
    for (const machine of this.members)
      if (roleOf(spine, machine.home.device.sign.publicKey) === undefined)
        failures.push(`${machine.name} syncs and is no member`)
    for (const machine of this.#out)
      if (!moves.isRestored && roleOf(spine, machine.home.device.sign.publicKey) !== undefined)
        failures.push(`${machine.name} is out and yet a member`)
  }

  /** Somebody who has nothing gets everything. */
  async joinAnew(): Promise<Machine | undefined> {
    const { world, failures } = this.#parts
    const code = await this.#ofSomeOwner(invite)
    if (code === undefined) {
      failures.push('nobody can invite any more')
      return undefined
    }
    const machine = new Machine(world, newcomer)
    world.machines.push(machine)
    machine.start((context) => joinFolder(context, { path: machine.folderPath, code }), true)
    await world.until(() => !machine.running)
    if (machine.outcome === 'done') return machine
    failures.push(`nobody can join any more: ${machine.outcome?.stack ?? 'it never ended'}`)
    return undefined
  }
}

async function asked<T>(machine: Machine, what: (engine: FolderEngine) => Promise<T>): Promise<T> {
  const engine = await openFolder(machine.context(), machine.folderPath)
  try {
    return await what(engine)
  } finally {
    await engine.close()
  }
}

const invite = async (engine: FolderEngine): Promise<string> =>
  (await engine.invite({ role: 'writer', expiresMs: 86_400_000 })).code

async function raise(engine: FolderEngine): Promise<true | undefined> {
  const { role, devices } = await engine.members()
  if (role !== 'owner') return undefined
  for (const member of devices)
    if (member.role === 'reader')
      await engine.changeMembers({ do: 'role', member: member.id, role: 'writer' })
  return true
}
