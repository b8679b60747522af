// What a halt leaves behind: the evidence of it, as a file of the home, named in the error.
import type { Clock } from '../clock.ts'
import { ClientError } from '../errors.ts'
import type { FolderRecord, Home } from '../home/home.ts'
import type { FolderEvent } from './events.ts'
import { encodeEvidence, evidenceOf } from '../log/evidence.ts'

/** Whose evidence it is. */
export interface HaltingOf {
  readonly home: Pick<Home, 'keepEvidence'>
  readonly clock: Clock
  readonly record: Pick<FolderRecord, 'vault' | 'relay'>
}

/** Does the work; an error of it that has evidence comes out with the path of the file that holds it, as `data.evidence`. */
export async function keepingEvidence<T>(of: HaltingOf, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof ClientError ? await withFile(of, error) : error
  }
}

async function withFile({ home, clock, record }: HaltingOf, error: ClientError): Promise<ClientError> {
  const evidence = evidenceOf(error)
  if (evidence === undefined) return error
  const { vault, relay } = record
  const { code, message, data, retryable } = error
  const about = { code, what: String(data['what'] ?? message), atMs: clock.now(), vault, relay }
  const place = data['sequence'] ?? data['came'] ?? 'log'
  try {
    const path = await home.keepEvidence(vault, `${code}-${place}.json`, encodeEvidence(evidence, about))
    return new ClientError(code, message, { cause: error, retryable, data: { ...data, evidence: path } })
  } catch {
    // The halt counts, not the paper: a full disk must not hide it.
    return error
  }
}

const halts: readonly string[] = ['relay-contradicts', 'relay-corrupt', 'relay-rollback']
const waits: readonly string[] = [
  ...['brake', 'folder-unmarked', 'state-foreign', 'update-needed'],
  ...['key-withheld', 'checkpoint-broken'],
]

/** The state that a folder is left in by an error, if it is one that it stands still for. */
export function stillnessOf(error: unknown): Extract<FolderEvent, { event: 'state' }> | undefined {
  if (!(error instanceof ClientError)) return undefined
  const { code } = error
  if (halts.includes(code)) return { event: 'state', state: 'halted', code }
  if (code === 'device-revoked') return { event: 'state', state: 'revoked', code }
  return waits.includes(code) ? { event: 'state', state: 'braked', code } : undefined
}
