// A sealed export from login to end: a line of its own to the relay, so that neither a sync that runs nor its state is disturbed.
import { fromHex, toHex, vaultId, type PackId } from '@grenier/crypto'
import type { ArchiveWriter } from '../archive/archive-writer.ts'
import type { FolderRecord } from '../home/home.ts'
import type { LogAnchor } from '../log/log-anchor.ts'
import { VaultLog } from '../log/vault-log.ts'
import { Backoff } from '../relay/backoff.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { EngineContext } from './api.ts'
import { Connection } from './connection.ts'
import type { Summary } from './events.ts'
import { keepingEvidence } from './halting.ts'
import { patiently } from './patiently.ts'
import { deviceLogin, logInAt } from './relay-login.ts'
import { exportSealed } from './sealed-export.ts'
import { Tally } from './tally.ts'

/** Attempts to reach the relay, or to go on where a line broke, before it is given up. */
const attemptsMax = 4

/** What a sealed export did. `lacking`: packs that the relay did not have. */
export interface SealedExportResult {
  readonly summary: Summary
  readonly entries: number
  readonly packs: number
  readonly lacking: readonly PackId[]
}

/** `known`: how far this device knows the log: it must come to that. @throws ClientError as `exportSealed`; `relay-unreachable`, `relay-refused` */
export async function runSealedExport(
  context: EngineContext,
  { record, known, writer }: { record: FolderRecord; known: LogAnchor | undefined; writer: ArchiveWriter },
): Promise<SealedExportResult> {
  const { home, platform, report, signal } = context
  const { clock, random } = platform
  let isOver = false
  const connection = new Connection({
    open: () => logInAt(platform, record.relay, deviceLogin(home)),
    clock,
    backoff: new Backoff(random),
    signal,
    attemptsMax: () => attemptsMax,
    changed: (state) => {
      // That the line goes down in the end is no news.
      if (!isOver) report({ event: 'state', state: state === 'online' ? 'syncing' : 'offline' })
    },
  })
  const traffic = (): { sentBytes: number; receivedBytes: number } => connection.traffic
  const tally = new Tally({ clock, report, device: home.deviceName, traffic })
  const log = new VaultLog(vaultId(fromHex(record.vault)), home.device, { anchor: known })
  const onSession = <T>(work: (session: RelaySession) => Promise<T>): Promise<T> =>
    patiently(connection, attemptsMax, work)
  try {
    const counts = await keepingEvidence({ home, clock, record }, () =>
      exportSealed({ log, writer, pool: platform.pool, onSession, tally }),
    )
    return { ...counts, summary: summaryOf(log, tally, connection) }
  } finally {
    isOver = true
    await connection.close()
  }
}

function summaryOf(log: VaultLog, tally: Tally, { traffic }: Connection): Summary {
  const { sequence, hash } = log.state.head
  const { filesTotal, bytesTotal } = tally.progress
  return {
    files: filesTotal,
    bytes: bytesTotal,
    bytesSent: traffic.sentBytes,
    bytesReceived: traffic.receivedBytes,
    conflicts: 0,
    problems: 0,
    head: { seq: sequence, hash: toHex(hash) },
    durationMs: tally.durationMs,
  }
}
