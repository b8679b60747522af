// What an entry on its way to the relay came from. When the answer to it is lost, the entry comes back with the log: only this note then tells
// what of it was this device's word, and base follows as if the answer had come. Else what the user does meanwhile would meet the own
// entry as if it were somebody else's: a file that is back would go again, an edit would be a conflict with itself.
import { toHex, type BodyHash } from '@grenier/crypto'
import { otherKey } from '../state/state-keys.ts'
import type { StateRows, StateRowsWriter } from '../state/state-rows.ts'
import type { TreesStore } from '../state/trees-store.ts'
import type { Commit } from '../sync/action.ts'
import { mergedIn, type Field } from '../sync/agreed.ts'
import type { Name } from '../sync/name.ts'
import type { NodeId } from '../sync/tree.ts'

/** A commit, as far as base follows it. `id` and `parent`: as they were called here before the entry. */
export type Sent =
  | {
      readonly op: 'put'
      readonly id: NodeId
      readonly parent: NodeId
      readonly name: Name
      readonly replaces?: NodeId | undefined
      /** What of it is the log's, and was not this device's word: nothing where this is left out. */
      readonly merged?: readonly Field[] | undefined
    }
  | { readonly op: 'move'; readonly id: NodeId; readonly parent: NodeId; readonly name: Name }
  | { readonly op: 'remove'; readonly id: NodeId }

/** Notes are JSON: names that are not UTF-8 are lone surrogates, which it escapes. `body`: hex. */
interface Note {
  readonly body: string
  readonly sent: readonly Sent[]
}

const key = otherKey('sent')
/** A relay may still take an entry after the next one was made, when a line broke in between: the last few are kept. */
const notesMax = 4

/** What base needs to know of a commit. `trees`: as they are before it. */
export function sentOf(commit: Commit, trees: Pick<TreesStore, 'get'>): Sent {
  const { op, id } = commit
  if (op === 'remove') return { op, id }
  if (op === 'move') return { op, id, parent: commit.parent, name: commit.name }
  const { row, replaces } = commit
  const merged = mergedIn(row, trees.get(id) ?? {})
  const put = { op, id, parent: row.parent, name: row.name, replaces }
  return merged.length === 0 ? put : { ...put, merged }
}

/**
 * Notes what is about to be sent, before it is: so that it outlives this process; and a loss of power too, where something that both sides
 * know goes or changes. After one, new files alone are found to be there already.
 */
export async function noteSent(trees: TreesStore, body: BodyHash, sent: readonly Sent[]): Promise<void> {
  const note: Note = { body: toHex(body), sent }
  const flush = sent.some(({ op, id }) => op !== 'put' || trees.get(id)?.base !== undefined)
  await trees.write({ flush }, (transaction) => {
    put(transaction, [...notesIn(transaction), note].slice(-notesMax))
  })
  await trees.settled()
}

/** What was noted for an entry; undefined when it is another one. */
export function sentIn(rows: StateRows, body: BodyHash): readonly Sent[] | undefined {
  return notesIn(rows).find((note) => isOf(note, body))?.sent
}

/** The entry is folded: what was noted of it, and of those before it, has served. */
export function forgetSent(rows: StateRowsWriter, body: BodyHash): void {
  const notes = notesIn(rows)
  const at = notes.findIndex((note) => isOf(note, body))
  if (at !== -1) put(rows, notes.slice(at + 1))
}

function notesIn(rows: StateRows): readonly Note[] {
  const bytes = rows.other(key)
  return bytes === undefined ? [] : (JSON.parse(Buffer.from(bytes).toString()) as Note[])
}

function put(rows: StateRowsWriter, notes: readonly Note[]): void {
  if (notes.length === 0) rows.del(key)
  else rows.put(key, Buffer.from(JSON.stringify(notes)))
}

function isOf({ body }: Note, other: BodyHash): boolean {
  return body === toHex(other)
}
