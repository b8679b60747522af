// How an open folder stands: what `status` shows of it, and what a run says at its end.
import { toHex } from '@grenier/crypto'
import { deletionIn } from './deletion-watch.ts'
import { heldBack } from './brake-record.ts'
import type { FolderState, FolderStatus, Summary } from './events.ts'
import { healedIn } from './healed-note.ts'
import { mirrorsOf } from './mirror-list.ts'
import { mirrorStandings } from './mirror-note.ts'
import type { Tally } from './tally.ts'
import { verifiedIn } from './verified-note.ts'
import type { Vault } from './vault.ts'

/** What `status` shows. */
export async function statusOf(
  { trees, log, record }: Vault,
  at: { readonly state: FolderState; readonly tally: Tally; readonly lastContactMs: number | undefined },
): Promise<FolderStatus> {
  const { state, tally, lastContactMs } = at
  return {
    state,
    pending: trees.differingCount,
    conflicts: tally.conflicts,
    problems: tally.problems,
    head: log.isEmpty ? undefined : { seq: log.state.head.sequence, hash: toHex(log.state.head.hash) },
    held: heldBack(trees),
    deletion: deletionIn(trees),
    healed: healedIn(trees),
    verified: verifiedIn(trees),
    mirrors: log.isEmpty
      ? []
      : await mirrorStandings(trees, {
          relays: mirrorsOf({ trees, log }),
          at: record.relay,
          last: log.state.head.sequence,
        }),
    lastContactMs,
  }
}

/** What a run says at its end. */
export async function summaryOf(
  { trees, log }: Vault,
  at: { readonly tally: Tally; readonly traffic: { sentBytes: number; receivedBytes: number } },
): Promise<Summary> {
  const { tally, traffic } = at
  const { files, bytes } = await trees.held()
  const { head } = log.state
  return {
    files,
    bytes: Number(bytes),
    bytesSent: traffic.sentBytes,
    bytesReceived: traffic.receivedBytes,
    conflicts: tally.conflicts,
    problems: tally.problems,
    head: { seq: head.sequence, hash: toHex(head.hash) },
    durationMs: tally.durationMs,
  }
}
