// Opens a sealed export with nothing but the words: no relay, no home, no account. Judges its log, folds it up to a moment, and lists the
// tree or writes it into a folder.
import { toHex, type KeyPairs } from '@grenier/crypto'
import { ArchiveLog } from '../archive/archive-log.ts'
import type { ArchiveReader } from '../archive/archive-reader.ts'
import { stagedContent } from '../content/staged-content.ts'
import type { FileSystem } from '../disk/file-system.ts'
import { folderFault } from '../disk/folder-fault.ts'
import { ClientError } from '../errors.ts'
import type { StateStore } from '../state/state-store.ts'
import { goneThroughOnce, TreesStore } from '../state/trees-store.ts'
import type { RelativePath } from '../sync/name.ts'
import { archiveContent } from './archive-content.ts'
import { foldArchive, type Uncertainty } from './archive-fold.ts'
import type { Moment } from './history-query.ts'
import type { Report } from './events.ts'
import type { Platform } from './platform.ts'
import { Salvaging } from './salvaging.ts'
import { Tally } from './tally.ts'
import { walkPaths, type WalkedRow } from './tree-walk.ts'
import { TreeWriter, type WrittenCounts } from './tree-writer.ts'

/** An archive to be opened. `state`: an empty one, for this run alone; the caller's to close. */
export interface DecryptOptions {
  readonly reader: ArchiveReader
  readonly pairs: KeyPairs
  readonly state: StateStore
  readonly platform: Pick<Platform, 'clock' | 'pool'>
  readonly report: Report
  readonly uncertain: (what: Uncertainty) => void
  readonly signal: AbortSignal
  readonly until?: Moment | undefined
}

/** Where an archive is written. `run`: what its staged files are called by, unlike those of any other run in that folder. */
export interface WriteTarget {
  readonly files: FileSystem
  /** The path of the folder, for messages. */
  readonly into: string
  readonly run: string
}

/** An opened archive. */
export interface OpenedArchive {
  /** The last entry that counts here. */
  readonly head: { readonly seq: number; readonly hash: string } | undefined
  readonly vault: string
  /** The log does not end where the archive says that it does, or the archive does not say. */
  readonly isCutShort: boolean
  readonly tally: Tally
  /** The tree, or what has one of the paths and is below. */
  rows(paths?: readonly RelativePath[]): AsyncIterable<WalkedRow>
  /** Writes it. @throws ClientError `folder-unusable`, `disk-full`, `disk-failed`, `interrupted` */
  write(to: WriteTarget, paths?: readonly RelativePath[]): Promise<WrittenCounts>
}

/** @throws ClientError `archive-broken`, `archive-closed`, `moment-unknown`, `update-needed`, `disk-failed` */
export async function openArchive(options: DecryptOptions): Promise<OpenedArchive> {
  const { reader, pairs, state, report, uncertain, signal, until } = options
  if (reader.vault === 'newer') throw new ClientError('update-needed', 'an archive of a newer version')
  const log = await ArchiveLog.read(reader, pairs)
  for (const { sequence, reason } of log.troubles) uncertain({ sequence, reason })
  const trees = TreesStore.open(state, goneThroughOnce)
  const wasVoid = (entry: { sequence: number; device: string; reason: string }): void =>
    report({ event: 'void', ...entry })
  const last = await foldArchive({
    log,
    reader,
    trees,
    pool: options.platform.pool,
    until,
    uncertain,
    wasVoid,
  })
  const { content, tally } = partsOf(options, { log, trees })
  const { sequence, hash } = log.state.head
  const rows = (paths: readonly RelativePath[] = []): AsyncIterable<WalkedRow> => walkPaths(trees, paths)
  return {
    head: last === sequence ? { seq: sequence, hash: toHex(hash) } : undefined,
    vault: toHex(log.state.vault),
    isCutShort: log.isCutShort,
    tally,
    rows,
    async write({ files, into, run }, paths) {
      const salvaging = new Salvaging({ content: { ...content.options, signal }, files, trees, run })
      const writer = new TreeWriter({
        files,
        content: stagedContent(content.fetch, files, { wrote: (bytes) => tally.began(bytes) }),
        tally,
        signal,
        run,
        salvage: (file) => salvaging.salvage(file),
      })
      await expectAll(tally, rows(paths))
      try {
        for await (const walked of rows(paths)) {
          if (signal.aborted) throw new ClientError('interrupted', 'stopped')
          await writer.take(walked)
        }
        return await writer.end()
      } catch (error) {
        throw folderFault(error, 'the directory cannot be written to', into)
      }
    },
  }

  function partsOf(
    { platform: { pool, clock } }: Pick<DecryptOptions, 'platform'>,
    on: { log: ArchiveLog; trees: TreesStore },
  ): { content: ReturnType<typeof archiveContent>; tally: Tally } {
    const traffic = (): { sentBytes: number; receivedBytes: number } => ({ sentBytes: 0, receivedBytes: 0 })
    return {
      content: archiveContent({ reader, pool, ...on }),
      tally: new Tally({ clock, report, device: '', traffic }),
    }
  }
}

async function expectAll(tally: Tally, rows: AsyncIterable<WalkedRow>): Promise<void> {
  let [files, bytes] = [0, 0]
  for await (const { row } of rows) {
    if (row.value.kind === 'directory') continue
    files += 1
    if (row.value.kind === 'file') bytes += row.value.sizeBytes
  }
  tally.expect(files, bytes)
}
