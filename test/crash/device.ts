// A device with a real folder, home and state, at a real relay: what its user does to the folder, and a client that nothing happens to.
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import {
  addFolder,
  dialWebSocket,
  inlineWorkerPool,
  joinFolder,
  LevelStateStore,
  MemoryDisk,
  makeHome,
  openAccount,
  openFolder,
  openHome,
  openRealFileSystem,
  systemClock,
  watchFolder,
  type EngineContext,
  type FolderEngine,
  type Home,
  type Platform,
} from '@grenier/client'
import {
  certifyDevice,
  identityFromEntropy,
  makeDevice,
  publicDevice,
  publicIdentity,
  systemRandom,
  type Identity,
} from '@grenier/crypto'
import { parseRelayUrl } from '@grenier/protocol'
import { tapped } from '../hostile/tapped-wire.ts'
import { sentEffects } from './counted.ts'
import type { Effect } from './journal.ts'

/** Somebody with devices at a relay. */
export interface Person {
  readonly identity: Identity
  readonly relay: string
}

/** Makes somebody; the account is still to be opened. */
export function newPerson(relay: string): Person {
  return { identity: identityFromEntropy(systemRandom.bytes(32)), relay }
}

/** One device. */
export class Device {
  readonly name: string
  readonly folder: string
  readonly homeDirectory: string
  /** What its clients sent, those that died included. */
  readonly sent: Effect[] = []
  /** Every version that its user's writes completed: hash, and where it was written. */
  readonly written = new Map<string, string>()
  /** Those that no sync was told to send yet. */
  readonly fresh = new Set<string>()
  readonly #person: Person

  constructor(place: string, name: string, person: Person) {
    this.name = name
    this.folder = join(place, name)
    this.homeDirectory = join(place, `${name}-home`)
    this.#person = person
    fs.mkdirSync(this.folder)
    const device = makeDevice(systemRandom)
    const keys = publicIdentity(person.identity)
    makeHome(this.homeDirectory, {
      deviceName: name,
      device,
      identity: { keys, certificate: certifyDevice(person.identity, publicDevice(device)) },
      relays: [person.relay],
    })
  }

  get home(): Home {
    return openHome(this.homeDirectory)
  }

  /** A path in its folder. */
  at(path: string): string {
    return join(this.folder, path)
  }

  // What its user does.

  write(path: string, content: string | Uint8Array): void {
    fs.writeFileSync(this.at(path), content)
    const version = versionOf(Buffer.from(content))
    this.written.set(version, `${this.name}:${path}`)
    this.fresh.add(version)
  }

  makeDirectory(path: string): void {
    fs.mkdirSync(this.at(path))
  }

  rename(from: string, to: string): void {
    fs.renameSync(this.at(from), this.at(to))
  }

  remove(path: string): void {
    fs.rmSync(this.at(path), { recursive: true })
  }

  setMode(path: string, mode: number): void {
    fs.chmodSync(this.at(path), mode)
  }

  link(path: string, target: string): void {
    fs.symlinkSync(target, this.at(path))
  }

  // What its clients do.

  async openAccount(): Promise<void> {
    const { relay, identity } = this.#person
    const { home, platform, signal } = this.context()
    await openAccount({ home, platform, signal }, { relay, invite: undefined, identity })
  }

  async add(): Promise<void> {
    const { relay } = this.#person
    await this.#run((context) => addFolder(context, { path: this.folder, name: 'vault', relay }))
  }

  async join(code: string): Promise<void> {
    await this.#run((context) => joinFolder(context, { path: this.folder, code }))
  }

  async sync(): Promise<void> {
    await this.#run((context) => openFolder(context, this.folder))
  }

  /** A code for another device. */
  async invite(): Promise<string> {
    const engine = await openFolder(this.context(), this.folder)
    try {
      return (await engine.invite({ role: 'writer', expiresMs: 3_600_000 })).code
    } finally {
      await engine.close()
    }
  }

  context(): EngineContext {
    const platform: Platform = {
      clock: systemClock,
      random: systemRandom,
      pool: inlineWorkerPool(),
      dial: async (relay) => {
        const seen = sentEffects((effect) => this.sent.push(effect))
        return tapped(await dialWebSocket(parseRelayUrl(relay)), { seen })
      },
      limit: () => undefined,
      fileSystem: (folder) => Promise.resolve(openRealFileSystem(folder)),
      state: async (directory) => {
        fs.mkdirSync(join(directory, '..'), { recursive: true, mode: 0o700 })
        return await LevelStateStore.open(directory)
      },
      scratch: () => Promise.resolve(new MemoryDisk().open()),
      watch: (root, events) => watchFolder({ root, events, clock: systemClock }),
    }
    return { home: this.home, platform, report: () => undefined, signal: new AbortController().signal }
  }

  async #run(open: (context: EngineContext) => Promise<FolderEngine>): Promise<void> {
    const engine = await open(this.context())
    try {
      await engine.run({ once: true })
      this.fresh.clear()
    } finally {
      await engine.close()
    }
  }
}

/** A short name of some bytes. */
export function versionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}
