// An owner's word for entries that are to be put back without their packs, by whoever may read: an entry that the owner signed, and that stands behind
// them. Its hash of the one before it fixes them all, and an owner builds on nothing that was not here.
import {
  bodyHash,
  decodeEntry,
  entryHashOf,
  equal,
  toHex,
  vaultId,
  verifyEntrySignature,
  type Entry,
  type VaultId,
} from '@grenier/crypto/verify'
import { limits, type ClientMessageOf, type OkMessage } from '@grenier/protocol'
import { entryRefused, headMoved } from '../core/append.ts'
import type { ByteBudget } from '../core/budget.ts'
import type { Clock, Timer } from '../core/clock.ts'
import type { Actor } from '../core/relay-parts.ts'
import { isOwners } from '../core/rights.ts'
import { RelayError } from '../errors.ts'
import { vouchedMs } from '../limits.ts'
import type { VaultAccess } from './vault-access.ts'

/** Entry hashes, one behind the other, of consecutive entries. */
interface Stretch {
  readonly vault: string
  readonly from: number
  readonly hashes: Uint8Array
}

/** The entries that somebody vouched for on one connection: the last stretch of them, until they stand, or for `vouchedMs`. */
export class Vouched {
  readonly #budget: ByteBudget
  readonly #clock: Clock
  #stretch: Stretch | undefined
  #expiry: Timer | undefined
  #isEnded = false

  /** `budget`: what they take is taken from it, and given back. */
  constructor(budget: ByteBudget, clock: Clock) {
    this.#budget = budget
    this.#clock = clock
  }

  /** @throws RelayError `too-many` */
  keep(vault: VaultId, from: number, hashes: Uint8Array): void {
    this.#forget()
    if (this.#isEnded) return
    if (!this.#budget.take(hashes.length))
      throw new RelayError('too-many', 'too many requests at once', { retryable: true })
    this.#stretch = { vault: toHex(vault), from, hashes }
    this.#expiry = this.#clock.after(vouchedMs, () => this.#forget())
  }

  /** Whether it is one of them. */
  has(vault: VaultId, { header, bodyHash: body }: Entry): boolean {
    const stretch = this.#stretch
    if (stretch?.vault !== toHex(vault) || header.kind === 'genesis' || header.sequence < stretch.from)
      return false
    const at = (header.sequence - stretch.from) * limits.idBytes
    return equal(stretch.hashes.subarray(at, at + limits.idBytes), entryHashOf(header.previous, body))
  }

  /** An entry stands in the log: with the last one of them, nothing is left to vouch for. */
  stands(vault: VaultId, sequence: number): void {
    const stretch = this.#stretch
    if (stretch?.vault !== toHex(vault)) return
    if (sequence >= stretch.from + stretch.hashes.length / limits.idBytes - 1) this.#forget()
  }

  /** Keeps nothing any more. */
  end(): void {
    this.#forget()
    this.#isEnded = true
  }

  #forget(): void {
    if (this.#stretch !== undefined) this.#budget.give(this.#stretch.hashes.length)
    this.#stretch = undefined
    this.#expiry?.cancel()
    this.#expiry = undefined
  }
}

/**
 * Who gave the owner's entry may put back those between the head and it, packs or not.
 * @throws RelayError `head-moved`; `no-right`: no owner's; `entry-refused`: the hashes do not lead to it
 */
export async function vouch(
  {
    actor,
    access,
    vouched,
  }: { readonly actor: Actor; readonly access: VaultAccess; readonly vouched: Vouched },
  request: ClientMessageOf<'vouch'>,
): Promise<OkMessage> {
  const vault = vaultId(request.vault)
  const { head, spine } = (await access.openToCarry(actor, vault)).state
  const entry = decodedEntry(request.entry)
  const { header } = entry
  const count = request.bodyHashes.length / limits.idBytes
  if (header.kind === 'genesis' || header.sequence !== head.sequence + count + 1) throw headMoved(head)
  if (!isOwners(spine, header.device)) throw new RelayError('no-right', 'no owner signed this')
  if (!equal(header.vault, vault)) throw unchained()
  // First of all that costs anything. Who owns a vault can sign for hashes of their own making also where nothing was lost: what that costs is bounded
  // by `vouchBytes`, `vouchedMs` and a budget of its own.
  checkSignature(entry)
  const hashes = new Uint8Array(request.bodyHashes.length)
  let { hash } = head
  for (let at = 0; at < hashes.length; at += limits.idBytes) {
    hash = entryHashOf(hash, bodyHash(request.bodyHashes.subarray(at, at + limits.idBytes)))
    hashes.set(hash, at)
  }
  if (!equal(header.previous, hash)) throw unchained()
  vouched.keep(vault, head.sequence + 1, hashes)
  return { type: 'ok', id: request.id, re: 'vouch' }
}

function unchained(): RelayError {
  return new RelayError('entry-refused', 'this entry does not stand behind those', {
    data: { reason: 'chain-broken' },
  })
}

function checkSignature(entry: Entry): void {
  try {
    verifyEntrySignature(entry)
  } catch (error) {
    throw entryRefused(error)
  }
}

/** @throws RelayError `entry-refused` */
export function decodedEntry(bytes: Uint8Array): Entry {
  try {
    return decodeEntry(bytes)
  } catch (error) {
    throw entryRefused(error)
  }
}
