// Folds the log of an archive into a state, up to a moment. Where the log is damaged, what applies is applied all the same, and what did not
// is told.
import { CryptoError, toHex, type ChangePayload, type Operation, type PackId } from '@grenier/crypto'
import type { ArchiveLog, ArchivedStep } from '../archive/archive-log.ts'
import type { ArchiveReader } from '../archive/archive-reader.ts'
import type { WorkerPool } from '../content/worker-pool.ts'
import { ClientError } from '../errors.ts'
import { readPayload, type PayloadOutcome } from '../log/payload-reader.ts'
import { loadState } from '../state/checkpoint-load.ts'
import { foldChange, foldDrop, foldOther } from '../state/fold.ts'
import type { TreesStore } from '../state/trees-store.ts'
import { nameFromBytes } from '../sync/name.ts'
import { openCheckpoint, piecesOf } from './checkpoint-source.ts'
import { decodeBody } from './entry-body.ts'
import type { Moment } from './history-query.ts'

/** Something of the log that does not count, or may not be what it was. `operation`: the one that was passed over. */
export interface Uncertainty {
  readonly sequence: number
  readonly reason: string
  readonly operation?: number | undefined
  /** The name that it was about, where it tells one. */
  readonly name?: string | undefined
}

export interface ArchiveFold {
  readonly log: ArchiveLog
  readonly reader: ArchiveReader
  readonly trees: TreesStore
  readonly pool: WorkerPool
  readonly until?: Moment | undefined
  readonly uncertain: (what: Uncertainty) => void
  /** A member's entry that was void for everybody. */
  readonly wasVoid: (entry: {
    readonly sequence: number
    readonly device: string
    readonly reason: string
  }) => void
}

/** Folds. Returns the last entry that counted; -1 when none did. @throws ClientError `moment-unknown`, `update-needed`, `history-gone`, `disk-failed` */
export async function foldArchive(options: ArchiveFold): Promise<number> {
  const { log, until } = options
  const head = log.state.head.sequence
  if (until !== undefined && 'sequence' in until && until.sequence > head && !log.isCutShort)
    throw new ClientError('moment-unknown', 'the log ends before', {
      data: { what: 'after', head, of: 'archive' },
    })
  // A lost payload, or a lost state, is as a lost entry to what comes behind it.
  const start = log.state.retired === undefined ? { through: -1, isWhole: true } : await startOf(options)
  let last = start.isWhole ? start.through : -1
  let isDamaged = !start.isWhole
  for await (const step of log.steps(start.through + 1)) {
    if (until !== undefined && isBeyond(step, until)) {
      if (step.sequence === 0) throw tooEarly(step)
      break
    }
    const isWhole = await foldStep(options, { ...step, uncertain: step.uncertain || isDamaged })
    isDamaged ||= !isWhole
    last = step.sequence
  }
  await options.trees.settled()
  return last
}

/**
 * Makes the state the one that the latest prune names: entries before it were retired. Where that checkpoint is lost, the tree begins
 * with what of it could be read, and that is told.
 * @throws ClientError `history-gone` for an earlier moment
 */
async function startOf(options: ArchiveFold): Promise<{ through: number; isWhole: boolean }> {
  const { log, reader, trees, pool, uncertain } = options
  const { prune } = log.state.spine
  const named = prune === undefined ? undefined : await log.entryAt(prune.checkpoint.sequence)
  if (prune === undefined || named?.header.kind !== 'checkpoint') {
    uncertain({ sequence: prune?.checkpoint.sequence ?? log.state.retired ?? 0, reason: 'lost' })
    return { through: prune?.through ?? -1, isWhole: false }
  }
  const { through, checkpoint } = prune
  const { header } = named
  await assertKept(options, through, header.at)
  const source = {
    ...{ binding: log.state.vault, keys: log.keys, pool },
    get: async (pack: PackId, range: { offset: number; length: number }) =>
      (await reader.pack(pack))?.slice(range.offset, range.offset + range.length),
  }
  try {
    const opened = await openCheckpoint(source, { ...named, header }, log.state.spine)
    const { stateHash } = opened.payload
    await loadState(trees, piecesOf(opened), { sequence: through, stateHash })
    return { through, isWhole: true }
  } catch (error) {
    const codes = ['pack-unavailable', 'key-withheld', 'checkpoint-broken']
    const isLost = error instanceof ClientError && codes.includes(error.code)
    if (!isLost && !(error instanceof CryptoError && error.code === 'malformed')) throw error
    uncertain({ sequence: checkpoint.sequence, reason: isLost ? error.code : 'checkpoint-broken' })
    return { through, isWhole: false }
  }
}

/** What was before the state that everything begins with is gone. `namedAtMs`: of the checkpoint, which is not older than it. */
async function assertKept({ log, until }: ArchiveFold, through: number, namedAtMs: number): Promise<void> {
  if (until === undefined) return
  const atMs = (await log.entryAt(through))?.header.at ?? namedAtMs
  const isGone = 'sequence' in until ? until.sequence < through : until.timeMs < atMs
  if (isGone)
    throw new ClientError('history-gone', 'pruned before this archive was made', {
      data: { sequence: through },
    })
}

function isBeyond({ sequence, entry }: ArchivedStep, until: Moment): boolean {
  return 'sequence' in until ? sequence > until.sequence : entry.header.at > until.timeMs
}

function tooEarly({ entry }: ArchivedStep): ClientError {
  const data = { what: 'before', beginsMs: entry.header.at, of: 'archive' }
  return new ClientError('moment-unknown', 'before the vault was', { data })
}

/** Whether the entry could be read. */
async function foldStep(options: ArchiveFold, step: ArchivedStep): Promise<boolean> {
  const { trees } = options
  const { header } = step.entry
  if (header.kind === 'drop') {
    await trees.write({ flush: false }, (transaction) =>
      foldDrop(transaction, { header, packs: header.part.packs }),
    )
    return true
  }
  if (header.kind !== 'change' && header.kind !== 'checkpoint') {
    await trees.write({ flush: false }, (transaction) =>
      foldOther(transaction, { header, index: [], own: false }),
    )
    return true
  }
  const payload = await payloadOf(options, step)
  const body = payload === undefined || 'fault' in payload ? undefined : decodeBody(header, payload.body)
  if (header.kind === 'change') await foldIn(options, step, body?.change)
  else
    await trees.write({ flush: false }, (transaction) =>
      foldOther(transaction, { header, index: body?.index ?? [], own: false }),
    )
  return payload !== undefined
}

/** undefined where what it lies in is lost, or its key is out of reach: that is told. */
async function payloadOf(
  { log, reader, uncertain }: ArchiveFold,
  { entry, spine, sequence }: ArchivedStep,
): Promise<PayloadOutcome | undefined> {
  try {
    return await readPayload(entry, { keys: log.keys, spine, fetch: (pack) => reader.pack(pack) })
  } catch (error) {
    // What a newer version wrote is not damaged: `update-needed` ends it all.
    const codes = ['pack-unavailable', 'key-withheld']
    if (!(error instanceof ClientError) || !codes.includes(error.code)) throw error
    uncertain({ sequence, reason: error.code })
    return undefined
  }
}

async function foldIn(
  { trees, uncertain, wasVoid }: ArchiveFold,
  { entry, sequence, uncertain: isUncertain }: ArchivedStep,
  payload: ChangePayload | undefined,
): Promise<void> {
  const { header } = entry
  if (header.kind !== 'change') return
  const passedOver = (operation: number, reason: string): void => {
    uncertain({ sequence, operation, reason, name: nameIn(payload?.operations[operation]) })
  }
  const result = await trees.write({ flush: false }, (transaction) =>
    foldChange(transaction, {
      header,
      payload,
      own: false,
      passedOver: isUncertain ? passedOver : undefined,
    }),
  )
  if (result.void !== undefined && !isUncertain)
    wasVoid({ sequence, device: toHex(header.device), reason: result.void })
}

function nameIn(operation: Operation | undefined): string | undefined {
  return operation === undefined || operation.op === 'remove'
    ? undefined
    : nameFromBytes(operation.name.bytes)
}
