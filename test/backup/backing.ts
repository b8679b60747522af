// A device that backs a folder up, or a stream, at a relay in memory: what the tests of backups work with.
import * as fs from 'node:fs'
import { join } from 'node:path'
import {
  openAccount,
  openHistory,
  openRealFileSystem,
  backUp,
  SourceFiles,
  startBackup,
  type BackedUp,
  type BackupSource,
  type EngineContext,
  type FileSystem,
  type FolderEvent,
  type HistoryRow,
  type Moment,
  type SourceOptions,
} from '@grenier/client'
import { identity, relayUrl, type Device, type Ground } from '../folder/devices.ts'

const everything: SourceOptions = { exclude: [], oneFileSystem: false, caches: false }

/** How one run is to be. */
export interface Backing extends Partial<SourceOptions> {
  readonly allowEmpty?: boolean
  readonly around?: (files: FileSystem) => FileSystem
}

/** What one run came to. */
export interface Backed extends Omit<BackedUp, 'changes'> {
  readonly events: readonly FolderEvent[]
  /** `code path`, sorted. */
  readonly problems: readonly string[]
  /** `action path`, sorted. */
  readonly changes: readonly string[]
}

/** One backup of one device. */
export class Backup {
  readonly device: Device
  readonly source: string
  vault = ''

  private constructor(device: Device, source: string) {
    this.device = device
    this.source = source
  }

  /** `source`: a folder; empty for streams. */
  static async start(ground: Ground, name = 'keeper', source = ground.directory('source')): Promise<Backup> {
    const device = ground.device(name)
    const { home, platform, signal } = device.context()
    await openAccount({ home, platform, signal }, { relay: relayUrl, invite: undefined, identity })
    const backup = new Backup(device, source)
    const settings = { from: source === '' ? ('stream' as const) : ('folder' as const) }
    const record = await startBackup(device.context(), { path: source, name, relay: relayUrl, settings })
    backup.vault = record.vault
    return backup
  }

  write(path: string, content: string | Uint8Array): void {
    fs.mkdirSync(join(this.source, path, '..'), { recursive: true })
    fs.writeFileSync(join(this.source, path), content)
  }

  remove(path: string): void {
    fs.rmSync(join(this.source, path), { recursive: true })
  }

  async run(backing: Backing = {}): Promise<Backed> {
    const { allowEmpty = false, around, ...options } = backing
    const real = openRealFileSystem(this.source)
    const files = new SourceFiles(around === undefined ? real : around(real), { ...everything, ...options })
    return await this.#run({ from: 'folder', files, allowEmpty })
  }

  async runStream(name: string, pieces: AsyncIterable<Uint8Array>, allowEmpty = false): Promise<Backed> {
    return await this.#run({ from: 'stream', name: name as never, pieces, allowEmpty, nowMs: Date.now })
  }

  async #run(source: BackupSource): Promise<Backed> {
    const events: FolderEvent[] = []
    const context: EngineContext = { ...this.device.context(), report: (event) => void events.push(event) }
    const backed = await backUp(context, this.vault, source)
    const problems = events.filter((event) => event.event === 'problem')
    const changes = events.filter((event) => event.event === 'change')
    return {
      ...backed,
      events,
      problems: problems.map(({ code, path }) => `${code} ${path}`).sort(),
      changes: changes.map(({ action, path }) => `${action} ${path}`).sort(),
    }
  }

  /** Writes the vault, now or as it was, to a new directory, and gives it. */
  async restored(ground: Ground, moment?: Moment): Promise<string> {
    const into = ground.directory('restored')
    const opened = await openHistory(this.device.context(), this.vault)
    const { head } = await opened.history({ do: 'list', path: '', deep: false }, () => Promise.resolve())
    const query = { do: 'restore-into' as const, path: '', into, moment: moment ?? { sequence: head.seq } }
    await opened.history(query, () => Promise.resolve()).finally(() => opened.close())
    return into
  }

  /** The bytes of a file. */
  async bytes(path: string, moment?: Moment): Promise<Buffer> {
    const opened = await openHistory(this.device.context(), this.vault)
    const parts: Uint8Array[] = []
    const take = (row: HistoryRow): Promise<void> => {
      if (row.row === 'bytes') parts.push(row.bytes.slice())
      return Promise.resolve()
    }
    await opened.history({ do: 'read', path, moment }, take).finally(() => opened.close())
    return Buffer.concat(parts)
  }
}
