// Answers what is asked of the history of a vault. Reads the state and the log that this device keeps and what the relay holds; writes nothing to
// the folder and nothing to the log, so that it may go on beside a run.
import { toHex } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { parentOf } from '../disk/ignore.ts'
import { conflictNameSays } from '../sync/conflict-name.ts'
import { joinPath, rootPath } from '../sync/name.ts'
import { rootId } from '../sync/tree.ts'
import { Fetch } from '../content/fetch.ts'
import { contentBytes } from './content-stream.ts'
import { tellExport } from './tell-export.ts'
import type { ExportMark } from './export-mark.ts'
import { FormerState } from './former-state.ts'
import { tellLog } from './history-log.ts'
import type { HistoryAnswer, HistoryRow, LookQuery, Moment, TakeRow } from './history-query.ts'
import { below, foundAt, historyContent, nodeRow, unknownPath, type HistoryTree } from './history-tree.ts'
import { addLaterPlaces } from './later-places.ts'
import { LogReplay } from './log-replay.ts'
import { sequenceAt, timeOf } from './moment.ts'
import { RestoreInto } from './restore-into.ts'
import type { Vault } from './vault.ts'

export interface HistoryParts {
  readonly vault: Vault
  readonly session: () => Promise<RelaySession>
  /** Whether nothing changes the state while it is looked at. */
  readonly isStill?: boolean
  /** Asks the relay for what is new, where that is to be done; says whether it was heard. */
  readonly refresh: () => Promise<boolean>
  /** Bytes over the line so far. */
  readonly traffic: () => { readonly sentBytes: number; readonly receivedBytes: number }
}

/** What was counted while an answer was given. */
interface Counts {
  files: number
  bytes: number
  problems: number
}

/** Takes rows and counts them. `online`: whether what the relay has was heard first. */
interface Counted {
  readonly take: TakeRow
  readonly online: boolean
}

/** The history of one vault. Questions may overlap. */
export class History {
  readonly #parts: HistoryParts

  constructor(parts: HistoryParts) {
    this.#parts = parts
  }

  /**
   * @throws ClientError `moment-unknown`, `path-unknown`, `history-gone`, `pack-unavailable`, `relay-corrupt`, `interrupted`; as the
   * relay fails, where it is needed
   */
  async answer(query: LookQuery, take: TakeRow): Promise<HistoryAnswer> {
    return await this.counted(take, (counted) =>
      query.do === 'log' ? this.#log(query, counted.take) : this.#inTree(query, counted),
    )
  }

  /** Counts what `work` hands on, and says where it stands. `work`: gives the sequence that it was about. */
  async counted(take: TakeRow, work: (counted: Counted) => Promise<number>): Promise<HistoryAnswer> {
    const { vault, refresh, traffic } = this.#parts
    const before = traffic()
    const online = await refresh()
    const counts: Counts = { files: 0, bytes: 0, problems: 0 }
    const counted: TakeRow = (row) => {
      count(counts, row)
      return take(row)
    }
    const sequence = await work({ take: counted, online })
    const { head } = vault.log.state
    const { sentBytes, receivedBytes } = traffic()
    return {
      ...counts,
      sequence,
      atMs: sequence === head.sequence ? head.at : await this.#timeOf(sequence),
      online,
      bytesSent: sentBytes - before.sentBytes,
      bytesReceived: receivedBytes - before.receivedBytes,
      head: { seq: head.sequence, hash: toHex(head.hash) },
    }
  }

  /** When an entry was made: the entry alone tells, here or, where it retired, at the relay as long as that keeps it. */
  async #timeOf(sequence: number): Promise<number | undefined> {
    const { vault, session } = this.#parts
    const known = timeOf(vault.trees, sequence)
    if (known !== undefined) return known
    try {
      for await (const one of new LogReplay(vault, session).entries({ whole: sequence, through: sequence }))
        if (one.sequence === sequence) return one.entry?.header.at
    } catch (error) {
      // What was asked for has been given: no relay takes it back by refusing a time.
      const isGrave =
        error instanceof ClientError && ['interrupted', 'relay-contradicts'].includes(error.code)
      if (!(error instanceof ClientError) || isGrave) throw error
    }
    return undefined
  }

  /** @throws ClientError `moment-unknown`; `history-gone` where nobody keeps what tells the times of entries around it */
  async sequenceOf(moment: Moment): Promise<number> {
    const { vault, session } = this.#parts
    const { trees, log } = vault
    const replay = new LogReplay(vault, session)
    return await sequenceAt({ rows: trees, head: log.state.head.sequence, replay }, moment)
  }

  /** The tree of a moment, for as long as `work` takes. `moment`: undefined for now. `needs`: whether its contents are to be had, too. */
  async at<T>(
    moment: Moment | undefined,
    work: (tree: HistoryTree) => Promise<T>,
    needs: 'contents' | 'names' = 'contents',
  ): Promise<T> {
    const { vault, session, isStill = false } = this.#parts
    const { trees, log } = vault
    const sequence = moment === undefined ? log.state.head.sequence : await this.sequenceOf(moment)
    // What is now may go on while it is looked at; what was does not.
    const isNow = moment === undefined || (isStill && sequence === log.state.head.sequence)
    const former = isNow
      ? undefined
      : await FormerState.open({ vault, session, replay: new LogReplay(vault, session), sequence })
    const then = former?.trees ?? trees
    try {
      if (former !== undefined && needs === 'contents')
        await addLaterPlaces(then, {
          replay: new LogReplay(vault, session),
          after: sequence,
          through: log.state.head.sequence,
        })
      await then.settled()
      const content = historyContent(vault, then, session)
      return await work({ trees: then, sequence, content, fetch: new Fetch(content) })
    } finally {
      await former?.close()
    }
  }

  async #log(query: Extract<LookQuery, { do: 'log' }>, take: TakeRow): Promise<number> {
    const { vault, session } = this.#parts
    await tellLog({ vault, session, replay: new LogReplay(vault, session), take }, query)
    return vault.log.state.head.sequence
  }

  async #inTree(query: Exclude<LookQuery, { do: 'log' }>, { take, online }: Counted): Promise<number> {
    // It is kept as what the vault is: what this device knew last is not that.
    if (query.do === 'export' && !online)
      throw new ClientError('relay-unreachable', 'what the relay has could not be asked', {
        retryable: true,
        data: { reason: 'closed' },
      })
    const work = async (tree: HistoryTree): Promise<number> => {
      if (query.do === 'list') await list(tree, query, take)
      else if (query.do === 'conflicts') await tellConflicts(tree, take)
      else if (query.do === 'read') await read(tree, query.path, take)
      else if (query.do === 'export') await this.#export(query, tree, take)
      else await new RestoreInto({ vault: this.#parts.vault, tree, take }).restore(query)
      return tree.sequence
    }
    const isOfNames = query.do === 'list' || query.do === 'conflicts'
    return await this.at(momentOf(query), work, isOfNames ? 'names' : 'contents')
  }

  async #export(
    { marks = false, from }: Extract<LookQuery, { do: 'export' }>,
    tree: HistoryTree,
    take: TakeRow,
  ): Promise<void> {
    const { vault, session } = this.#parts
    const { sequence } = tree
    const isNamed = marks || from !== undefined
    const hash = isNamed ? await new LogReplay(vault, session).hashAt(sequence) : undefined
    if (from !== undefined) assertSameTree(vault, from, hash)
    await tellExport(this.#parts, { ...tree, hash: marks ? hash : undefined, from }, take)
  }
}

function momentOf(query: Exclude<LookQuery, { do: 'log' }>): Moment | undefined {
  if (query.do !== 'export' || query.from === undefined) return query.moment
  return { sequence: query.from.sequence }
}

/** What a version that retired needs may be gone, and an entry may be another one in a vault that was gone on with from a copy. @throws ClientError `history-gone` */
function assertSameTree({ log }: Vault, { sequence, hash }: ExportMark, hashNow: string | undefined): void {
  const { prune } = log.state.spine
  if (hash === hashNow && sequence >= (prune?.through ?? 0)) return
  throw new ClientError('history-gone', 'what was begun is not what the log has there now', {
    data: { sequence },
  })
}

async function list(
  tree: HistoryTree,
  { path, deep }: Extract<LookQuery, { do: 'list' }>,
  take: TakeRow,
): Promise<void> {
  const found = foundAt(tree, path)
  if (found.row !== undefined && found.row.value.kind !== 'directory')
    await take(nodeRow({ path: found.path, row: found.row }))
  else for await (const one of below(tree, found, deep)) await take(nodeRow(one))
}

async function tellConflicts(tree: HistoryTree, take: TakeRow): Promise<void> {
  for await (const { path, row } of below(tree, { id: rootId, path: rootPath }, true)) {
    const says = conflictNameSays(row.name)
    if (says === undefined) continue
    const { name, device, moment } = says
    const there = tree.trees.child('remote', row.parent, name) !== undefined
    await take({
      row: 'conflict',
      path: joinPath(parentOf(path), name),
      there,
      keptAs: path,
      device,
      moment,
    })
  }
}

async function read(tree: HistoryTree, path: string, take: TakeRow): Promise<void> {
  const found = foundAt(tree, path)
  const value = found.row?.value
  if (found.id === rootId || value === undefined || value.kind === 'directory')
    throw unknownPath(found.path, 'directory')
  if (value.kind === 'link') throw unknownPath(found.path, 'link')
  for await (const bytes of contentBytes(tree.fetch, value, found.path)) await take({ row: 'bytes', bytes })
}

function count(counts: Counts, row: HistoryRow): void {
  if (row.row === 'problem') counts.problems += 1
  // The bytes that came before are those of a tar: it says itself what is in it.
  if (row.row === 'progress') [counts.files, counts.bytes] = [row.filesDone, row.bytesDone]
  if (row.row === 'bytes') {
    counts.bytes += row.bytes.length
    if (counts.files === 0) counts.files = 1
  }
  if (row.row === 'conflict') counts.files += 1
  if (row.row === 'node' && row.kind !== 'directory') counts.files += 1
  if (row.row === 'node') counts.bytes += row.sizeBytes ?? 0
  if (row.row === 'restored' && row.kind !== 'directory') counts.files += 1
  if (row.row === 'change') counts.files += 1
  if (row.row === 'restored') counts.bytes += row.sizeBytes ?? 0
}
