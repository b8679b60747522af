// Where the vault goes on when an owner took it to another relay: the log says so, in an owner's `config` that continues from the entry before
// it. It is the last entry that anybody takes from the relay that was left. A relay's word alone sends nobody anywhere.
import {
  CryptoError,
  decodeEntry,
  equal,
  makeConfig,
  roleOf,
  type ConfigHeader,
  type Entry,
  type SigningKey,
} from '@grenier/crypto'
import { parseRelayUrl, ProtocolError } from '@grenier/protocol'
import { ClientError } from '../errors.ts'
import { VaultLog, type Judged } from '../log/vault-log.ts'
import type { RelayEntry, RelaySession } from '../relay/relay-session.ts'
import { otherKey } from '../state/state-keys.ts'
import type { StateRows, StateRowsWriter } from '../state/state-rows.ts'
import { briefly } from './brief-session.ts'
import type { EntryWriter } from './entry-writer.ts'
import type { Receiver } from './receiver.ts'
import type { Vault } from './vault.ts'

/** The relay that the log said to go on at; kept with the entry, until the home has it. */
const goingKey = otherKey('going-on')
/** The relay that a person said to go on at, until the log of an owner says the same. */
const toldKey = otherKey('told-relay')

/**
 * The relay to which this entry, which follows, takes the vault from where it is; undefined where it stays. Who reads a log that was taken on and on
 * stays where it reads, as long as a later entry there takes it further, of who is an owner at that other relay as well.
 * @throws ClientError `relay-contradicts` when what comes behind it is no log
 */
export async function leadsTo(
  vault: Vault,
  session: RelaySession,
  judged: Judged,
): Promise<string | undefined> {
  const relay = moveIn(judged.entry)
  if (relay === undefined || relay === vault.record.relay || vault.stays === true || isTold(vault))
    return undefined
  const { log } = vault
  const last = await log.judgeOn(session.entries(log.vault, judged.sequence))
  const since = last?.state.spine.continuation?.since
  if (since === judged.sequence) return relay
  if (since === undefined) return undefined
  const signer = await signerOf(session.entries(log.vault, since))
  return (await isWithdrawn(vault, judged, { relay, signer })) ? relay : undefined
}

/** Of the first of these entries. */
async function signerOf(entries: AsyncIterable<RelayEntry>): Promise<SigningKey | undefined> {
  for await (const given of entries)
    return 'entry' in given ? decodeEntry(given.entry).header.device : undefined
  return undefined
}

/**
 * Whether who took the vault further, by the log that was left, is no owner where this entry takes it: who was taken out there is an owner still in
 * what ends before. Where that relay cannot be asked, nothing is known against it.
 * @throws ClientError `interrupted`: what was not asked is not decided
 */
async function isWithdrawn(
  vault: Vault,
  { state, sequence }: Judged,
  { relay, signer }: { readonly relay: string; readonly signer: SigningKey | undefined },
): Promise<boolean> {
  if (signer === undefined) return false
  const { log, signal } = vault
  try {
    return await briefly(vault, relay, async (session) => {
      const there = new VaultLog(log.vault, log.device, { state })
      const last = await there.judgeOn(session.entries(log.vault, sequence + 1))
      return last !== undefined && roleOf(last.state.spine, signer) !== 'owner'
    })
  } catch (error) {
    if (signal.aborted) throw error
    if (error instanceof ClientError || error instanceof CryptoError) return false
    throw error
  }
}

/** The relay that an owner's entry takes the vault to. A URL that is none leads nowhere. */
export function moveIn(entry: Entry | undefined): string | undefined {
  if (entry?.header.kind !== 'config') return undefined
  const { part, sequence, previous }: ConfigHeader = entry.header
  const { continuation } = part
  if (continuation?.sequence !== sequence - 1 || !equal(continuation.hash, previous)) return undefined
  try {
    return parseRelayUrl(continuation.relay).text
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

/** Joins the transaction that keeps the entry. `relay`: as of `leadsTo`. */
export function noteMove(
  rows: StateRowsWriter,
  { record }: Vault,
  { entry, relay }: { readonly entry: Entry | undefined; readonly relay: string | undefined },
): void {
  if (relay !== undefined) rows.put(goingKey, Buffer.from(relay))
  // What a person said is what the log says now.
  else if (moveIn(entry) === record.relay) rows.del(toldKey)
}

/** What ends all that is under way with the relay that was left; the next connection is one to the other. */
export function left(relay: string): ClientError {
  return new ClientError('vault-moved', 'the vault goes on at another relay', {
    retryable: true,
    data: { relay },
  })
}

/** Does the work; again at the relay where the vault goes on, where it was taken there in the middle of it. @throws what `work` throws */
export async function movingAlong<T>(
  connection: { close(): Promise<void> },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isLeft(error)) throw error
    await connection.close()
    return await work()
  }
}

export function isLeft(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'vault-moved'
}

/**
 * Goes on there, where the log said so: called before each connection. The entry is durable here before the home says so: without it this device would
 * write at a relay that may lack it too, behind what came before. And durable in the home before it is forgotten here.
 */
export async function goOn(vault: Vault): Promise<void> {
  const { trees, record, report } = vault
  const relay = textAt(trees, goingKey)
  if (relay === undefined) return
  if (relay !== record.relay) {
    await trees.flushed()
    vault.record = await rehomed(vault, relay)
    report({ event: 'moved', relay, from: record.relay })
  }
  // Not waited for: who asked for a session may hold a transaction open, behind which this has to wait.
  trees
    .write({ flush: false }, (rows) => {
      if (textIn(rows.other(goingKey)) === relay) rows.del(goingKey)
    })
    .catch(() => undefined)
}

/** What led there was read elsewhere, and is judged again there: the next connection is one to that relay. Durable when it resolves. */
export async function noteGoing({ trees }: Vault, relay: string): Promise<void> {
  await trees.write({ flush: true }, (rows) => {
    rows.put(goingKey, Buffer.from(relay))
    rows.del(toldKey)
  })
}

/** A person said where the vault is now. @throws ClientError */
export async function goOnWhereTold(vault: Vault, relay: string): Promise<void> {
  await noteTold(vault, relay)
  vault.record = await rehomed(vault, relay)
}

/** The log is to say where it is, as a person said. Durable when it resolves. */
export async function noteTold({ trees, record }: Vault, relay = record.relay): Promise<void> {
  await trees.write({ flush: true }, (rows) => {
    rows.put(toldKey, Buffer.from(relay))
    rows.del(goingKey)
  })
}

async function rehomed({ home, record }: Vault, relay: string): Promise<Vault['record']> {
  const now = { ...record, relay, movedFrom: record.relay }
  await home.addFolder(now)
  return now
}

/** An owner who was told where the vault is says so in the log, so that the others hear it. */
export async function sayWhereTold(
  { vault, entries, receiver }: { vault: Vault; entries: EntryWriter; receiver: Receiver },
  session: RelaySession,
): Promise<void> {
  const { log, home, platform } = vault
  let round = 0
  while (!log.isEmpty && isTold(vault) && roleOf(log.state.spine, home.device.sign.publicKey) === 'owner') {
    if ((round += 1) > roundsMax) throw grownInVain()
    const { sequence, hash } = log.state.head
    const continuation = { relay: vault.record.relay, sequence, hash }
    const { random } = platform
    const made = makeConfig({ ...entries.on(session), random, epochKeys: log.keys.epochKeys, continuation })
    // Put back, not appended: a relay that was just given what it lacked takes no other entry for a while.
    if ((await entries.putBack(session, made.entry)) === 'moved') await receiver.receive(session)
  }
}

/** Others may be quicker so often. */
const roundsMax = 8

function grownInVain(): ClientError {
  return new ClientError('relay-refused', 'others were quicker, again and again', {
    retryable: true,
    data: { reason: 'head-moved' },
  })
}

function isTold({ trees, record }: Vault): boolean {
  return textAt(trees, toldKey) === record.relay
}

function textAt(rows: StateRows, key: string): string | undefined {
  return textIn(rows.other(key))
}

function textIn(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString()
}
