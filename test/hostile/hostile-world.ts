// What the hostile tests share: a vault with canaries in it, devices that sync once, and the questions that each attack is asked: which code, was a
// file changed, did anything readable leave.
import { ClientError, joinFolder, openFolder, type FolderEvent } from '@grenier/client'
import type { Wire } from '@grenier/protocol'
import { expect } from 'vitest'
import { Machine, settleDown, within, World } from '../simulation/world.ts'
import { LyingRelay } from './lying-relay.ts'
import { SocketLines } from './socket-line.ts'

/** Found nowhere outside the devices. In contents, names and targets. */
export const canary = 'CANARY-7f3a9c'

/** A world whose relay can lie. Its devices reach it over real sockets. */
export class HostileWorld extends World {
  readonly relay = new LyingRelay(this)
  readonly #sockets = new SocketLines()
  readonly #lines = new Map<Machine, number>()

  constructor(seed: number, devices: number) {
    super(seed, devices)
    this.between = (wire, machine) => this.relay.stand(wire, machine)
    this.scheduler.outside = this.#sockets.underWay
  }

  /** The liar stands at the far end of a socket, and the real relay behind it. */
  override async dialled(machine: Machine, url: string): Promise<Wire> {
    const wire = await this.#sockets.dial(await super.dialled(machine, url))
    this.#count(machine, 1)
    let isOpen = true
    const ends = (): void => {
      if (isOpen) this.#count(machine, -1)
      isOpen = false
    }
    return {
      get bufferedBytes() {
        return wire.bufferedBytes
      },
      send: (frame, sent) => wire.send(frame, sent),
      onFrame: (listener) => wire.onFrame(listener),
      onDrain: (listener) => wire.onDrain(listener),
      onClose: (listener) =>
        wire.onClose((reason) => {
          ends()
          listener(reason)
        }),
      close: (code, reason) => {
        ends()
        wire.close(code, reason)
      },
    }
  }

  /** Lines of a machine that nobody ended: each of them keeps a process alive. */
  openLines(machine: Machine): number {
    return this.#lines.get(machine) ?? 0
  }

  #count(machine: Machine, by: number): void {
    this.#lines.set(machine, this.openLines(machine) + by)
  }

  /** A machine by its place. */
  at(index: number): Machine {
    const machine = this.machines[index]
    if (machine === undefined) throw new RangeError(`no machine ${index}`)
    return machine
  }

  /** More machines, which know nothing yet. */
  more(count: number): void {
    for (let at = 0; at < count; at += 1) this.machines.push(new Machine(this, this.machines.length))
  }

  /** A machine loses all that it knew of the vault, but not which folder is whose: that marker is a part of the state, too. */
  amnesia(machine: Machine): void {
    machine.disk.forget((key) => key !== 'x!marker')
  }

  /** What a promise comes to, while the world goes on. */
  async settles<T>(promise: Promise<T>): Promise<T> {
    return await within(this, promise, 'an answer')
  }

  /** One sync of a machine; how it ended. */
  async sync(machine: Machine): Promise<'done' | Error> {
    machine.start((context) => openFolder(context, machine.folderPath), true)
    return await this.outcomeOf(machine)
  }

  /** One sync that must end well. */
  async syncs(...machines: readonly Machine[]): Promise<void> {
    for (const machine of machines) expect(await this.sync(machine), machine.name).toBe('done')
  }

  async outcomeOf(machine: Machine): Promise<'done' | Error> {
    if (!(await this.until(() => !machine.running))) throw new Error(`${machine.name} never ended`)
    // A machine whose power went ends nothing.
    if (machine.outcome !== undefined && !(await this.until(() => this.openLines(machine) === 0)))
      throw new Error(`${machine.name} left a line open`)
    return machine.outcome ?? new Error(`${machine.name} died`)
  }

  /** A code that lets another device in. */
  async invite(owner: Machine, role: 'owner' | 'writer' | 'reader' = 'writer'): Promise<string> {
    const invited = (async () => {
      const engine = await openFolder(owner.context(), owner.folderPath)
      try {
        return (await engine.invite({ role, expiresMs: 3_600_000 })).code
      } finally {
        await engine.close()
      }
    })()
    return await within(this, invited, 'the invitation')
  }

  /** Joins; how that ended. */
  async join(machine: Machine, code: string): Promise<'done' | Error> {
    machine.start((context) => joinFolder(context, { path: machine.folderPath, code }), true)
    return await this.outcomeOf(machine)
  }
}

/** A vault with a few files, and devices that all have it. */
export async function peacefulWorld(
  options: { seed?: number; devices?: number } = {},
): Promise<HostileWorld> {
  const world = new HostileWorld(options.seed ?? 1, options.devices ?? 2)
  const a = world.at(0)
  a.user.makeDirectory(`notes ${canary}`)
  a.user.write(`notes ${canary}/one.txt`, `${canary} one`)
  a.user.write('plain.txt', `${canary} ${'words '.repeat(400)}`)
  a.user.link(`link ${canary}`, `to ${canary}`)
  await settleDown(world)
  return world
}

/** The one commit more that another device makes. */
export async function oneMore(world: HostileWorld, machine: Machine, name: string): Promise<void> {
  machine.user.write(name, `${canary} of ${name} ${'more '.repeat(300)}`)
  await world.syncs(machine)
}

/** Events since the last call, of a kind. */
export function eventsOf<E extends FolderEvent['event']>(
  machine: Machine,
  event: E,
): Extract<FolderEvent, { event: E }>[] {
  return machine.events.filter((one): one is Extract<FolderEvent, { event: E }> => one.event === event)
}

/**
 * The machine syncs and halts with this code: no file of the user changed, the halt is reported, evidence is kept where there is
 * something to show, and nothing readable left.
 */
export async function expectHalt(world: HostileWorld, machine: Machine, code: string): Promise<ClientError> {
  const before = machine.tree()
  machine.events.splice(0)
  const outcome = await world.sync(machine)
  expect(outcome, 'the run must end with an error').toBeInstanceOf(ClientError)
  const error = outcome as ClientError
  expect(error.code, error.message).toBe(code)
  expect(machine.tree()).toEqual(before)
  expectNothingReadable(world)
  if (code.startsWith('relay-')) {
    expect(eventsOf(machine, 'state').at(-1)).toMatchObject({ state: 'halted', code })
    const kept = machine.home.evidence.get(String(error.data['evidence']))
    expect(kept, 'evidence is kept and named').toBeDefined()
  }
  return error
}

/** No canary in anything that left a client, or that is kept about a halt. */
export function expectNothingReadable(world: HostileWorld): void {
  const needle = Buffer.from(canary)
  const out = world.relay.frames.filter((frame) => Buffer.from(frame).includes(needle))
  expect(out, 'nothing readable leaves').toEqual([])
  for (const machine of world.machines)
    for (const bytes of machine.home.evidence.values())
      expect(Buffer.from(bytes).includes(needle)).toBe(false)
}
