// Puts a sealed export onto a relay as a vault again. The log is judged from end to end before anything is sent.
import {
  advance,
  CryptoError,
  decodeEntry,
  equal,
  toHex,
  type LogState,
  type PackId,
  type VaultId,
} from '@grenier/crypto'
import type { ArchiveReader } from '../archive/archive-reader.ts'
import { ClientError } from '../errors.ts'
import type { VaultFacts } from '../relay/relay-account.ts'
import type { EngineContext } from './api.ts'
import { carry, type Carried, type CarriedVault } from './carrying.ts'
import { connectionTo, onSessionOf } from './connect-to.ts'
import { wishedAfter, type DeletionWished } from './deletion-watch.ts'
import { Tally } from './tally.ts'

/** What became of it. `isUnfinished`: the archive does not say that it is whole. */
export interface Imported extends Carried {
  readonly vault: VaultId
  readonly head: { readonly seq: number; readonly hash: string }
  readonly isUnfinished: boolean
  readonly durationMs: number
  readonly bytesSent: number
  readonly bytesReceived: number
  /** An owner wished the vault to be deleted there: it will not stay. `unknown`: the relay did not say. */
  readonly deletion: DeletionWished | 'unknown' | undefined
}

/**
 * Puts the archive onto the relay, in the name of this device's identity, which must have started the vault.
 * @throws ClientError `archive-broken` (`data.sequence`, `data.reason`: the first entry that is lost or does not stand), `update-needed` for a
 * vault that was pruned, `relay-refused`, `vault-differs`, `relay-unreachable`, `disk-failed`
 */
export async function importArchive(
  context: EngineContext,
  { reader, relay }: { readonly reader: ArchiveReader; readonly relay: string },
): Promise<Imported> {
  const { home, platform, report } = context
  const { clock } = platform
  const state = await judged(reader)
  refuseOthers(state, context)
  const connection = connectionTo(context, relay)
  const traffic = (): { sentBytes: number; receivedBytes: number } => connection.traffic
  const tally = new Tally({ clock, report, device: home.deviceName, traffic })
  try {
    const from = carriedArchive(reader, state)
    const onSession = onSessionOf(connection)
    const carried = await carry({ from, tally, onSession })
    const { head, vault } = state
    const deletion = await deletionOf(state, () => onSession((session) => session.vaultFacts(vault)))
    const { end } = reader
    const { sentBytes, receivedBytes } = connection.traffic
    return {
      ...carried,
      vault,
      head: { seq: head.sequence, hash: toHex(head.hash) },
      isUnfinished: end === undefined || end.sequence !== head.sequence || !equal(end.hash, head.hash),
      durationMs: tally.durationMs,
      bytesSent: sentBytes,
      bytesReceived: receivedBytes,
      deletion,
    }
  } finally {
    await connection.close()
  }
}

/** The vault is there already: that its relay does not answer one question more is no failure of what was done. */
async function deletionOf(state: LogState, ask: () => Promise<VaultFacts>): Promise<Imported['deletion']> {
  try {
    const { deletion } = await ask()
    return deletion && wishedAfter(state, deletion)
  } catch (error) {
    if (error instanceof ClientError) return 'unknown'
    throw error
  }
}

/** The log, from end to end. Half a log would pass for all of it: it takes every entry. */
async function judged(reader: ArchiveReader): Promise<LogState> {
  let state: LogState | undefined
  for (let sequence = 0; sequence <= reader.lastSequence; sequence += 1) {
    const archived = await reader.entry(sequence)
    if ('retired' in archived)
      throw new ClientError(
        'update-needed',
        'a vault that was pruned cannot be imported by this version yet',
        {
          data: { reason: 'pruned' },
        },
      )
    if (!('entry' in archived)) throw gap(sequence, 'lost')
    try {
      state = advance(state, decodeEntry(archived.entry))
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error
      throw gap(sequence, error.code)
    }
    const { vault } = reader
    if (sequence === 0 && vault instanceof Uint8Array && !equal(state.vault, vault))
      throw gap(sequence, 'chain-broken')
  }
  if (state === undefined) throw gap(0, 'lost')
  return state
}

function gap(sequence: number, reason: string): ClientError {
  return new ClientError('archive-broken', `entry ${sequence}: ${reason}`, { data: { sequence, reason } })
}

/** It is charged to the identity that started it: nobody else can put it anywhere. */
function refuseOthers({ spine }: LogState, { home }: EngineContext): void {
  if (home.identity !== undefined && equal(home.identity.sign, spine.genesisIdentity)) return
  throw new ClientError('relay-refused', 'the vault was started by another identity', {
    data: { reason: 'no-right', what: 'import' },
  })
}

function carriedArchive(reader: ArchiveReader, { vault, head }: LogState): CarriedVault {
  return {
    vault,
    lastSequence: head.sequence,
    async *entries(from) {
      for (let sequence = from; sequence <= head.sequence; sequence += 1) {
        const archived = await reader.entry(sequence)
        if (!('entry' in archived)) throw gap(sequence, 'lost')
        yield { entry: archived.entry }
      }
    },
    pack: (id: PackId) => reader.pack(id),
  }
}
