// One random run: edits on every device, syncs that overlap, lines that break, machines that die at any step; then calm, and the questions that
// must have one answer. The seed fixes all of it.
import { createHash } from 'node:crypto'
import { openFolder } from '@grenier/client'
import { ended, settleDown, type Machine, World } from './world.ts'

/** What a run was asked to do. */
export interface StormOptions {
  readonly seed: number
  readonly devices: number
  readonly moves: number
}

/** What came out. */
export interface StormResult {
  readonly trace: readonly string[]
  readonly trees: readonly (readonly string[])[]
  /** Contents that a user's write completed and that are nowhere. */
  readonly lost: readonly string[]
}

/** Syncs in a row without an edit after which all must agree. */
const calmRounds = 6

/** Runs a storm and the calm after it. @throws Error when a process ends other than well in calm weather */
export async function storm(options: StormOptions, see?: (world: World) => void): Promise<StormResult> {
  const world = new World(options.seed, options.devices)
  see?.(world)
  const ledger = new Ledger()
  for (const machine of world.machines.slice(0, 1)) edit(world, machine, ledger)
  await settleDown(world)
  for (let move = 0; move < options.moves; move += 1) await oneMove(world, ledger)
  await calmDown(world)
  const trees = world.machines.map((machine) => machine.tree())
  return { trace: world.trace, trees, lost: ledger.missing(world) }
}

async function oneMove(world: World, ledger: Ledger): Promise<void> {
  const { random } = world
  const machine = random.pick(world.machines)
  const what = random.below(10)
  if (what < 5) edit(world, machine, ledger)
  else if (what < 8 && !machine.running) start(world, machine)
  else if (what === 8) world.cut(machine)
  else if (machine.running) machine.dieAfter(random.below(60))
  await world.scheduler.runUntil(() => false, random.below(400))
}

function start(world: World, machine: Machine): void {
  world.note(`${machine.name} syncs`)
  machine.sync(world.random.chance(0.7))
}

async function calmDown(world: World): Promise<void> {
  for (const machine of world.machines) {
    machine.dieAfter(Number.POSITIVE_INFINITY)
    machine.stop()
    await world.until(() => !machine.running)
  }
  for (let round = 0; round < calmRounds; round += 1) {
    for (const machine of world.machines) {
      machine.start((context) => openFolder(context, machine.folderPath), true)
      await ended(world, machine)
    }
  }
}

const names = ['a', 'b', 'c', 'd', 'e']

/** One thing a user does. */
function edit(world: World, machine: Machine, ledger: Ledger): void {
  const { random } = world
  const { user } = machine
  const paths = [...user.tree()].filter(([path]) => !path.startsWith('.grenier'))
  const directories = ['', ...paths.filter(([, seen]) => seen.kind === 'directory').map(([path]) => path)]
  const target = join(random.pick(directories), random.pick(names))
  const there = user.exists(target) ? user.tree().get(target)?.kind : undefined
  try {
    const what = random.below(8)
    if (what < 4 && (there === undefined || there === 'file')) {
      const bytes = random.bytes(random.chance(0.05) ? 200_000 : random.below(2000) + 1)
      if (there === 'file') ledger.removed(user.read(target))
      user.write(target, bytes)
      ledger.wrote(bytes)
      world.note(`${machine.name} writes ${target}`)
    } else if (what === 4 && there === undefined) {
      user.makeDirectory(target)
      world.note(`${machine.name} makes ${target}`)
    } else if (what === 5 && paths.length > 0) {
      const [from] = random.pick(paths)
      if (there === undefined && !`${target}/`.startsWith(`${from}/`)) {
        user.rename(from, target)
        world.note(`${machine.name} moves ${from} to ${target}`)
      }
    } else if (what === 6 && paths.length > 0) {
      const [gone] = random.pick(paths)
      removeAll(machine, gone, ledger)
      world.note(`${machine.name} removes ${gone}`)
    } else if (what === 7 && there === undefined) {
      user.link(target, `../${random.pick(names)}`)
    }
  } catch (error) {
    world.note(`${machine.name} cannot: ${String(error)}`)
  }
}

function removeAll(machine: Machine, path: string, ledger: Ledger): void {
  const below = [...machine.user.tree()].filter(([one]) => one === path || one.startsWith(`${path}/`))
  for (const [one, seen] of below.reverse()) {
    if (seen.kind === 'file') ledger.removed(seen.bytes)
    machine.user.remove(one)
  }
}

function join(parent: string, name: string): string {
  return parent === '' ? name : `${parent}/${name}`
}

/**
 * What users wrote. A version that its user overwrote or removed may be gone from the trees; one that nobody took away must be in every
 * tree, under whatever name.
 */
class Ledger {
  readonly #written = new Set<string>()
  readonly #removed = new Set<string>()

  wrote(bytes: Uint8Array): void {
    this.#written.add(hashOf(bytes))
  }

  removed(bytes: Uint8Array): void {
    this.#removed.add(hashOf(bytes))
  }

  /** Versions that a user wrote last somewhere, never overwrote or removed, and that a tree lacks. */
  missing(world: World): string[] {
    const missing: string[] = []
    for (const machine of world.machines) {
      const held = new Set([...machine.user.tree().values()].map((seen) => hashOf(seen.bytes)))
      for (const hash of this.#written) if (!this.#removed.has(hash) && !held.has(hash)) missing.push(`${machine.name} ${hash}`)
    }
    return missing
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}
