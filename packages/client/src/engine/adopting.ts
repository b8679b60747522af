// Base follows: what local and remote agree on is written down as such.
import type { Transaction } from '../state/trees-transaction.ts'
import type { Adopt, Commit } from '../sync/action.ts'
import type { NodeId, Row } from '../sync/tree.ts'

/** Carries out adopts, in the order of the plan (parents first): a node paired by path takes the id of the log. */
export async function adoptAll(transaction: Transaction, adopts: readonly Adopt[]): Promise<void> {
  for (const { local, remote, base } of adopts) {
    if (local !== remote) await transaction.rename(local, remote)
    transaction.set('base', remote, base)
  }
}

/**
 * After this device's own entry was folded: provisional nodes take the ids that the log gave them, and base follows what was
 * committed. Nothing else follows: what changed here meanwhile still differs.
 */
export async function settleCommits(transaction: Transaction, commits: readonly Commit[]): Promise<void> {
  const given = new Map<NodeId, NodeId>()
  const resolve = (id: NodeId): NodeId => given.get(id) ?? id
  for (const commit of commits) {
    if (commit.op === 'remove') await forgetBase(transaction, commit.id)
    else if (commit.op === 'move') settleMove(transaction, { ...commit, parent: resolve(commit.parent) })
    else
      await settlePut(
        transaction,
        { ...commit, row: { ...commit.row, parent: resolve(commit.row.parent) } },
        given,
      )
  }
}

async function settlePut(
  transaction: Transaction,
  commit: Extract<Commit, { op: 'put' }>,
  given: Map<NodeId, NodeId>,
): Promise<void> {
  const { parent, name } = commit.row
  const id = transaction.child('remote', parent, name)
  if (id === undefined) return
  if (id !== commit.id) {
    await transaction.rename(commit.id, id)
    given.set(commit.id, id)
  }
  if (commit.replaces !== undefined && commit.replaces !== id) await forgetBase(transaction, commit.replaces)
  transaction.set('base', id, transaction.get(id)?.remote)
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
async function forgetBase(transaction: Transaction, id: NodeId): Promise<void> {
  for await (const child of transaction.children('base', id)) await forgetBase(transaction, child.id)
  transaction.set('base', id, undefined)
}
