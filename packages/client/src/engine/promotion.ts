// Whether an owner took the vault on at a mirror, as the log there says. Nobody is drawn away by a mirror's word: what counts is an entry that this
// device did not know yet, signed by an owner, which names this very mirror, in a log that goes on from what this device has, or parted from it.
import { CryptoError, decodeEntry, equal, roleOf, type Entry } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { VaultLog } from '../log/vault-log.ts'
import type { RelayEntry, RelaySession } from '../relay/relay-session.ts'
import { bodyHashAt } from '../state/entry-keep.ts'
import { lastCommon } from './adoption.ts'
import { moveIn } from './going-on.ts'
import { sameRelay } from './relay-login.ts'
import type { Vault } from './vault.ts'

/** What an owner said at a mirror. */
export interface Promotion {
  /** `follows`: the log there is this one, and goes on. `parted`: this device has entries that are not in it. */
  readonly how: 'follows' | 'parted'
  /** The last entry that both logs have: the owner's stands behind it. */
  readonly after: number
  /** Where the vault goes on: this mirror, or where an owner took it since, of which the mirror was told. */
  readonly relay: string
}

/**
 * What the log at this mirror says of it; undefined: that the vault is where it was, or nothing that can be believed.
 * @throws ClientError as the relay fails
 */
export async function promotionAt(
  vault: Vault,
  session: RelaySession,
  relay: string,
): Promise<Promotion | undefined> {
  const { log } = vault
  if (log.isEmpty) return undefined
  const own = log.state.head
  const head = await session.head(log.vault)
  if (head === undefined) return undefined
  const isLonger = head.sequence > own.sequence
  const at = isLonger ? own.sequence : head.sequence
  try {
    if (await isSame(vault, session, at)) {
      const state = log.state
      const rest = new VaultLog(log.vault, log.device, { state })
      const found = isLonger ? await promoting(rest, session, { relay, after: own.sequence }) : undefined
      return isWord(vault, found) ? { how: 'follows', after: own.sequence, relay: found.to } : undefined
    }
    const base = await lastCommon(vault, session, at)
    const whole = new VaultLog(log.vault, log.device)
    const found = await promoting(whole, session, { relay, after: base })
    if (!isWord(vault, found)) return undefined
    // Who was taken out on the branch that this device knows takes nobody along on another one.
    const isOwners = roleOf(log.state.spine, found.entry.header.device) === 'owner'
    return isOwners ? { how: 'parted', after: base, relay: found.to } : undefined
  } catch (error) {
    if (isNoLog(error)) return undefined
    throw error
  }
}

/** An owner's word, and where it takes the vault. */
interface Word {
  readonly entry: Entry
  readonly to: string
}

/**
 * The last entry behind `after` that takes the vault to this relay; where there is none, the last one that takes it anywhere. All of the log is judged.
 * @throws ClientError as `VaultLog.judge`
 */
async function promoting(
  log: VaultLog,
  session: RelaySession,
  { relay, after }: { readonly relay: string; readonly after: number },
): Promise<Word | undefined> {
  let found: Word | undefined
  let elsewhere: Word | undefined
  for await (const given of session.entries(log.vault, log.nextSequence)) {
    const judged = log.judge(given)
    log.moved(judged)
    const { sequence, entry } = judged
    const leads = moveIn(entry)
    if (sequence <= after || entry === undefined || leads === undefined) continue
    if (sameRelay(leads, relay)) found = { entry, to: leads }
    else elsewhere = { entry, to: leads }
  }
  return found ?? elsewhere
}

/** What leads to where the device is already says nothing new. */
function isWord({ record }: Vault, found: Word | undefined): found is Word {
  return found !== undefined && !sameRelay(found.to, record.relay)
}

async function isSame({ log, trees }: Vault, session: RelaySession, sequence: number): Promise<boolean> {
  const known = bodyHashAt(trees, sequence)
  for await (const given of session.entries(log.vault, sequence))
    return known !== undefined && given.sequence === sequence && equal(bodyHashGiven(given), known)
  return false
}

/** Of an entry as a relay gives it. @throws CryptoError */
export function bodyHashGiven(given: RelayEntry): Uint8Array {
  return 'entry' in given ? decodeEntry(given.entry).bodyHash : given.bodyHash
}

/** What is there is no log of this vault, or not one that this program can judge: it says nothing. */
function isNoLog(error: unknown): boolean {
  if (error instanceof CryptoError) return true
  return error instanceof ClientError && ['relay-contradicts', 'update-needed'].includes(error.code)
}
