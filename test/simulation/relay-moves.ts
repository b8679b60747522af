// What happens to a vault whose relay is not the only one: it is taken to another one, a mirror is kept, a relay is gone for good and somebody goes on
// at the mirror, and what was gone comes back as it was, or as it was before. In the end a person does what is left for a person to do.
import { ClientError, type FolderEngine } from '@grenier/client'
import { equal, movedTo, roleOf, type Entry, type Spine } from '@grenier/crypto'
import { goOnAt } from '../../packages/client/src/engine/told-relay.ts'
import { bodyHashKey } from '../../packages/client/src/state/entry-keep.ts'
import { bodiesAt, vaultOf } from './history.ts'
import { DeadProcess } from './machine.ts'
import type { Past } from './past.ts'
import {
  awaitBusy,
  awaitClocks,
  healMirrors,
  isUnknownAtMirror,
  leaveParted,
  wrongMirrors,
} from './mirror-check.ts'
import { RelayDisk } from './relay-disk.ts'
import type { Seeded } from './seeded.ts'
import { logOf, placeOf } from './vault-place.ts'
import { asked, relayUrl, within, type Machine, type World, type WorldRelay } from './world.ts'

/** What may happen, and how often. */
export const relayMoves = {
  mirror: 16,
  move: 16,
  removeOld: 3,
  lose: 12,
  promote: 20,
  comesBack: 6,
  fails: 6,
  leave: 6,
  returns: 4,
}
/** These too, since a relay that runs may get an older disk. */
export const laterRelayMoves = { copyRelay: 10, rollBack: 8 }
export type RelayMove = keyof typeof relayMoves | keyof typeof laterRelayMoves

const urls = [relayUrl, 'ws://127.0.0.1:2', 'ws://127.0.0.1:3']
/** Longer than a deleted vault is kept. */
const floorMs = 31 * 86_400_000

type Work = (engine: FolderEngine) => Promise<unknown>

export interface RelayMovesParts {
  readonly world: World
  readonly past: Past
  readonly failures: string[]
  /** Somebody who may be an owner. */
  readonly owner: (random: Seeded) => Machine
  /** Asks something of a machine. */
  readonly asks: (machine: Machine, verb: string, what: Work) => string | undefined
  /** From now on what a relay had alone may be gone. */
  readonly atRisk: () => void
  readonly leaves: (machine: Machine | undefined) => void
  /** Whether mirrors with an older disk have to be whole again in the end. */
  readonly healsMirrors: boolean
}

/** The moves of one run, and what a person does in the end. */
export class RelayMoves {
  readonly #parts: RelayMovesParts
  /** Who was told to go on elsewhere, from where to where. */
  readonly #goings = new Map<Machine, Record<'before' | 'after', WorldRelay>>()
  /** What was asked for and did not come to its end. */
  readonly #unfinished = new Map<Machine, { readonly verb: string; readonly what: Work }>()
  /** How long the run goes on with nothing new. */
  #restMs = 0
  /** Relays that came back with an older disk. */
  readonly #older = new Set<WorldRelay>()
  /** Disks that were copied for a day like that, with the relay that each is of. */
  readonly #backups: { readonly relay: WorldRelay; readonly disk: RelayDisk }[] = []
  /** Where the person of a machine last said that it goes on. */
  readonly #said = new Map<Machine, string>()
  /** Relays that are gone, and left without what they alone had. */
  readonly #given = new Set<WorldRelay>()
  /** Disks as they were, by address. */
  readonly #copies = new Map<string, RelayDisk>()

  constructor(parts: RelayMovesParts) {
    this.#parts = parts
  }

  do(what: RelayMove, random: Seeded): string | undefined {
    const { world, owner } = this.#parts
    if (random.chance(0.7)) this.#restMs = random.below(60_000)
    switch (what) {
      case 'mirror':
        return this.#mirror(owner(random), random)
      case 'move':
        return this.#move(owner(random), random)
      case 'removeOld':
        return this.#removeOld(owner(random), random)
      case 'lose':
        return this.#lose(random)
      case 'promote':
        return this.#promote(owner(random), random)
      case 'comesBack':
        return this.#comesBack(random)
      case 'fails': {
        const relay = random.pick(world.relays)
        const forMs = random.below(random.chance(0.5) ? 8_000 : 300_000)
        relay.atStep(random.below(40), () => this.#fails(relay, forMs))
        return `${relay.url} is about to fail`
      }
      case 'copyRelay':
        return this.#copyRelay(random)
      case 'rollBack':
        return this.#rollBack(random)
      case 'leave': {
        const machine = random.pick(world.machines)
        machine.stop()
        this.#parts.leaves(machine)
        return `${machine.name} is away`
      }
      case 'returns':
        this.#parts.leaves(undefined)
        return 'whoever was away returns'
    }
  }

  /** What was asked for is mostly left some time to be done. */
  async rest(): Promise<void> {
    const [{ world }, forMs] = [this.#parts, this.#restMs]
    this.#restMs = 0
    if (forMs > 0) await world.until(() => this.#unfinished.size === 0, forMs)
  }

  /** Where the vault is, of all relays that are there: where its log says so last. */
  async place(): Promise<WorldRelay | undefined> {
    return await placeOf(this.#parts.world, this.#parts.past)
  }

  /** What was cut off is asked for again. */
  async finish(): Promise<void> {
    const { world } = this.#parts
    for (const machine of this.#goings.keys()) this.#went(machine)
    for (const [machine, { verb, what }] of this.#unfinished)
      await within(world, asked(machine, what), verb).then(
        () => world.note(`${machine.name} ${verb} after all`),
        (error: unknown) => this.#refused(machine, verb, error),
      )
    this.#unfinished.clear()
  }

  /** The relay of these machines is gone for good, or has deleted the vault, and they did not find out by themselves where the vault is: a person says so. */
  async told(stuck: readonly Machine[], members: readonly Machine[]): Promise<void> {
    if (stuck.length === 0) return
    const place = await this.place()
    const lost = stuck.filter((machine) => this.#parts.world.relayOf(machine) !== place)
    if (place === undefined) await this.#somebodyGoesOn(members)
    else for (const machine of lost) await this.#tell(machine, place)
  }

  /** Who is well at a relay that was put back to a day before the vault left it, and hears of nothing: a person says where the others are. Gives whom. */
  async findAstray(members: readonly Machine[]): Promise<Machine[]> {
    const [{ world }, place] = [this.#parts, await this.place()]
    const astray = members.filter((machine) => {
      const relay = world.relayOf(machine)
      return relay !== place && this.#older.has(relay)
    })
    if (place !== undefined) for (const machine of astray) await this.#say(machine, place)
    return astray
  }

  async #tell(machine: Machine, place: WorldRelay): Promise<void> {
    if (await this.#isFindable(machine, place))
      this.#parts.failures.push(`${machine.name} does not find ${place.url} by itself`)
    const { world, past } = this.#parts
    const gone = world.relayOf(machine)
    // What was sent there alone is nowhere any more.
    if (gone.isLost && !this.#given.has(gone)) past.replaces(gone.disk, place.disk.copy())
    this.#given.add(gone)
    await this.#say(machine, place)
  }

  async #say(machine: Machine, { url }: WorldRelay): Promise<void> {
    const { world } = this.#parts
    await within(world, goOnAt(machine.context(), machine.folderPath, url), 'being told').then(
      () => world.note(`${machine.name} is told of ${url}`),
      (error: unknown) => this.#refused(machine, 'is told where the vault is', error),
    )
  }

  /** What was left, and each mirror, has no entry that is another than the vault's own of its number; a mirror that is there has all. */
  async check(members: readonly Machine[]): Promise<void> {
    const { world, failures, past } = this.#parts
    const [vault, place] = [vaultOf(world), await this.place()]
    if (vault === undefined || place === undefined) return
    const now = await bodiesAt({ disk: place.disk, vault })
    for (const relay of world.relays) {
      if (relay === place) continue
      const there = await bodiesAt({ disk: relay.disk, vault })
      const at = there.findIndex((body, sequence) => body !== now[sequence])
      if (at >= 0 && !past.isReplaced) failures.push(`${relay.url} has another entry ${at} than ${place.url}`)
    }
    const mayHeal = this.#parts.healsMirrors
    const heals = mayHeal && (this.#older.size > 0 || (await isUnknownAtMirror(world, members)))
    if (heals) failures.push(...(await healMirrors(world, members)))
    failures.push(...(await awaitClocks(world, members)))
    if (world.relays.length > 1) failures.push(...(await awaitBusy(world, members)))
    if (past.isReplaced) failures.push(...(await leaveParted({ world, place, members })))
    const isOlder = (relay: WorldRelay): boolean => !heals && this.#older.has(relay)
    failures.push(...(await wrongMirrors({ world, place, members, isOlder })))
  }

  #mirror(machine: Machine, random: Seeded): string | undefined {
    const relay = this.#other(machine, random)
    return this.#ask(machine, `adds the mirror ${relay}`, (engine) =>
      engine.changeMirrors({ do: 'add', relay }),
    )
  }

  #move(machine: Machine, random: Seeded): string | undefined {
    const relay = this.#other(machine, random)
    const steps = random.below(random.chance(0.5) ? 60 : 400)
    const crash = random.weighted({ nothing: 5, power: 3, kill: 1, target: 2, source: 2 })
    const forMs = random.below(8_000)
    if (crash === 'power' || crash === 'kill') machine.atStep(steps, () => machine.kill(crash === 'power'))
    if (crash === 'target') this.#relay(relay).atStep(steps, () => this.#fails(this.#relay(relay), forMs))
    const from = this.#parts.world.relayOf(machine)
    if (crash === 'source') from.atStep(steps, () => this.#fails(from, forMs))
    return this.#ask(machine, `moves it to ${relay}`, (engine) => engine.move({ relay, removeOld: false }))
  }

  #removeOld(machine: Machine, random: Seeded): string | undefined {
    const { world } = this.#parts
    const [record] = machine.home.folders
    const from = world.relays.find(({ url }) => url === record?.movedFrom)
    if (record === undefined || from === undefined) return undefined
    const waitMs = random.below(10_000)
    const removes = async (engine: FolderEngine): Promise<void> => {
      const { removedMs } = await engine.move({ relay: record.relay, removeOld: true })
      if (removedMs === undefined) return
      // Who was away until it is gone has to be told.
      world.scheduler.after(waitMs, () => {
        from.aheadMs += floorMs
        void from.sweep().catch(() => undefined)
        world.note(`${from.url} has deleted it`)
      })
    }
    return this.#ask(machine, `removes the copy at ${from.url}`, removes)
  }

  #lose(random: Seeded): string | undefined {
    const { world, owner } = this.#parts
    const relay = random.chance(0.7) ? world.relayOf(owner(random)) : random.pick(world.relays)
    if (relay.isLost || world.relays.filter(({ isLost }) => !isLost).length < 2) return undefined
    relay.isLost = true
    relay.kill()
    return `${relay.url} is gone for good`
  }

  #promote(machine: Machine, random: Seeded): string | undefined {
    // Mostly it is for the relay that is gone; whoever says so of one that works is refused.
    const isWanted = this.#parts.world.relayOf(machine).isLost || random.chance(0.25)
    if (!isWanted) return undefined
    const relay = this.#other(machine, random)
    const force = random.chance(0.4)
    const steps = random.below(random.chance(0.5) ? 60 : 400)
    if (random.chance(0.4)) machine.atStep(steps, () => machine.kill(random.chance(0.7)))
    return this.#ask(machine, `goes on at ${relay}`, (engine) =>
      this.#goOn(engine, machine, { relay, force }),
    )
  }

  async #goOn(
    engine: FolderEngine,
    machine: Machine,
    { relay, force }: { readonly relay: string; readonly force: boolean },
  ): Promise<void> {
    const { world, past, atRisk } = this.#parts
    const [before, after] = [world.relayOf(machine), this.#relay(relay)]
    // One that is down may be taken for one that is gone.
    if ((!before.isUp || force) && before !== after) {
      past.replaces(before.disk, after.disk.copy())
      atRisk()
    }
    this.#said.set(machine, relay)
    if (before !== after) this.#goings.set(machine, { before, after })
    await engine.promote({ relay, force })
    this.#went(machine)
  }

  /** It works there, whatever became of the command: one that died meanwhile was taken for gone, and what it had alone with it. */
  #went(machine: Machine): void {
    const { world, past, atRisk } = this.#parts
    const going = this.#goings.get(machine)
    if (going === undefined || world.relayOf(machine) !== going.after) return
    this.#goings.delete(machine)
    past.replaces(going.before.disk, going.after.disk.copy())
    atRisk()
  }

  #comesBack(random: Seeded): string | undefined {
    const { world, past, atRisk } = this.#parts
    const relay = world.relays.find(({ isLost }) => isLost)
    if (relay === undefined) return undefined
    relay.isLost = false
    const copy = this.#copies.get(relay.url)
    if (copy === undefined || random.chance(0.6)) relay.start()
    else {
      past.replaces(relay.disk, copy)
      atRisk()
      relay.restore(copy.copy())
      this.#older.add(relay)
    }
    return `${relay.url} is back`
  }

  #copyRelay(random: Seeded): string {
    const relay = random.pick(this.#parts.world.relays)
    this.#backups.push({ relay, disk: relay.disk.copy() })
    return `${relay.url} is copied`
  }

  /** A relay that runs is given a disk of before: its hoster restored a backup. */
  #rollBack(random: Seeded): string | undefined {
    const { world, past, atRisk } = this.#parts
    const there = this.#backups.filter(({ relay }) => !relay.isLost)
    // Where there is one relay alone, this is what runs about the relay are about.
    if (there.length === 0 || world.relays.length === 1) return undefined
    const { relay, disk } = random.pick(there)
    past.replaces(relay.disk, disk)
    atRisk()
    relay.restore(disk.copy())
    this.#older.add(relay)
    return `${relay.url} has an older disk`
  }

  #fails(relay: WorldRelay, forMs: number): void {
    const { world } = this.#parts
    world.note(`${relay.url} dies`)
    relay.kill()
    world.scheduler.after(forMs, () => relay.start())
  }

  #ask(machine: Machine, verb: string, what: Work): string | undefined {
    const { world, asks } = this.#parts
    for (const { url, disk } of world.relays) this.#copies.set(url, disk.copy())
    const watched: Work = async (engine) => {
      try {
        await what(engine)
        this.#unfinished.delete(machine)
      } catch (error) {
        if (!isCutOff(error)) this.#unfinished.delete(machine)
        throw error
      }
    }
    const said = asks(machine, verb, watched)
    if (said !== undefined) this.#unfinished.set(machine, { verb, what })
    return said
  }

  /** The address of a relay where this machine's vault is not. */
  #other(machine: Machine, random: Seeded): string {
    const others = urls.filter((url) => url !== machine.home.folders[0]?.relay)
    const url = random.chance(0.75) ? (others[0] ?? relayUrl) : random.pick(others)
    this.#relay(url, random)
    return url
  }

  #relay(url: string, random?: Seeded): WorldRelay {
    const { world } = this.#parts
    const known = world.relays.find((relay) => relay.url === url)
    return known ?? world.addRelay(url, new RelayDisk((random ?? world.random).bytes(16)))
  }

  /** Everybody's relay is gone: an owner goes on at a mirror, where there is one; else it comes back. */
  async #somebodyGoesOn(members: readonly Machine[]): Promise<void> {
    const { world } = this.#parts
    for (const machine of members)
      for (const relay of world.relays.filter(({ isLost }) => !isLost))
        try {
          const going = asked(machine, (engine) =>
            this.#goOn(engine, machine, { relay: relay.url, force: false }),
          )
          await within(world, going, 'going on')
          world.note(`${machine.name} goes on at ${relay.url} in the end`)
          return
        } catch (error) {
          this.#refused(machine, 'goes on', error)
        }
    for (const relay of world.relays) {
      relay.isLost = false
      relay.start()
    }
    world.note('all relays are back')
  }

  /** Whether a mirror that this machine knows of is there, and leads to where the vault is. */
  async #isFindable(machine: Machine, place: WorldRelay): Promise<boolean> {
    const { world } = this.#parts
    const { mirrors = [] } = await within(
      world,
      asked(machine, (engine) => engine.status()),
      'the status',
    )
    const there = world.relays.filter(
      ({ url, isLost }) => !isLost && mirrors.some(({ relay }) => relay === url),
    )
    for (const relay of there) if (await this.#leadsOn(relay, machine, place)) return true
    return false
  }

  /** Whether the log at this relay, which has this machine as a member, leads to where the vault is: by itself, or from one relay to the next. */
  async #leadsOn(relay: WorldRelay, machine: Machine, place: WorldRelay): Promise<boolean> {
    const { world, past } = this.#parts
    const log = await logOf(world, past, relay)
    const spine = log?.states.at(-1)?.spine
    if (spine === undefined || roleOf(spine, machine.home.device.sign.publicKey) === undefined) return false
    if (this.#isUndone(machine, log?.entries[spine.continuation?.since ?? 0])) return false
    let to = movedTo(spine)
    for (let left = world.relays.length; to !== undefined && to !== place.url && left > 0; left -= 1) {
      const next = world.relays.find(({ url, isLost }) => url === to && !isLost)
      const after = await this.#spineAt(next)
      to = after && movedTo(after)
    }
    return to === place.url
  }

  /** Whether a machine knew this word already when its own person took it to where it is: that one leads back from nowhere. */
  #isUndone(machine: Machine, word: Entry | undefined): boolean {
    const { home, disk } = machine
    if (this.#said.get(machine) !== home.folders[0]?.relay) return false
    if (word === undefined) return false
    const known = disk.get(bodyHashKey(word.header.sequence))
    return known !== undefined && equal(known, word.bodyHash)
  }

  async #spineAt(relay: WorldRelay | undefined): Promise<Spine | undefined> {
    const { world, past } = this.#parts
    return relay && (await logOf(world, past, relay))?.states.at(-1)?.spine
  }

  #refused(machine: Machine, verb: string, error: unknown): void {
    const { world, failures } = this.#parts
    world.note(`${machine.name} ${verb}: ${String(error)}`)
    if (!(error instanceof ClientError)) failures.push(`${machine.name} ${verb}: ${String(error)}`)
  }
}

/** Whether what was asked for may yet have been done. */
export function isCutOff(error: unknown): boolean {
  if (error instanceof DeadProcess) return true
  return error instanceof ClientError && (error.retryable || codesOfLine.has(error.code))
}

const codesOfLine = new Set(['interrupted', 'relay-unreachable'])
