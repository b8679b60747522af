// The requests of a connection that has logged in, one function each: checks, asks the stores, answers.
import { equal, packId, signingKey, toHex, vaultId, type VaultId } from '@grenier/crypto/verify'
import { limits, type ClientMessageOf, type ClientRequest, type OkMessage } from '@grenier/protocol'
import { registrationCodeHash } from '../account/registration-code.ts'
import { shortId } from '../core/event-log.ts'
import type { Actor, Peer, RelayParts } from '../core/relay-parts.ts'
import { rightOf } from '../core/rights.ts'
import { RelayError } from '../errors.ts'
import { entriesReadBytes } from '../limits.ts'
import type { PackState } from '../store/pack-ledger.ts'
import { usedBytes } from '../store/usage.ts'
import type { AppendOrder } from './append-order.ts'
import { deleteVault, vaultFacts } from './delete-vault.ts'
import type { Downloads } from './downloads.ts'
import { checkedCertificate } from './login.ts'
import type { Outbox } from './outbox.ts'
import type { Puts } from './puts.ts'
import { renewAccount } from './renew-account.ts'
import { Subscription } from './subscription.ts'
import type { VaultAccess } from './vault-access.ts'
import { decodedEntry, vouch, type Vouched } from './vouch.ts'

/** What requests work with. */
export interface Connection {
  readonly parts: RelayParts
  readonly peer: Peer
  readonly actor: Actor
  /** Opaque name of where it comes from, for counting failures. */
  readonly from: string
  readonly outbox: Outbox
  readonly puts: Puts
  readonly downloads: Downloads
  readonly access: VaultAccess
  readonly order: AppendOrder
  readonly vouched: Vouched
  /** By vault id in hex. */
  readonly subscriptions: Map<string, Subscription>
}

/** A request that this file answers. */
export type Request = Exclude<ClientRequest, { type: 'login' | 'ping' }>

/**
 * Does what is asked. The answer is what it returns, or (for `get` and `entries`) what it sends itself.
 * @throws RelayError with the code that the client hears; CryptoError `malformed`
 */
export async function answer(connection: Connection, request: Request): Promise<OkMessage | undefined> {
  switch (request.type) {
    case 'open-account':
      return await openAccount(connection, request)
    case 'head':
      return await head(connection, request)
    case 'entries':
      await entries(connection, request)
      return undefined
    case 'append':
      return await append(connection, request)
    case 'put-back':
      return await putBack(connection, request)
    case 'vouch':
      return await vouch(connection, request)
    case 'lost':
      return await lost(connection, request)
    case 'have':
      return await have(connection, request)
    case 'put':
      return await put(connection, request)
    case 'get':
      await get(connection, request)
      return undefined
    case 'subscribe':
      return await subscribe(connection, request)
    case 'vaults':
      return await vaults(connection, request)
    case 'account':
      return await account(connection, request)
    case 'withdraw-device':
      return await withdrawDevice(connection, request)
    case 'renew-account':
      onlyIdentity(connection.actor)
      return await renewAccount(connection, request)
    case 'vault-facts':
      return await vaultFacts(connection, request)
    case 'delete-vault':
      return await deleteVault(connection, request)
  }
}

function onlyIdentity({ kind }: Actor): void {
  if (kind !== 'identity') throw new RelayError('not-logged-in', 'only the identity may ask for this')
}

async function openAccount(
  { parts, actor, from }: Connection,
  request: ClientMessageOf<'open-account'>,
): Promise<OkMessage> {
  const certificate = checkedCertificate(request.certificate)
  // A device whose account the relay lost opens it again by what its identity signed for it.
  const own = actor.kind === 'device' ? certificate.device : certificate.identity
  if (actor.kind !== 'device' || actor.identity !== undefined) onlyIdentity(actor)
  if (!equal(own, actor.key)) throw new RelayError('login-failed', 'the certificate is of another key')
  if (parts.failures.blocked(from)) throw new RelayError('too-many', 'too many wrong invitations')
  const result = await parts.stores.accounts.open({
    identity: certificate.identity,
    device: certificate.device,
    certificate: request.certificate,
    registration: parts.config.registration,
    codeHash: request.invite === undefined ? undefined : registrationCodeHash(request.invite),
    now: parts.clock.now(),
  })
  switch (result) {
    case 'opened':
      parts.log('account-opened', { identity: shortId(certificate.identity) })
      break
    case 'device-added':
    case 'known':
      break
    case 'registration-closed':
      throw new RelayError('registration-closed', 'this relay takes no new accounts')
    case 'invitation-wrong':
      // To come without a code is no guess at one.
      if (request.invite !== undefined) parts.failures.count(from)
      throw new RelayError('invitation-wrong', 'no invitation, or not any more')
    case 'device-refused':
      throw new RelayError('account-closed', 'this device belongs to another account, or was withdrawn')
    case 'too-many-devices':
      throw new RelayError('too-many', 'the account has as many devices as its plan allows')
  }
  return { type: 'ok', id: request.id, re: 'open-account' }
}

async function head({ actor, access }: Connection, request: ClientMessageOf<'head'>): Promise<OkMessage> {
  const live = await access.openToCarry(actor, vaultId(request.vault))
  return { type: 'ok', id: request.id, re: 'head', ...headFields(live.state.head) }
}

function headFields(from: { sequence: number; hash: Uint8Array; at: number }) {
  return { sequence: from.sequence, hash: from.hash, at: from.at }
}

async function entries(
  { parts, actor, access, outbox }: Connection,
  request: ClientMessageOf<'entries'>,
): Promise<void> {
  const vault = vaultId(request.vault)
  const until = await access.readableUpTo(actor, vault)
  let leftBytes = request.limitBytes
  for (let from = request.from; ;) {
    // Room comes first: what was read and cannot go would lie in memory outside every budget.
    if (!(await outbox.ready(false))) return
    const limitBytes = Math.min(entriesReadBytes, limits.entriesPartBytes, Math.max(leftBytes, 1))
    const read = from > until ? [] : await parts.stores.logs.entries(vault, from, limitBytes)
    const piece = read.filter(({ sequence }) => sequence <= until).slice(0, limits.partEntries)
    from += piece.length
    for (const entry of piece) leftBytes -= 'bytes' in entry ? entry.bytes.length : limits.idBytes
    const last = piece.length === 0 || from > until || leftBytes <= 0
    const listed = piece.map((entry) =>
      'bytes' in entry ? { sequence: entry.sequence, entry: entry.bytes } : entry,
    )
    outbox.send({ type: 'entries-part', id: request.id, entries: listed, head: until, last })
    if (last) return
  }
}

async function append(connection: Connection, request: ClientMessageOf<'append'>): Promise<OkMessage> {
  const { parts, peer, actor, puts, order, access } = connection
  const vault = vaultId(request.vault)
  const entry = decodedEntry(request.entry)
  const { sequence, kind, added, restored } = entry.header
  const packs = [...added, ...restored].map(({ id }) => id)
  // Both look at what came before on this connection, hence before anything is awaited.
  const before = [puts.ended(vault, packs), order.before(vault, sequence)]
  await order.during({ vault, sequence }, async () => {
    await Promise.all(before)
    await parts.appender.append({ vault, entry, actor, by: peer })
  })
  if (kind === 'genesis') parts.log('vault-made', { vault: shortId(vault) })
  access.look(vault)
  return { type: 'ok', id: request.id, re: 'append', sequence }
}

async function putBack(connection: Connection, request: ClientMessageOf<'put-back'>): Promise<OkMessage> {
  const { parts, peer, actor, order, access, vouched } = connection
  const vault = vaultId(request.vault)
  const entry = decodedEntry(request.entry)
  const { sequence } = entry.header
  const isVouchedFor = vouched.has(vault, entry)
  const before = order.before(vault, sequence)
  await order.during({ vault, sequence }, async () => {
    await before
    await parts.appender.putBack({ vault, entry, actor, by: peer, isVouchedFor })
  })
  vouched.stands(vault, sequence)
  access.look(vault)
  return { type: 'ok', id: request.id, re: 'put-back', sequence }
}

async function lost(
  { parts, actor, access }: Connection,
  request: ClientMessageOf<'lost'>,
): Promise<OkMessage> {
  const vault = vaultId(request.vault)
  await access.openToCarry(actor, vault)
  const after = request.after === undefined ? undefined : packId(request.after)
  const found = await parts.stores.ledger.lost(vault, after, limits.havePacks + 1)
  const packs = found.slice(0, limits.havePacks)
  return { type: 'ok', id: request.id, re: 'lost', packs, last: packs.length === found.length }
}

const shownStates: Readonly<Record<PackState, 'absent' | 'pending' | 'claimed' | 'dropped'>> = {
  arriving: 'absent',
  pending: 'pending',
  claimed: 'claimed',
  dropped: 'dropped',
  gone: 'absent',
  lost: 'absent',
}

async function have(
  { parts, actor, access }: Connection,
  request: ClientMessageOf<'have'>,
): Promise<OkMessage> {
  const vault = vaultId(request.vault)
  await access.openToCarry(actor, vault)
  const rows = await parts.stores.ledger.rows(vault, request.packs.map(packId))
  const states = rows.map((row) => (row === undefined ? 'absent' : shownStates[row.state]))
  return { type: 'ok', id: request.id, re: 'have', states }
}

async function put({ actor, access, puts }: Connection, request: ClientMessageOf<'put'>): Promise<OkMessage> {
  const { sizeBytes } = request
  const name = { vault: vaultId(request.vault), pack: packId(request.pack), sizeBytes }
  await puts.put(request, name, () => access.payer(actor, name.vault))
  return { type: 'ok', id: request.id, re: 'put' }
}

async function get(
  { parts, actor, access, downloads }: Connection,
  request: ClientMessageOf<'get'>,
): Promise<void> {
  if (downloads.count >= limits.openGets)
    throw new RelayError('too-many', 'too many gets at once', { retryable: true })
  const place = { vault: vaultId(request.vault), pack: packId(request.pack) }
  await downloads.send(request, place, async () => {
    await access.open(actor, place.vault)
    const [row] = await parts.stores.ledger.rows(place.vault, [place.pack])
    if (row === undefined || shownStates[row.state] === 'absent')
      throw new RelayError('pack-missing', 'the vault has no such pack', {
        data: { pack: toHex(place.pack) },
      })
    if (request.offset + request.length > row.sizeBytes)
      throw new RelayError('pack-size', 'a range outside the pack', { data: { sizeBytes: row.sizeBytes } })
  })
}

async function subscribe(
  { parts, actor, access, outbox, subscriptions }: Connection,
  request: ClientMessageOf<'subscribe'>,
): Promise<OkMessage> {
  const vault = vaultId(request.vault)
  const { live } = await access.open(actor, vault)
  // The head of this very moment: an entry that was appended since it was opened has been told to everybody else already.
  const { head: from } = (parts.vaults.peek(vault) ?? live).state
  if (!subscriptions.has(toHex(vault))) {
    if (subscriptions.size >= limits.subscriptions)
      throw new RelayError('too-many', 'too many subscriptions on one connection')
    const after = from.sequence
    subscriptions.set(toHex(vault), new Subscription({ vault, logs: parts.stores.logs, outbox, after }))
  }
  return { type: 'ok', id: request.id, re: 'subscribe', ...headFields(from) }
}

async function vaults({ parts, actor }: Connection, request: ClientMessageOf<'vaults'>): Promise<OkMessage> {
  const all = await parts.stores.logs.vaultsOf(actor.key)
  const { after } = request
  const rest = after === undefined ? all : all.filter((vault) => Buffer.compare(vault, after) > 0)
  const listed: VaultId[] = []
  for (const vault of rest) {
    if (listed.length > limits.vaultsListed) break
    const spine = (await parts.vaults.find(vault))?.state.spine
    if (spine === undefined) continue
    // The index knows invitees too, and whoever invites names a key of anybody's: only a one-time key is listed for that.
    if (actor.kind === 'one-time' || rightOf(spine, actor, parts.clock.now()) !== undefined)
      listed.push(vault)
  }
  const last = listed.length <= limits.vaultsListed
  return { type: 'ok', id: request.id, re: 'vaults', vaults: listed.slice(0, limits.vaultsListed), last }
}

async function account(
  { parts, actor }: Connection,
  request: ClientMessageOf<'account'>,
): Promise<OkMessage> {
  const found = actor.identity && (await parts.stores.accounts.find(actor.identity))
  if (found === undefined) throw new RelayError('account-unknown', 'this key has no account here')
  const used = usedBytes(await parts.stores.ledger.usage(found.identity))
  const { name, bytesMax } = found.plan
  return { type: 'ok', id: request.id, re: 'account', plan: name, quotaBytes: bytesMax, usedBytes: used }
}

async function withdrawDevice(
  { parts, actor }: Connection,
  request: ClientMessageOf<'withdraw-device'>,
): Promise<OkMessage> {
  onlyIdentity(actor)
  const device = signingKey(request.device)
  const place = { identity: actor.key, device, now: parts.clock.now() }
  if (!(await parts.stores.accounts.withdraw(place)))
    throw new RelayError('no-right', 'the account has no such device')
  parts.directory.endAll(device, 'withdrawn')
  return { type: 'ok', id: request.id, re: 'withdraw-device' }
}
