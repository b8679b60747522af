// Whether this device was taken out of the vault, as the log proves it: signed by one who had the right. It is final, as keys are used once;
// the device keeps its files, and does nothing more about this vault.
import { decodeEntry, toHex, type Entry } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { Judged } from '../log/vault-log.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { entryAt } from '../state/entry-keep.ts'
import { ItemReader, ItemWriter } from '../state/item-codec.ts'
import { otherKey } from '../state/state-keys.ts'
import type { StateRows } from '../state/state-rows.ts'
import { nameOfDevice } from './members.ts'
import type { Vault } from './vault.ts'

/** The entry that took this device out: its place, its signer (hex), its time (ms); the signer's name, as far as it was known when this device heard. */
interface Leaving {
  readonly sequence: number
  readonly by: string
  readonly atMs: number
  readonly byName?: string
}

const key = otherKey('left')
const writer = new ItemWriter(128)

/** @throws ClientError `device-revoked` when this device was taken out */
export function refuseLeft(vault: Vault): void {
  const left = leavingOf(vault)
  if (left !== undefined) throw revoked(vault, left)
}

/** The same, when it has just heard it from the log: later it cannot open any more who that was, and writes it down. @throws ClientError `device-revoked` */
export async function heedLeft(vault: Vault): Promise<void> {
  const left = leavingOf(vault)
  if (left === undefined) return
  await noteLeft(vault, left)
  throw revoked(vault, left)
}

/**
 * The relay does not let this device ask any more. It still gives what led to that, which is judged like any log and kept as a note alone.
 * @throws ClientError `device-revoked` when the log says the same; `refusal` when it does not; `relay-contradicts`
 */
export async function explainRefusal(
  vault: Vault,
  session: RelaySession,
  refusal: ClientError,
): Promise<never> {
  refuseLeft(vault)
  const { log } = vault
  const last = await log.judgeOn(session.entries(log.vault, log.nextSequence)).catch((error: unknown) => {
    throw isRightLost(error) ? refusal : error
  })
  const left = last && leavingAfter(vault, last)
  if (left === undefined) throw refusal
  await noteLeft(vault, left)
  throw revoked(vault, left)
}

async function noteLeft(vault: Vault, { sequence, atMs, by }: Leaving): Promise<void> {
  // Asked first: where it fails, nothing may be left in the writer for the next note.
  const name = Buffer.from(nameOfDevice(vault, by) ?? '')
  writer.uint(sequence)
  writer.uint(atMs)
  writer.latin1(by)
  writer.bytes(name)
  const row = writer.take()
  await vault.trees.write({ flush: true }, (rows) => rows.put(key, row))
}

/** Does the work; where a right is missing that this device had, the log says why. @throws ClientError as `work`; `device-revoked` */
export async function explained<T>(
  vault: Vault,
  connection: { session(): Promise<RelaySession> },
  work: () => Promise<T>,
): Promise<T> {
  return await orExplained(vault, work, async (refusal) =>
    explainRefusal(vault, await connection.session(), refusal),
  )
}

/** The same where the log may not go on from the one known here: that is what the work is about, and not why it was refused. @throws as `explained` */
export async function explainedInFork<T>(
  vault: Vault,
  session: RelaySession,
  work: () => Promise<T>,
): Promise<T> {
  return await orExplained(vault, work, (refusal) =>
    explainRefusal(vault, session, refusal).catch((said: unknown) => {
      throw said instanceof ClientError && said.code === 'relay-contradicts' ? refusal : said
    }),
  )
}

async function orExplained<T>(
  { log }: Vault,
  work: () => Promise<T>,
  explain: (refusal: ClientError) => Promise<never>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isRightLost(error) || log.isEmpty) throw error
    return await explain(error)
  }
}

/** Whether the relay says that this key has no right to what was asked: it never had it, or not any more. */
export function isRightLost(error: unknown): error is ClientError {
  return error instanceof ClientError && error.code === 'relay-refused' && error.data['reason'] === 'no-right'
}

/** Whether the relay says that it has no such vault, or none for this key. */
export function isVaultUnknown(error: unknown): boolean {
  return (
    error instanceof ClientError && error.code === 'relay-refused' && error.data['reason'] === 'vault-unknown'
  )
}

function leavingOf(vault: Vault): Leaving | undefined {
  const { log, trees } = vault
  const noted = noteIn(trees)
  if (noted !== undefined || log.isEmpty) return noted
  const until = log.state.spine.devices.get(ownKey(vault))?.until
  const bytes = until === undefined ? undefined : entryAt(trees, until)
  return bytes && leavingBy(decodeEntry(bytes))
}

function leavingAfter(vault: Vault, { entry, state }: Judged): Leaving | undefined {
  const until = state.spine.devices.get(ownKey(vault))?.until
  if (until === undefined) return undefined
  return entry?.header.sequence === until
    ? leavingBy(entry)
    : { sequence: until, by: '', atMs: state.head.at }
}

function leavingBy({ header }: Entry): Leaving {
  return { sequence: header.sequence, by: toHex(header.device), atMs: header.at }
}

function noteIn(rows: StateRows): Leaving | undefined {
  const bytes = rows.other(key)
  if (bytes === undefined) return undefined
  const reader = new ItemReader(bytes)
  const [sequence, atMs] = [reader.uint(), reader.uint()]
  const by = Buffer.from(reader.bytes()).toString('latin1')
  // A note of before ends here.
  const byName = reader.atEnd ? '' : Buffer.from(reader.bytes()).toString()
  return { sequence, atMs, by, ...(byName === '' ? {} : { byName }) }
}

function ownKey({ home }: Vault): string {
  return toHex(home.device.sign.publicKey)
}

function revoked(vault: Vault, { sequence, by, atMs, byName: noted }: Leaving): ClientError {
  const byName = noted ?? nameOfDevice(vault, by)
  const { log } = vault
  // Who was taken out before it had read the log knows nobody.
  const byKind = !log.isEmpty && log.state.spine.identities.has(by) ? { byKind: 'identity' } : {}
  return new ClientError('device-revoked', 'this device was taken out of the vault', {
    data: { sequence, by, atMs, ...(byName === undefined ? {} : { byName }), ...byKind },
  })
}
