// One scripted scenario, and the plug of its first device pulled at one given step: what two devices do to one folder, in an order that touches
// every kind of change. After the crash it starts again, and all must be as if nothing had been.
import { createHash } from 'node:crypto'
import { openFolder } from '@grenier/client'
import { decodeEntry, toHex } from '@grenier/crypto'
import { tapped, type Tap } from '../hostile/tapped-wire.ts'
import { ended, settleDown, type Machine, World } from './world.ts'

/** What came out of one crash. */
export interface CrashOutcome {
  /** Whether the device died before it was done. */
  readonly died: boolean
  /** Steps that its sync took until it died or was done. */
  readonly steps: number
  readonly trees: readonly (readonly string[])[]
  /** Contents that somebody wrote, nobody took away, and a tree lacks. */
  readonly lost: readonly string[]
  /** Packs that went over the line of the first device more often than once, although an entry claims them. */
  readonly sentTwice: readonly string[]
  readonly trace: readonly string[]
}

const seed = 20261122

/**
 * Runs the scenario; the first device dies at its step `dieAt`, counted from where its second sync begins. After that each device syncs
 * once: the first takes up what was left, the second takes it over.
 */
export async function crashAt(dieAt: number): Promise<CrashOutcome> {
  const world = new World(seed, 2)
  const [a, b] = world.machines
  if (a === undefined || b === undefined) throw new RangeError('two machines')
  const lines = new SentPacks()
  world.between = (wire, machine) => (machine === a ? tapped(wire, lines.tap()) : wire)
  const kept = new Map<string, string>()
  const write = (machine: Machine, path: string, bytes: Uint8Array | string): void => {
    machine.user.write(path, bytes)
    kept.set(hashOf(Buffer.from(bytes)), path)
  }
  a.user.write('both.txt', 'as it was')
  a.user.write('gone.txt', 'to be removed')
  a.user.makeDirectory('old')
  a.user.makeDirectory('old/inner')
  write(a, 'old/inner/leaf.txt', 'leaf')
  a.user.write('old/edited.txt', 'before')
  a.user.link('link', 'both.txt')
  await settleDown(world)
  // Meanwhile, over there: an edit that will conflict, an edit in what is about to be moved, and something new.
  write(b, 'both.txt', 'what b says')
  write(b, 'old/edited.txt', 'edited by b')
  write(b, 'of-b.txt', 'new at b')
  await once(world, b)
  // And here, before anything of that has come.
  write(a, 'both.txt', 'what a says')
  a.user.makeDirectory('home')
  a.user.rename('old', 'home/new')
  write(
    a,
    'large',
    new Uint8Array(1_500_000).map((_, at) => (at * 7919) >> 5),
  )
  a.user.remove('gone.txt')
  a.user.remove('link')
  a.user.link('home/link', '../both.txt')
  a.start((context) => openFolder(context, a.folderPath), true)
  a.dieAfter(dieAt)
  const before = a.steps
  await world.until(() => !a.running)
  const died = a.outcome === undefined
  const steps = a.steps - before
  a.dieAfter(Number.POSITIVE_INFINITY)
  await once(world, a)
  await once(world, b)
  return {
    died,
    steps,
    trees: [a.tree(), b.tree()],
    lost: [a, b].flatMap((machine) => missing(machine, kept)),
    sentTwice: lines.twice,
    trace: world.trace,
  }
}

/** At how many steps it can die. */
export async function stepsOfScenario(): Promise<number> {
  return (await crashAt(Number.POSITIVE_INFINITY)).steps
}

/** Counts packs that are announced in full, and those that entries claim. */
class SentPacks {
  readonly #puts = new Map<string, number>()
  readonly #claimed = new Set<string>()

  tap(): Tap {
    /** Put again with a part of it known to the relay is the same sending, resumed. */
    const announced = new Map<number, string>()
    return {
      toRelay: (message) => {
        if (message.type === 'put') announced.set(message.id, toHex(message.pack))
        if (message.type === 'part' && message.offset === 0) this.#count(announced.get(message.id))
        if (message.type === 'append')
          for (const { id } of decodeEntry(message.entry).header.added) this.#claimed.add(toHex(id))
        return message
      },
    }
  }

  get twice(): string[] {
    return [...this.#puts].flatMap(([pack, times]) => (times > 1 && this.#claimed.has(pack) ? [pack] : []))
  }

  #count(pack: string | undefined): void {
    if (pack !== undefined) this.#puts.set(pack, (this.#puts.get(pack) ?? 0) + 1)
  }
}

async function once(world: World, machine: Machine): Promise<void> {
  machine.start((context) => openFolder(context, machine.folderPath), true)
  await ended(world, machine)
}

function missing(machine: Machine, kept: ReadonlyMap<string, string>): string[] {
  const held = new Set([...machine.user.tree().values()].map(({ bytes }) => hashOf(bytes)))
  return [...kept].flatMap(([hash, path]) => (held.has(hash) ? [] : [`${machine.name} lacks ${path}`]))
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}
