// What happens to a vault in a storm beside edits and broken lines: people come, change their roles and go, the relay's disk is that of yesterday
// or empty, two histories part, history is let go of and comes back. What each run is about, its seed says.
import { ClientError, joinFolder, type EngineContext, type FolderEngine } from '@grenier/client'
import { toHex } from '@grenier/crypto'
import { canary } from './canary.ts'
import { logAt, vaultOf } from './history.ts'
import { Past } from './past.ts'
import { RelayDisk } from './relay-disk.ts'
import { isCutOff, laterRelayMoves, RelayMoves, relayMoves, type RelayMove } from './relay-moves.ts'
import type { Seeded } from './seeded.ts'
import { Machine, type World } from './world.ts'

const none = { nothing: 1 }
const members = { nothing: 50, invite: 20, role: 14, revoke: 9, relayTime: 3 }
const relay = { nothing: 50, backup: 22, restore: 8, fork: 14, loseAll: 4 }
const prune = { nothing: 50, prune: 24, pass: 16, undo: 8 }
/** Again and again time passes and somebody prunes: what is let go of once is really gone by the time of the next. */
const seasons = { nothing: 10, prune: 36, pass: 48, undo: 6 }
/** It is taken to other relays and goes on at mirrors, while people come and change. */
const move = { nothing: 60, ...relayMoves, invite: 6, role: 2, revoke: 2 }
/** And history is let go of meanwhile. */
const elsewhere = { ...move, prune: 30, pass: 24, undo: 6 }
/** The same two, since relays that run may get older disks. */
const laterThemes = { move: { ...move, ...laterRelayMoves }, elsewhere: { ...elsewhere, ...laterRelayMoves } }
/** What a run may be about. */
const themes = {
  none,
  members,
  relay,
  prune,
  seasons,
  all: { ...members, ...relay, ...prune },
  move,
  elsewhere,
}
/** `move` and `elsewhere` are not drawn with the others: runs of before would be about something else. */
const themeWeights = { none: 62, members: 12, relay: 12, prune: 6, seasons: 3, all: 5 }
export type Theme = keyof typeof themes

export const themeNames = Object.keys(themes)

/** The theme of this name. */
export function themeNamed(text: string | undefined): Theme | undefined {
  return themeNames.find((theme): theme is Theme => theme === text)
}

export type VaultMove = keyof typeof members | keyof typeof relay | keyof typeof prune | RelayMove
/** All that may happen to a vault. */
export const vaultMoveKinds = Object.keys({ ...themes.all, ...laterThemes.move }).filter(
  (kind) => kind !== 'nothing',
)

const dayMs = 86_400_000
/** Machines that may join in mid-run: a friend's first one, another one of the first person, the friend's second one. */
const latecomers = [4, 3, 5]
/** The one that joins when all is over, to see whether the relay has everything. */
export const newcomer = 6

/** Ends of a question or a process that say nothing but that it was not the time for it. */
const usualCodes = new Set([
  'interrupted',
  'relay-unreachable',
  'relay-refused',
  'member-refused',
  'device-revoked',
  'code-wrong',
])
/** These too, once the relay's disk was not what it had been. */
const usualSince = new Set(['relay-contradicts', 'relay-rollback', 'key-withheld', 'pack-unavailable'])
/** And these, of a vault that may be at more than one relay. */
const usualElsewhere = new Set(['vault-moved', 'mirror-refused', 'move-unfinished', 'vault-differs'])

export interface VaultMovesOptions {
  readonly failures: string[]
  /** What the run is about, where that is not for its seed to say. */
  readonly wanted?: Theme | undefined
  /** Whether relays that run may get older disks. */
  readonly rollsBack: boolean
}

/** The moves of one run, and what they leave to be checked. */
export class VaultMoves {
  readonly #world: World
  readonly #failures: string[]
  readonly #weights: Readonly<Partial<Record<VaultMove, number>>>
  /** How often each was made. */
  readonly made = new Map<VaultMove, number>()
  /** What the relay had before. */
  readonly past: Past
  /** How often a relay's disk was made another one, or what one had alone was put at risk. */
  restores = 0
  /** Machines of whom somebody who may say so said that they are owners. */
  readonly ownersMade = new Set(['device-0'])
  /** What machines joined with, as long as somebody may have to ask for that again. */
  readonly codes = new Map<Machine, string>()
  /** Machines whose join came to its end. */
  readonly joined = new Set<Machine>()
  /** Machines that somebody wanted out, and was not told that they are; and how many restores there had been by then. */
  readonly unfinishedRevokes = new Map<string, number>()
  /** Machines of whom somebody was told that they are out. */
  readonly toldOut = new Set<string>()
  /** A machine whose user is away: nothing is started on it. */
  away: Machine | undefined
  /** What happens to relays. */
  readonly relays: RelayMoves
  readonly #rollsBack: boolean
  #backups: RelayDisk[] = []

  constructor(world: World, random: Seeded, { failures, wanted, rollsBack }: VaultMovesOptions) {
    this.#world = world
    this.#failures = failures
    this.#rollsBack = rollsBack
    this.past = new Past(world)
    const drawn = random.weighted(themeWeights)
    const theme = wanted ?? drawn
    this.#weights = { ...themes, ...(rollsBack ? laterThemes : {}) }[theme]
    if (theme !== 'none') world.checkpointEvery = random.pick([2, 4, 8])
    this.relays = new RelayMoves({
      ...{ world, past: this.past, failures },
      owner: (by) => this.#owner(by),
      asks: (...asking) => this.#asks(...asking),
      atRisk: () => (this.restores += 1),
      leaves: (machine) => (this.away = machine),
      healsMirrors: rollsBack,
    })
  }

  /** Whether the relay's disk was another one at some time. */
  get isRestored(): boolean {
    return this.restores > 0
  }

  /** Whether a machine may be a member again by the log because nobody was ever told that it is out, and a disk was another one since. */
  isRevokeOwed({ name }: Machine): boolean {
    const restores = this.unfinishedRevokes.get(name)
    return restores !== undefined && restores < this.restores && !this.toldOut.has(name)
  }

  /** Whether anything of this kind happened. */
  get any(): boolean {
    return this.made.size > 0
  }

  /** Makes a move, if there is one to be made now. */
  move(random: Seeded, number: number): void {
    const what = random.weighted(this.#weights as Record<VaultMove, number>)
    if (what === 'nothing') return
    const said = this.#do(what, random)
    if (said === undefined) return
    this.made.set(what, (this.made.get(what) ?? 0) + 1)
    this.#world.note(`#${number} ${said}`)
  }

  /** Whether a process may end like this. */
  isUsual(error: Error): boolean {
    if (!(error instanceof ClientError) || !this.any) return false
    const isElsewhere = this.#world.relays.length > 1 && usualElsewhere.has(error.code)
    return usualCodes.has(error.code) || isElsewhere || (this.isRestored && usualSince.has(error.code))
  }

  #do(what: Exclude<VaultMove, 'nothing'>, random: Seeded): string | undefined {
    const world = this.#world
    switch (what) {
      case 'invite':
        return this.#invite(random)
      case 'role':
        return this.#member(random, 'role')
      case 'revoke':
        return this.#member(random, 'revoke')
      case 'backup':
        // Of a relay that was just emptied there is no copy: in the same store, an account that is not there was closed by the hoster.
        if (world.relayDisk.entries === 0) return undefined
        this.#backups = [...this.#backups, world.relayDisk.copy()].slice(-2)
        if (random.chance(0.6)) this.away = random.pick(world.machines)
        return `the relay is copied, ${this.away?.name ?? 'nobody'} is away`
      case 'restore':
      case 'fork':
        return this.#restore(random, what === 'fork')
      case 'loseAll':
        return this.#put(new RelayDisk(random.bytes(16)), undefined)
      case 'prune': {
        const keepMs = random.pick([0, 0, 20, 40]) * dayMs
        return this.#asks(this.#owner(random), 'prunes', (engine) => engine.prune({ keepMs, dryRun: false }))
      }
      case 'undo':
        return this.#asks(this.#owner(random), 'undoes it', (engine) => engine.bringBack())
      case 'pass':
        return this.#pass((16 + random.below(30)) * dayMs)
      case 'relayTime':
        world.relayAheadMs += random.pick([-3_600_000, -60_000, 60_000, 3_600_000])
        return 'the clock of the relay jumps'
      default:
        return this.relays.do(what, random)
    }
  }

  /** Mostly the first device: others may be owners, too. */
  #owner(random: Seeded): Machine {
    const [first] = this.#world.machines
    const other = random.pick(this.#world.machines)
    return first === undefined || random.chance(0.25) ? other : first
  }

  #asks(
    machine: Machine,
    verb: string,
    what: (engine: FolderEngine) => Promise<unknown>,
  ): string | undefined {
    if (machine.home.folders.length === 0 || machine === this.away) return undefined
    machine.ask(what, (failed) => {
      const said = failed instanceof Error ? failed.message : 'done'
      this.#world.note(`${machine.name} ${verb}: ${said}`)
      if (failed instanceof Error && !this.#isExcused(failed))
        this.#failures.push(`${machine.name} ${verb}: ${failed.stack ?? said}`)
    })
    return `${machine.name} ${verb}`
  }

  #isExcused(error: Error): boolean {
    return (
      this.isUsual(error) || (error instanceof ClientError && (error.retryable || usualCodes.has(error.code)))
    )
  }

  #invite(random: Seeded): string | undefined {
    const world = this.#world
    const at = latecomers.find((one) => world.machines.every(({ name }) => name !== `device-${one}`))
    if (at === undefined) return undefined
    const role = random.pick(['owner', 'writer', 'writer', 'reader'] as const)
    const waitMs = random.below(4_000)
    return this.#asks(this.#owner(random), `invites a ${role}`, async (engine) => {
      const { code } = await engine.invite({ role, expiresMs: dayMs })
      if (role === 'owner') this.ownersMade.add(`device-${at}`)
      world.scheduler.after(waitMs, () => {
        if (world.machines.some(({ name }) => name === `device-${at}`)) return
        const machine = new Machine(world, at)
        world.machines.push(machine)
        if (this.#rollsBack) this.codes.set(machine, code)
        world.note(`${machine.name} joins`)
        const joins = async (context: EngineContext): Promise<FolderEngine> => {
          const engine = await joinFolder(context, { path: machine.folderPath, code })
          this.joined.add(machine)
          return engine
        }
        machine.start(joins, true)
      })
    })
  }

  #member(random: Seeded, what: 'role' | 'revoke'): string | undefined {
    const role = random.pick(['owner', 'writer', 'reader', 'reader'] as const)
    const roll = random.next()
    return this.#asks(
      this.#owner(random),
      what === 'role' ? `makes somebody ${role}` : 'revokes somebody',
      async (engine) => {
        const { devices } = await engine.members()
        const others = devices.filter(({ isThis }) => !isThis)
        const member = others[Math.floor(roll * others.length)]
        if (member === undefined) return
        const name = String(member.name).replace(`${canary}-`, '')
        this.#world.note(`it is ${name}`)
        if (what === 'revoke') {
          await this.#revoke(engine, member.id, name)
          return
        }
        if (role === 'owner') this.ownersMade.add(name)
        await engine.changeMembers({ do: 'role', member: member.id, role })
      },
    )
  }

  async #revoke(engine: FolderEngine, member: string, name: string): Promise<void> {
    const before = this.unfinishedRevokes.get(name)
    // The first one may have been heard of already.
    if (before === undefined) this.unfinishedRevokes.set(name, this.restores)
    try {
      await engine.changeMembers({ do: 'revoke', member })
      this.toldOut.add(name)
    } catch (error) {
      if (before === undefined && !isCutOff(error)) this.unfinishedRevokes.delete(name)
      throw error
    }
  }

  #restore(random: Seeded, parts: boolean): string | undefined {
    if (this.#backups.length === 0) return undefined
    const backup = random.pick(this.#backups)
    const said = this.#put(backup.copy(), backup)
    const { away } = this
    this.away = undefined
    // Who was away knows no more than the copy, and is the first to go on from there.
    if (!parts || away === undefined || away.running || away.home.folders.length === 0) return said
    for (const machine of this.#world.machines) if (machine !== away) machine.stop()
    away.user.write(`${canary}-${random.below(1e9)}`, this.written(random, away))
    away.sync(true)
    return `${said}, and ${away.name} goes on`
  }

  /** What a user writes who was away: told to whoever keeps the ledger. */
  written: (random: Seeded, machine: Machine) => Uint8Array = () => new Uint8Array(0)

  /** `of`: what it is a copy of. */
  #put(disk: RelayDisk, of: RelayDisk | undefined): string {
    this.restores += 1
    const before = this.#world.relayDisk
    this.#world.restoreRelay(disk)
    this.past.replaces(before, of)
    return `the relay has ${of === undefined ? 'an empty' : 'an older'} disk`
  }

  /** Floors pass, and the relay deletes what is due. */
  #pass(ms: number): string {
    const { relays } = this.#world
    this.#world.passAtRelays(ms)
    this.past.sweeps()
    const sweeps = relays.map((relay) => relay.sweep.bind(relay))
    void this.#keepEntries().then(() => Promise.all(sweeps.map((sweep) => sweep().catch(() => undefined))))
    return `${ms / dayMs} days pass at the relay`
  }

  async #keepEntries(): Promise<void> {
    const [vault, { kept }] = [vaultOf(this.#world), this.past]
    if (vault === undefined) return
    for (const { disk, url } of this.#world.relays)
      try {
        for (const entry of (await logAt({ disk, vault, kept })).entries)
          kept.set(toHex(entry.bodyHash), entry.bytes)
      } catch (error) {
        this.#failures.push(`the log at ${url} does not hold: ${String(error)}`)
      }
  }
}
