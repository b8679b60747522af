// What a backup takes its bytes from: a folder that is looked at and never written to, or a stream that comes once.
import { folderFault } from '../disk/folder-fault.ts'
import type { LookReport } from '../disk/look-report.ts'
import type { FolderLook } from '../disk/look.ts'
import type { SourceFiles } from '../disk/source-files.ts'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { TreesStore } from '../state/trees-store.ts'
import { joinPath, rootPath, type Name } from '../sync/name.ts'
import { rootId, type Stamp } from '../sync/tree.ts'
import type { ReadResult } from './read-result.ts'
import type { Sender } from './sender.ts'
import { isNotedSource, noteSource } from './source-note.ts'

/** A folder, as a person wants it backed up. */
export interface FolderSource {
  readonly files: SourceFiles
  /** A source in which nothing is any more is a version, too. */
  readonly allowEmpty: boolean
}

/** A stream, kept as a file of this name. */
export interface StreamSource {
  readonly name: Name
  readonly pieces: AsyncIterable<Uint8Array>
  readonly allowEmpty: boolean
  /** When it came to its end: the time that the file gets, ms. */
  readonly nowMs: () => number
}

/** What is backed up. */
export type BackupSource =
  ({ readonly from: 'folder' } & FolderSource) | ({ readonly from: 'stream' } & StreamSource)

/** Whether the folder is there still, and is the one that it was when the run began. */
export class SourceCheck {
  readonly #source: FolderSource
  readonly #trees: TreesStore
  readonly #path: string
  #stamp: Stamp | undefined

  constructor(source: FolderSource, on: { readonly trees: TreesStore; readonly path: string }) {
    this.#source = source
    this.#trees = on.trees
    this.#path = on.path
  }

  /**
   * A disk that is not mounted shows a directory that is empty, or has next to nothing in it: everything would seem to be removed.
   * @throws ClientError `folder-unusable`, `source-empty`, `disk-failed`
   */
  async check(): Promise<void> {
    const { files, allowEmpty } = this.#source
    const data = { path: this.#path, of: 'source' }
    try {
      const [root] = await files.look([rootPath])
      const names = await files.topNames()
      const before = this.#stamp
      if (root?.kind !== 'directory' || names === undefined)
        throw new ClientError('folder-unusable', 'the source is not there', { data })
      if (before !== undefined && (before.dev !== root.stamp.dev || before.ino !== root.stamp.ino))
        throw new ClientError('folder-unusable', 'another folder came to where the source was', { data })
      this.#stamp = root.stamp
      if (!allowEmpty && (await this.#isEmptied(root.stamp, names)))
        throw new ClientError('source-empty', 'what was in the source is not there', { data })
      await noteSource(this.#trees, root.stamp)
    } catch (error) {
      throw folderFault(error, 'the source cannot be looked at', this.#path)
    }
  }

  /** Whether nothing is there of what the backup has at the top; or, where the directory is not the one of the last run, not half of it. */
  async #isEmptied(stamp: Stamp, names: ReadonlySet<Name>): Promise<boolean> {
    const isSame = isNotedSource(this.#trees, stamp)
    if (isSame && names.size > 0) return false
    const count = { known: 0, gone: 0 }
    for await (const { name } of this.#trees.children('remote', rootId)) {
      count.known += 1
      if (!names.has(name)) count.gone += 1
    }
    return count.known > 0 && (names.size === 0 || count.gone * 2 > count.known)
  }
}

/** Nothing is looked at where a stream is kept: what came before stays. */
export const noLook: Pick<FolderLook, 'whole' | 'some'> = {
  whole: () => Promise.resolve(nothingSeen),
  some: () => Promise.resolve(nothingSeen),
}

const nothingSeen: LookReport = {
  directories: 0,
  came: 0,
  changed: 0,
  vanished: 0,
  nodes: [],
  problems: [],
}

/** Takes a stream in, once, over as many connections as that needs. */
export class StreamTaking {
  readonly #source: StreamSource
  readonly #trees: TreesStore
  #taking: ReturnType<Sender['beginStream']> | undefined
  #taken: ReadResult | undefined
  #isDone = false

  constructor(source: StreamSource, trees: TreesStore) {
    this.#source = source
    this.#trees = trees
  }

  /**
   * Takes it to its end; all of its content is in the log then, and its row is to be planned. The log must be base.
   * @throws ClientError as the relay fails: then this may be called again, and goes on; `source-empty`, `interrupted`
   */
  async take(session: RelaySession, sender: Sender): Promise<void> {
    if (this.#isDone) return
    const { name, pieces, allowEmpty } = this.#source
    if (this.#taken === undefined) {
      this.#taking ??= sender.beginStream(
        { id: rootId, path: joinPath(rootPath, name), expected: undefined },
        pieces,
      )
      this.#taken = await sender.takeStream(session, this.#taking)
    }
    if (this.#taken.sizeBytes === 0 && !allowEmpty)
      throw new ClientError('source-empty', 'nothing came', { data: { path: name } })
    // What no pack on its way and no entry has could not be committed.
    await sender.drain(session)
    await this.#settle(this.#taken)
    this.#isDone = true
  }

  /** The local row: what a look would have seen, of a file that is nowhere. */
  async #settle({ content, sizeBytes }: ReadResult): Promise<void> {
    const { name, nowMs } = this.#source
    const mtimeNs = BigInt(Math.round(nowMs())) * 1_000_000n
    const stamp = { dev: 0n, ino: 0n, ctimeNs: mtimeNs, mtimeNs, sizeBytes, mode: 0o600 }
    const value = { kind: 'file' as const, mode: 0o600, mtimeNs, sizeBytes, content }
    await this.#trees.write({ flush: false }, (transaction) => {
      const id = transaction.child('local', rootId, name) ?? transaction.provisional()
      transaction.set('local', id, { parent: rootId, name, value, stamp })
    })
  }
}
