// A tree of the history as a tar, told as rows: bytes in order, and now and then how far it is.
import type { RelaySession } from '../relay/relay-session.ts'
import { markPace, type ExportMark, type TarMark } from './export-mark.ts'
import { exportTree, type Marks } from './export.ts'
import type { TakeRow } from './history-query.ts'
import type { HistoryTree } from './history-tree.ts'
import { Tally } from './tally.ts'
import type { Vault } from './vault.ts'

export interface TellExportParts {
  readonly vault: Vault
  readonly session: () => Promise<RelaySession>
  /** Bytes over the line so far. */
  readonly traffic: () => { readonly sentBytes: number; readonly receivedBytes: number }
}

/** What is told. `hash`: of the log at the tree's sequence, hex, where marks are wanted. `from`: of that very tree. */
export interface ToldTree extends HistoryTree {
  readonly hash?: string | undefined
  readonly from?: ExportMark | undefined
}

/** @throws ClientError `relay-unreachable`, and as `exportTree` */
export async function tellExport(
  { vault, session, traffic }: TellExportParts,
  { trees, content, sequence, hash, from }: ToldTree,
  take: TakeRow,
): Promise<void> {
  // Of what the relay did not confirm nobody could say what it lacks.
  await session()
  const before = traffic()
  let isDue = false
  const tally = new Tally({
    clock: vault.platform.clock,
    report: () => (isDue = true),
    device: '',
    traffic: () => {
      const { sentBytes, receivedBytes } = traffic()
      return {
        sentBytes: sentBytes - before.sentBytes,
        receivedBytes: receivedBytes - before.receivedBytes,
      }
    },
  })
  // Rows go one after the other: how far it is goes before the next bytes.
  const tellProgress = async (): Promise<void> => {
    isDue = false
    await take({ row: 'progress', ...tally.progress })
  }
  const takeMark = (mark: TarMark): Promise<void> =>
    hash === undefined ? Promise.resolve() : take({ row: 'mark', mark: { ...mark, sequence, hash } })
  const marks: Marks = { ...markPace, clock: vault.platform.clock, take: takeMark }
  await exportTree({
    ...{ trees, content, tally, signal: vault.signal, from },
    marks: hash === undefined ? undefined : marks,
    take: async (bytes) => {
      if (isDue) await tellProgress()
      await take({ row: 'bytes', bytes })
    },
    problem: (problem) => take({ row: 'problem', ...problem }),
  })
  await tellProgress()
}
