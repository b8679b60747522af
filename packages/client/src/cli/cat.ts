// `grenier cat`: the bytes of a file of the vault, now or as it was, on standard output; each part is checked before it is written.
import type { HistoryRow } from '../engine/history-query.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import { askedFolder, askHistory, endHistory } from './history.ts'
import type { Invocation } from './invocation.ts'
import { parseMoment } from './moments.ts'

/** Writes the file out. @throws ClientError; what was written until then is good, and is not all */
export async function cat(
  invocation: Invocation,
  { folder, path }: { readonly folder: string; readonly path: string },
  flags: { readonly at?: string | undefined },
): Promise<ExitCode> {
  const startMs = performance.now()
  invocation.output.giveStdoutAway()
  const asked = askedFolder(invocation, folder)
  const at = flags.at === undefined ? {} : { moment: parseMoment(flags.at, Date.now()) }
  const query = { do: 'read' as const, path, ...at }
  const take = async (row: HistoryRow): Promise<void> => {
    if (row.row === 'bytes') await writeOut(row.bytes)
  }
  const answer = await askHistory(invocation, asked, { query, take })
  return endHistory(invocation, asked, { answer, startMs })
}

/** Resolves when it is written. @throws ClientError `interrupted` when nobody reads any more, `disk-full`, `disk-failed` */
export async function writeOut(bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(bytes, (error) => {
      if (error === null || error === undefined) resolve()
      else reject(writeFault(error))
    })
  })
}

function writeFault(cause: Error): ClientError {
  const code = 'code' in cause ? String(cause.code) : ''
  if (code === 'ENOSPC') return new ClientError('disk-full', 'no room for what is written', { cause })
  if (code === 'EPIPE') return new ClientError('interrupted', 'nobody reads any more', { cause })
  return new ClientError('disk-failed', 'standard output cannot be written to', { cause })
}
