// The log as people read it: which entry, when, by which device, and which paths it changed, the latest first. What each entry did is seen while
// the log is folded once more; it waits, on the disk, until it is told.
import {
  CryptoError,
  decodeGenesisPayload,
  decodeMemberPayload,
  signingKey,
  toHex,
  type Entry,
} from '@grenier/crypto'
import { numberKey, otherKey } from '../state/state-keys.ts'
import type { Transaction } from '../state/trees-transaction.ts'
import { sameValue, type NodeId, type Row } from '../sync/tree.ts'
import { membersTouched } from './history-members.ts'
import { FormerState, type FoldedEntry, type FormerStateOptions } from './former-state.ts'
import type { ChangeRow, EntryRow, LookQuery, TakeRow } from './history-query.ts'

type LogQuery = Extract<LookQuery, { do: 'log' }>

interface Noted {
  readonly entry: EntryRow
  readonly changes: readonly ChangeRow[]
}

const prefix = otherKey('log!')

/** Tells the log. @throws ClientError as `FormerState.open` */
export async function tellLog(
  on: Pick<FormerStateOptions, 'vault' | 'replay' | 'session'> & { readonly take: TakeRow },
  query: LogQuery,
): Promise<void> {
  const { vault, replay, session, take } = on
  const notes = new LogNotes(query)
  const sequence = vault.log.state.head.sequence
  const hear = (transaction: Transaction, folded: FoldedEntry): (() => void) =>
    notes.hear(transaction, folded)
  const former = await FormerState.open({ vault, replay, session, sequence, hear })
  try {
    await former.trees.settled()
    for await (const [, bytes] of former.trees.others(prefix, { reverse: true })) {
      if (vault.signal.aborted) return
      const { entry, changes } = JSON.parse(Buffer.from(bytes).toString()) as Noted
      await take(notes.named(entry))
      for (const change of changes) await take(change)
    }
  } finally {
    await former.close()
  }
}

/** Notes what is wanted, and no more than so many entries. */
class LogNotes {
  readonly #query: LogQuery
  readonly #names = new Map<string, string>()
  #kept: number[] = []

  constructor(query: LogQuery) {
    this.#query = query
  }

  /** With the names of who signed and whom it is about: those of devices that left, too. */
  named({ members, ...entry }: EntryRow): EntryRow {
    const deviceName = this.#names.get(entry.device)
    const named = members?.map((member) => {
      const name = this.#names.get(member.id)
      return name === undefined ? member : { ...member, name }
    })
    const signer = deviceName === undefined ? {} : { deviceName }
    return { ...entry, ...signer, ...(named === undefined ? {} : { members: named }) }
  }

  hear(transaction: Transaction, folded: FoldedEntry): () => void {
    this.#learn(folded)
    const before = placesBefore(transaction, folded)
    return () => {
      const changes = changesOf(transaction, folded, before)
      const wanted = this.#wanted(changes)
      if (!this.#isWanted(folded, wanted)) return
      const { sequence } = folded
      const noted: Noted = { entry: rowOf(folded, changes.length), changes: wanted }
      transaction.put(prefix + numberKey(sequence), Buffer.from(JSON.stringify(noted)))
      this.#kept.push(sequence)
      this.#dropOldest(transaction)
    }
  }

  #dropOldest(transaction: Transaction): void {
    const { limit } = this.#query
    if (limit === undefined || this.#kept.length <= limit) return
    const oldest = this.#kept.shift()
    if (oldest !== undefined) transaction.del(prefix + numberKey(oldest))
  }

  #wanted(changes: readonly ChangeRow[]): readonly ChangeRow[] {
    const { path = '' } = this.#query
    if (path === '') return changes
    return changes.filter((change) => concerns(change, path))
  }

  #isWanted({ entry: { header }, void: why }: FoldedEntry, changes: readonly ChangeRow[]): boolean {
    const { path = '', all = false } = this.#query
    if (path !== '') return changes.length > 0
    if (all || changes.length > 0 || why !== undefined) return true
    return header.kind === 'genesis' || header.kind === 'member' || header.kind === 'config'
  }

  #learn({ entry, body }: FoldedEntry): void {
    if (body === undefined) return
    try {
      const { header } = entry
      if (header.kind === 'genesis')
        this.#names.set(toHex(header.device), decodeGenesisPayload(body).deviceName)
      if (header.kind === 'member')
        for (const { device, name } of decodeMemberPayload(body).devices)
          this.#names.set(toHex(signingKey(device)), name)
    } catch (error) {
      // A bad payload of the spine loses names only.
      if (!(error instanceof CryptoError)) throw error
    }
  }
}

/** Whether a change is about what is at a path or below; a directory above it that is moved or removed takes it along. */
function concerns({ path, from, action }: ChangeRow, wanted: string): boolean {
  const places = from === undefined ? [path] : [path, from]
  const isBelow = places.some((place) => place === wanted || place.startsWith(`${wanted}/`))
  return isBelow || (action !== 'put' && places.some((place) => wanted.startsWith(`${place}/`)))
}

function rowOf({ sequence, state, entry, void: why }: FoldedEntry, changes: number): EntryRow {
  const { header } = entry
  const members = membersTouched(sequence, state.spine, entry)
  return {
    row: 'entry',
    sequence,
    hash: toHex(state.head.hash),
    atMs: header.at,
    device: toHex(header.device),
    kind: header.kind,
    ...actionOf(entry),
    ...(members.length === 0 ? {} : { members }),
    ...(why === undefined ? {} : { void: why }),
    changes,
  }
}

function actionOf({ header }: Entry): { action?: string } {
  return header.kind === 'member' ? { action: header.part.action } : {}
}

interface Place {
  readonly path: string
  readonly row: Row
}

function placesBefore(transaction: Transaction, { applied }: FoldedEntry): ReadonlyMap<NodeId, Place> {
  const places = new Map<NodeId, Place>()
  for (const id of applied?.rows.keys() ?? []) {
    const row = transaction.get(id)?.remote
    const path = row && transaction.pathOf('remote', id)
    if (row !== undefined && path !== undefined) places.set(id, { path, row })
  }
  return places
}

/** What became of each node, by path. A node that took the place of another is a `put` there, and no removal. */
function changesOf(
  transaction: Transaction,
  { sequence, applied }: FoldedEntry,
  before: ReadonlyMap<NodeId, Place>,
): ChangeRow[] {
  const changes: ChangeRow[] = []
  const taken = new Set<string>()
  const row = 'change'
  for (const [id, now] of applied?.rows ?? []) {
    const old = before.get(id)
    const path = now && transaction.pathOf('remote', id)
    if (now === undefined || path === undefined) continue
    const hasMoved = old !== undefined && (old.row.parent !== now.parent || old.row.name !== now.name)
    if (hasMoved) changes.push({ row, sequence, action: 'move', path, from: old.path })
    if (!hasMoved || !sameValue(old.row.value, now.value))
      changes.push({ row, sequence, action: 'put', path })
    taken.add(path)
  }
  for (const [id, { path }] of before)
    if (applied?.rows.get(id) === undefined && !taken.has(path))
      changes.push({ row, sequence, action: 'remove', path })
  return changes.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}
