// The mirrors of a vault: relays that are kept up to date with the very same entries and packs. An owner's `config` names them, sealed, so that
// every device knows them and no relay does.
import {
  containerEpoch,
  CryptoError,
  decodeConfigPayload,
  decodeEntry,
  makeConfig,
  mayBeOfKind,
  openPayload,
  payloadVersion,
  type Entry,
} from '@grenier/crypto'
import * as v from 'valibot'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { entryAt } from '../state/entry-keep.ts'
import { otherKey } from '../state/state-keys.ts'
import type { StateRows } from '../state/state-rows.ts'
import { openWhereUnknown } from './account-opening.ts'
import { mirrorNote } from './mirror-note.ts'
import { requireOwner, type PruningParts } from './pruning.ts'
import { deviceLogin, logInAt, sameRelay } from './relay-login.ts'
import { keepThere } from './vault-deletion.ts'
import type { Vault } from './vault.ts'

/** What was read of the log. `through`: up to which entry. */
interface Read {
  readonly through: number
  readonly mirrors: readonly string[]
}

/** What an owner may do about mirrors. `relay`: its URL. `invite`: its hoster's code, for an account there. */
export interface MirrorChange {
  readonly do: 'add' | 'remove'
  readonly relay: string
  readonly invite?: string
}

const key = otherKey('mirrors')
const schema = v.object({ through: v.number(), mirrors: v.array(v.string()) })

/** Their URLs, as the log says it. Of a `config` that cannot be read yet nothing is known. */
export function mirrorsOf(vault: Pick<Vault, 'trees' | 'log'>): readonly string[] {
  return readOn(vault).mirrors
}

/** As they were kept last: what is known of them without keys. */
export function keptMirrors(rows: StateRows): readonly string[] {
  return keptIn(rows).mirrors
}

/** Keeps what was read, so that it is not read again. */
export async function noteMirrors(vault: Vault): Promise<void> {
  const read = readOn(vault)
  const known = keptIn(vault.trees)
  // A row for each entry would cost more than it saves.
  if (read.through - known.through < rowEvery && String(read.mirrors) === String(known.mirrors)) return
  const row = new TextEncoder().encode(JSON.stringify(read))
  await vault.trees.write({ flush: false }, (rows) => rows.put(key, row))
}

/**
 * Appends a `config` that names one more, or one less. The mirrors after it. @throws ClientError `relay-refused` (reason `no-right`) for who is no owner
 */
export async function changeMirrors(
  { vault, entries, receiver, session: open }: PruningParts,
  { do: what, relay, invite }: MirrorChange,
): Promise<readonly string[]> {
  const session = await open()
  await receiver.receive(session)
  requireOwner(vault)
  const isNamed = (): boolean => mirrorsOf(vault).some((one) => sameRelay(one, relay))
  // After a promote the log names it still.
  if (sameRelay(relay, vault.record.relay)) throw mirrorRefused(what === 'add' ? 'first' : 'here', relay)
  if (what === 'add') {
    await openWhereUnknown(vault, { relay, invite })
    await refuseItself(vault, session, relay)
    await keepCopy(vault, relay)
  } else if (!isNamed()) throw mirrorRefused('unknown', relay)
  for (;;) {
    const now = mirrorsOf(vault)
    if (isNamed() === (what === 'add')) {
      await noteMirrors(vault)
      return now
    }
    requireOwner(vault)
    const mirrors = what === 'add' ? [...now, relay] : now.filter((one) => !sameRelay(one, relay))
    if ((await appendMirrors({ vault, entries }, session, mirrors)) === 'moved')
      await receiver.receive(session)
  }
}

/** A copy that was left there, and was to go, stays. One that does not know this device, or cannot be reached, is asked again after the first copy. */
async function keepCopy(vault: Vault, relay: string): Promise<void> {
  try {
    await keepThere(vault, { relay, vault: vault.log.vault })
  } catch (error) {
    if (!(error instanceof ClientError)) throw error
  }
}

/** A relay that keeps the vault in the very same store, and was never given it as a mirror, is this one under another name. @throws ClientError */
async function refuseItself(vault: Vault, session: RelaySession, relay: string): Promise<void> {
  const { log, platform, home, trees } = vault
  if (mirrorNote(trees, relay).through >= 0) return
  let isItself = false
  try {
    const other = await logInAt(platform, relay, deviceLogin(home))
    try {
      isItself = other.incarnation === session.incarnation && (await other.head(log.vault)) !== undefined
    } finally {
      await other.close()
    }
  } catch (error) {
    // One that does not know this device, or cannot be reached, is named all the same.
    if (!(error instanceof ClientError)) throw error
  }
  if (isItself) throw mirrorRefused('first', relay)
}

/**
 * `unknown`: it is no mirror; `first`: it is where the vault is; `here`: the same, of one that is to go; `first-works`: the relay where it is answers; `stranger`: it does not know this
 * device; `kept`: it is one, and what it has was to be deleted.
 */
export function mirrorRefused(
  what: 'unknown' | 'first' | 'here' | 'first-works' | 'stranger' | 'kept',
  relay: string,
): ClientError {
  return new ClientError('mirror-refused', 'this mirror is not to be had', { data: { what, relay } })
}

async function appendMirrors(
  { vault: { log, platform }, entries }: Pick<PruningParts, 'vault' | 'entries'>,
  session: RelaySession,
  mirrors: readonly string[],
): Promise<'appended' | 'moved'> {
  const sealing = { ...entries.on(session), random: platform.random, epochKeys: log.keys.epochKeys }
  return await entries.append(session, makeConfig({ ...sealing, mirrors }).entry)
}

/** Entries that are looked through again at each question, at most. */
const rowEvery = 256

/** What was read last, for as long as the state is open: a log only grows there. */
const readLast = new WeakMap<StateRows, Read>()

function readOn({ trees, log }: Pick<Vault, 'trees' | 'log'>): Read {
  let { through, mirrors } = readLast.get(trees) ?? keptIn(trees)
  for (let sequence = through + 1; sequence < log.nextSequence; sequence += 1) {
    const said = saidAt({ trees, log }, sequence)
    if (said === 'closed') break
    mirrors = said ?? mirrors
    through = sequence
  }
  const read = { through, mirrors }
  readLast.set(trees, read)
  return read
}

function keptIn(rows: StateRows): Read {
  const bytes = rows.other(key)
  if (bytes === undefined) return { through: -1, mirrors: [] }
  return v.parse(schema, JSON.parse(new TextDecoder().decode(bytes)))
}

/** What the entry says of mirrors; undefined: nothing. `closed`: it may say something, once its key is there. */
function saidAt(
  { trees, log }: Pick<Vault, 'trees' | 'log'>,
  sequence: number,
): readonly string[] | 'closed' | undefined {
  const bytes = entryAt(trees, sequence)
  const entry = bytes && mayBeOfKind(bytes, 'config') ? decodeEntry(bytes) : undefined
  if (entry?.header.kind !== 'config') return undefined
  try {
    return mirrorsIn(entry, (epoch) => log.keys.payloadKey(epoch, log.vault))
  } catch (error) {
    if (error instanceof CryptoError) return undefined
    if (error instanceof ClientError && error.code === 'key-withheld') return 'closed'
    throw error
  }
}

function mirrorsIn(
  { header, payload }: Entry,
  keyOf: (epoch: number) => Uint8Array,
): readonly string[] | undefined {
  if (header.kind !== 'config') return undefined
  const payloadKey = keyOf(containerEpoch(payload, 'payload'))
  const content = openPayload(payload, {
    payloadKey,
    binding: header.vault,
    payloadVersionMax: payloadVersion,
  })
  return content.kind === 'body' ? decodeConfigPayload(content.body).mirrors : undefined
}
