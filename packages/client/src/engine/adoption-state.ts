// The state of a device at an earlier entry of its log, made again beside the one that it has: where it goes on from when it adopts the relay's log.
import { packIdOf, toHex, type EntryHash } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { VaultLog } from '../log/vault-log.ts'
import type { RelayEntry, RelaySession } from '../relay/relay-session.ts'
import { bodyHashAt, entryAt, payloadPackAt } from '../state/entry-keep.ts'
import { MemoryDisk } from '../state/state-store-memory.ts'
import { TreesStore } from '../state/trees-store.ts'
import { brokenCheckpoint, faultIn } from './checkpoint-source.ts'
import { namedCheckpoint } from './named-checkpoint.ts'
import { Receiver } from './receiver.ts'
import type { Vault } from './vault.ts'

/** A place in a log. */
export interface AdoptedPlace {
  readonly sequence: number
  readonly hash: EntryHash
}

/** `base`: the entry; `isAsked`: a person wants it. */
interface Folding {
  readonly vault: Vault
  readonly session: RelaySession
  readonly base: AdoptedPlace
  readonly isAsked: boolean
}

/**
 * The state at the entry, in memory. Where the relay lacks the one that a prune before it names, all is folded that this device kept. Where it did
 * not keep all, there is none, and the log is to be read anew: this device begins as one that joins with the files that it has. So only where a person asks
 * for it, and once the relay has the state to begin with.
 * @throws ClientError `pack-unavailable`; `checkpoint-broken` where the state to begin with is none
 */
export async function stateAt(of: Folding): Promise<Vault> {
  try {
    return await foldedUpTo(of)
  } catch (error) {
    if (!isUnavailable(error)) throw error
    const folded = await foldedWhole(of)
    if (folded !== undefined) return folded
    if (!of.isAsked) throw error
    return await unfolded(of)
  }
}

/** undefined where an entry is not kept, or what was folded is not what the prune says it is. */
async function foldedWhole(of: Folding): Promise<Vault | undefined> {
  const { vault, base } = of
  const point = (await judgedUpTo(of)).state.spine.prune
  if (point === undefined) return undefined
  for (let sequence = 0; sequence <= base.sequence; sequence += 1)
    if (entryAt(vault.trees, sequence) === undefined) return undefined
  try {
    return await foldedUpTo(of, point.checkpoint.sequence)
  } catch (error) {
    if (isUnavailable(error)) return undefined
    throw error
  }
}

/** The log up to the entry, and nothing kept of it. */
async function unfolded(of: Folding): Promise<Vault> {
  const { vault, session, base } = of
  const beside = emptyBeside(vault)
  const log = await judgedUpTo(of)
  const ahead = await log.lookAhead(session.entries(log.vault, base.sequence + 1))
  const point = ahead?.state.spine.prune
  if (ahead !== undefined && point !== undefined) {
    const naming = { point, spine: ahead.state.spine, keys: ahead.keys }
    const named = await namedCheckpoint(beside, session, naming)
    const fault = await faultIn(named)
    if (fault !== undefined) throw brokenCheckpoint(named.entry, fault)
  }
  return { ...beside, log }
}

async function judgedUpTo({ vault, session, base }: Folding): Promise<VaultLog> {
  const { log, home } = vault
  const nothing = new VaultLog(log.vault, home.device)
  const judged = await nothing.judgeOn(ownLog(vault, session, base).entries(log.vault, 0))
  return new VaultLog(log.vault, home.device, { state: judged?.state })
}

// Where the vault went by what is read again, it may have left since, by what comes behind.
function emptyBeside(vault: Vault): Vault {
  const store = new MemoryDisk().open()
  const trees = TreesStore.open(store)
  const log = new VaultLog(vault.log.vault, vault.home.device)
  return { ...vault, store, trees, log, report: () => undefined, stays: true }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'pack-unavailable'
}

/** The state at the entry, folded from what this device kept. `foldsTo`: as of `Vault`. */
async function foldedUpTo({ vault, session, base }: Folding, foldsTo?: number): Promise<Vault> {
  const beside = emptyBeside(vault)
  const folding: Vault = foldsTo === undefined ? beside : { ...beside, foldsTo }
  const receiver = new Receiver({ vault: folding, adopt: () => Promise.resolve() })
  await receiver.receive(ownLog(vault, session, base))
  return beside
}

/** A relay that has what this device kept, up to an entry. Packs that it did not keep come from the real one. */
function ownLog({ trees, log }: Vault, session: RelaySession, base: AdoptedPlace): RelaySession {
  const packs = new Map<string, Uint8Array>()
  const remember = (sequence: number): void => {
    packs.clear()
    for (let position = 0; ; position += 1) {
      const pack = payloadPackAt(trees, { sequence, position })
      if (pack === undefined) return
      packs.set(toHex(packIdOf(pack)), pack)
    }
  }
  return {
    ...nothingElse,
    clockOffsetMs: session.clockOffsetMs,
    incarnation: session.incarnation,
    traffic: session.traffic,
    closed: session.closed,
    head: () => Promise.resolve({ ...base, at: log.state.head.at }),
    async *entries(_vault, from): AsyncIterable<RelayEntry> {
      for (let sequence = from; sequence <= base.sequence; sequence += 1) {
        const entry = entryAt(trees, sequence)
        const kept = bodyHashAt(trees, sequence)
        remember(sequence)
        if (entry !== undefined) yield { sequence, entry }
        else if (kept !== undefined) yield { sequence, bodyHash: kept }
        await Promise.resolve()
      }
    },
    get: async (name, pack, range) =>
      packs.get(toHex(pack))?.slice(range.offset, range.offset + range.length) ??
      (await session.get(name, pack, range)),
  }
}

/** Folding asks for nothing else. */
const nothingElse: Pick<
  RelaySession,
  'append' | 'putBack' | 'vouch' | 'vaultFacts' | 'lost' | 'have' | 'put' | 'subscribe' | 'close'
> = {
  append: unasked,
  putBack: unasked,
  vouch: unasked,
  vaultFacts: unasked,
  lost: unasked,
  have: unasked,
  put: unasked,
  subscribe: unasked,
  close: unasked,
}

function unasked(): Promise<never> {
  return Promise.reject(new TypeError('a log that is folded again is only read'))
}
