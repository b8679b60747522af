// Base follows: what local and remote agree on is written down as such.
import type { Transaction } from '../state/trees-transaction.ts'
import type { Adopt } from '../sync/action.ts'
import { committedBase } from '../sync/agreed.ts'
import { sameContent, type NodeId, type Row } from '../sync/tree.ts'
import type { Sent } from './sent-note.ts'

/** Carries out adopts, in the order of the plan (parents first): a node paired by path takes the id of the log. */
export async function adoptAll(transaction: Transaction, adopts: readonly Adopt[]): Promise<void> {
  for (const { local, remote, base } of adopts) {
    if (local !== remote) await transaction.rename(local, remote)
    transaction.set('base', remote, base)
  }
}

/** What commits that were folded came to. */
export interface Settled {
  /** Provisional ids that the log gave another. */
  readonly given: ReadonlyMap<NodeId, NodeId>
  /** Files that both sides agreed on before, and what became of them. */
  readonly lost: ReadonlyMap<NodeId, 'gone' | 'changed'>
}

interface Settling {
  readonly given: Map<NodeId, NodeId>
  readonly lost: Map<NodeId, 'gone' | 'changed'>
}

/**
 * After this device's own entry was folded: provisional nodes take the ids that the log gave them, and base follows what was
 * committed. Nothing else follows: what changed here meanwhile still differs.
 */
export async function settleCommits(transaction: Transaction, commits: readonly Sent[]): Promise<Settled> {
  const settling: Settling = { given: new Map(), lost: new Map() }
  const resolve = (id: NodeId): NodeId => settling.given.get(id) ?? id
  for (const commit of commits) {
    if (commit.op === 'remove') await forgetBase(transaction, commit.id, settling)
    else if (commit.op === 'move') settleMove(transaction, { ...commit, parent: resolve(commit.parent) })
    else {
      const put = { ...commit, parent: resolve(commit.parent) }
      if (!settleNew(transaction, put, settling)) await settlePut(transaction, put, settling)
    }
  }
  return settling
}

/** A file or link that was new here, and is in the log as it stands: the way of nearly all that is sent in bulk. */
function settleNew(
  transaction: Transaction,
  { id, parent, name, replaces }: Extract<Sent, { op: 'put' }>,
  { given }: Settling,
): boolean {
  const to = replaces === undefined ? transaction.child('remote', parent, name) : undefined
  if (to === undefined || to === id || !transaction.becomes(id, to)) return false
  given.set(id, to)
  return true
}

async function settlePut(
  transaction: Transaction,
  commit: Extract<Sent, { op: 'put' }>,
  settling: Settling,
): Promise<void> {
  const { parent, name } = commit
  const id = transaction.child('remote', parent, name)
  if (id === undefined) return
  if (id !== commit.id) {
    await transaction.rename(commit.id, id)
    settling.given.set(commit.id, id)
  }
  if (commit.replaces !== undefined && commit.replaces !== id)
    await forgetBase(transaction, commit.replaces, settling)
  const { base, remote } = transaction.get(id) ?? {}
  if (base?.value.kind === 'file' && remote?.value.kind === 'file' && !sameContent(base.value, remote.value))
    settling.lost.set(id, 'changed')
  transaction.set('base', id, remote && committedBase({ base, remote }, commit.merged))
}

/** Only the place follows: the value may still differ in its own way. */
function settleMove(
  transaction: Transaction,
  commit: { id: NodeId; parent: NodeId; name: Row['name'] },
): void {
  const base = transaction.get(commit.id)?.base
  if (base !== undefined)
    transaction.set('base', commit.id, { ...base, parent: commit.parent, name: commit.name })
}

/** The node and everything below it is gone on both sides. */
async function forgetBase(transaction: Transaction, id: NodeId, settling: Settling): Promise<void> {
  for await (const child of transaction.children('base', id))
    await forgetBase(transaction, child.id, settling)
  if (transaction.get(id)?.base?.value.kind === 'file') settling.lost.set(id, 'gone')
  transaction.set('base', id, undefined)
}
