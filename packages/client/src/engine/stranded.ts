// Entries that this device knows, and the relay lost with what lies in them: only an owner's device may put such ones back. Where none does, this
// device goes on with the relay's log by itself, if nothing but changes of files is left behind by that: files here stay as they are, and what
// differs from the log is sent again. Where an owner must know them, it waits for that owner, or for a person's word.
import { packIdOf, roleOf, type SealedBytes } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { entriesFrom, payloadPackAt } from '../state/entry-keep.ts'
import { ItemReader, ItemWriter } from '../state/item-codec.ts'
import { otherKey } from '../state/state-keys.ts'
import { headerOf } from './pruned-history.ts'
import type { Vault } from './vault.ts'

/** So long an owner's device is waited for, from when the relay first refused. */
export const ownersMs = 10 * 60_000
/** So long at least is between two attempts to go on: what is shown to the run and what to the attempt may differ each time. */
const againMs = 60_000

/** What becomes of a device that alone knows entries of which the relay lost the contents. */
export interface Stranded {
  /** How many entries they are, and the first of them. */
  readonly entries: number
  readonly from: number
  /**
   * Another device of an owner's must know them too, or what they say needs a person's look; else this one `waits` for so long, or `goes-on` without
   * them now.
   */
  readonly then: 'owners' | 'waits' | 'goes-on'
  readonly waitsMs: number
}

/** The relay refused an entry that names packs which it does not have. */
export function isPackMissing(error: unknown): error is ClientError {
  return (
    error instanceof ClientError && error.code === 'relay-refused' && error.data['reason'] === 'pack-missing'
  )
}

/** Whether a run ended so that this device goes on without what it alone knows. */
export function isGoingOn(error: unknown): error is ClientError {
  return isPackMissing(error) && error.data['then'] === 'goes-on'
}

/**
 * Judges what is left when everything that could be put back was. Notes when it was first so. `from`: where the relay's log ends, which is the
 * beginning of this one as far as that: whoever calls has compared the hashes.
 */
export async function strandedBy(vault: Vault, from: number): Promise<Stranded> {
  const { log, trees, record } = vault
  const entries = log.nextSequence - from
  // What a backup keeps its own way is its versions, too: nothing of it is left behind unasked.
  if (from <= 0 || entries <= 0 || record.backup !== undefined || !isFilesOnly(vault, from))
    return { entries, from, then: 'owners', waitsMs: 0 }
  const nowMs = nowOf(vault)
  const noted = notedIn(trees.other(key))
  // Another place of the log, or a clock that was ahead and is right again: what was noted says nothing.
  const isSame = noted !== undefined && noted.from === from && noted.sinceMs <= nowMs
  const sinceMs = isSame ? noted.sinceMs : nowMs
  if (!isSame) await note(vault, { from, sinceMs })
  const waitsMs = Math.max(0, sinceMs + ownersMs - nowMs)
  return { entries, from, then: waitsMs === 0 ? 'goes-on' : 'waits', waitsMs }
}

/**
 * What may be left unasked, from what was judged: nothing before it, and nothing but changes of files, wherever the log that is to be adopted parts
 * from this one. A relay may show it otherwise than it did. Gives what refuses it, by the last entry that both have (-1: none).
 */
export function leavingRefused(
  vault: Vault,
  stranded: ClientError,
): (base: number) => ClientError | undefined {
  const { log } = vault
  const judged = Number(stranded.data['from'])
  return (base) => {
    const from = base + 1
    if (from >= judged && isFilesOnly(vault, from)) return undefined
    const then: Stranded = { entries: log.nextSequence - from, from, then: 'owners', waitsMs: 0 }
    return new ClientError('relay-refused', stranded.message, {
      cause: stranded,
      data: { ...stranded.data, ...then },
    })
  }
}

/** An attempt to go on begins: whatever becomes of it, the next one is not at once. */
export async function putOff(vault: Vault, stranded: ClientError): Promise<void> {
  await note(vault, {
    from: Number(stranded.data['from']),
    sinceMs: Math.max(0, nowOf(vault) + againMs - ownersMs),
  })
}

/** The relay has what this device knows, or may not be followed: when it is refused again, owners are waited for as long as the first time. */
export async function forgetStranded({ trees }: Vault): Promise<void> {
  if (trees.other(key) !== undefined) await trees.write({ flush: true }, (rows) => rows.del(key))
}

function nowOf({ platform }: Vault): number {
  return Math.max(0, Math.round(platform.clock.now()))
}

/** Whether all from here on is changes of files and states, and none by a device that is an owner's: that one knows them, and may put them back. */
function isFilesOnly(vault: Vault, from: number): boolean {
  const { log } = vault
  for (let sequence = from; sequence < log.nextSequence; sequence += 1) {
    const header = headerOf(vault, sequence)
    if (header === undefined || (header.kind !== 'change' && header.kind !== 'checkpoint')) return false
    if (roleOf(log.state.spine, header.device) === 'owner') return false
  }
  return true
}

/** Sends the packs of large payloads, which are kept as they were: with them alone an entry may go back. Whether there were any. */
export async function putPayloadPacks(vault: Vault, session: RelaySession, from: number): Promise<boolean> {
  const { log, trees } = vault
  let some = false
  for await (const { sequence } of entriesFrom(trees, from))
    for (let position = 0; ; position += 1) {
      const bytes = payloadPackAt(trees, { sequence, position })
      if (bytes === undefined) break
      // It was sealed when it was first sent: only such packs are kept, under the name that their bytes have.
      await session.put(log.vault, { id: packIdOf(bytes), bytes: bytes as SealedBytes })
      some = true
    }
  return some
}

interface Noted {
  readonly from: number
  readonly sinceMs: number
}

const key = otherKey('stranded')

function notedIn(row: Uint8Array | undefined): Noted | undefined {
  if (row === undefined) return undefined
  const reader = new ItemReader(row)
  return { from: reader.uint(), sinceMs: reader.uint() }
}

async function note({ trees }: Vault, { from, sinceMs }: Noted): Promise<void> {
  const writer = new ItemWriter(32)
  writer.uint(from)
  writer.uint(sinceMs)
  const row = writer.take()
  await trees.write({ flush: true }, (rows) => rows.put(key, row))
}
