// The whole vault as it lies at the relay, in one file: the log judged entry by entry, each pack checked against its name. What is needed to
// read anything at all (the log, and the packs that payloads lie in) is written twice, so that no one damaged place costs more than a pack.
import {
  containerEpoch,
  CryptoError,
  decodeEntry,
  equal,
  openPayload,
  type CheckpointPayload,
  packIdOf,
  toHex,
  type Entry,
  type LogState,
  type PackClaim,
  type PackId,
} from '@grenier/crypto'
import type { ArchiveWriter } from '../archive/archive-writer.ts'
import { RecordTable } from '../archive/record-table.ts'
import { release } from '../content/moved-bytes.ts'
import type { WorkerPool } from '../content/worker-pool.ts'
import { ClientError } from '../errors.ts'
import { withEvidence } from '../log/evidence.ts'
import { VaultKeys } from '../log/vault-keys.ts'
import type { VaultLog } from '../log/vault-log.ts'
import type { RelayEntry, RelaySession } from '../relay/relay-session.ts'
import { readRecords } from '../state/checkpoint-records.ts'
import { openCheckpoint, piecesOf } from './checkpoint-source.ts'
import { namedEntry } from './named-checkpoint.ts'
import type { Tally } from './tally.ts'

/** Packs that are on their way at once: 8 MiB. */
const packsAhead = 2

export interface SealedExportOptions {
  /** Empty, and anchored in what this device knows. */
  readonly log: VaultLog
  readonly writer: ArchiveWriter
  readonly pool: WorkerPool
  /** Does work on a session; tried again on another one when the line breaks. */
  readonly onSession: <T>(work: (session: RelaySession) => Promise<T>) => Promise<T>
  readonly tally: Tally
}

/** What is in the archive now. `lacking`: packs that the relay did not have. */
export interface SealedCounts {
  readonly entries: number
  readonly packs: number
  readonly lacking: readonly PackId[]
}

/** Writes the archive and ends it. @throws ClientError `relay-contradicts`, `relay-rollback`, `relay-corrupt`, `update-needed`, `archive-foreign`; what the writer throws */
export async function exportSealed(options: SealedExportOptions): Promise<SealedCounts> {
  return await new SealedExport(options).run()
}

class SealedExport {
  readonly #options: SealedExportOptions
  readonly #claimed = new RecordTable()
  readonly #dropped = new RecordTable()
  readonly #lacking: PackId[] = []
  /** What the latest prune names: packs that no entry tells of any more stand in its state. */
  #start: { readonly sequence: number; readonly payload: CheckpointPayload } | undefined
  #packs = 0

  constructor(options: SealedExportOptions) {
    this.#options = options
  }

  async run(): Promise<SealedCounts> {
    const { log, writer, tally } = this.#options
    await this.#writeLog()
    await this.#writePacks(this.#livePacks())
    await this.#writeLogAgain()
    const { sequence, hash } = log.state.head
    await writer.end({ sequence, hash })
    tally.tell()
    return { entries: sequence + 1, packs: this.#packs, lacking: this.#lacking }
  }

  async #writeLog(): Promise<void> {
    const { log, writer, onSession } = this.#options
    await onSession(async (session) => {
      const head = await session.head(log.vault)
      if (head === undefined || log.compare(head) === 'older') throw shorter(head?.sequence, log.nextSequence)
      // What the file tells beyond that is worth more than what the relay tells now.
      if (writer.lastSequence > head.sequence) throw shorter(head.sequence, writer.lastSequence)
      // All of it before the first byte is written: an archive that is there already stays as it is.
      const last = await log.judgeOn(session.entries(log.vault, log.nextSequence))
      if (last !== undefined) await this.#noteState(session, last.state)
      for await (const given of session.entries(log.vault, log.nextSequence)) {
        const judged = log.judge(given)
        log.assertHolds(head, judged)
        await this.#writeEntry(given, judged.entry)
        log.moved(judged)
      }
      log.complete()
      log.assertHolds(head)
    })
  }

  async #writeEntry(given: RelayEntry, entry: Entry | undefined): Promise<void> {
    const { sequence } = given
    if (entry !== undefined) this.#note(entry)
    this.#assertSame(given, entry)
    await this.#writeUpTo(1, sequence, { given, entry })
  }

  /** Writes an entry until it stands `times` times. A whole one that stands there is worth more than what is left of it at the relay. */
  async #writeUpTo(
    times: number,
    sequence: number,
    { given, entry }: { readonly given: RelayEntry; readonly entry: Entry | undefined },
  ): Promise<void> {
    const { writer } = this.#options
    const rows = writer.of({ sequence })
    const have = entry === undefined ? rows.length : rows.filter(({ type }) => type === 'entry').length
    if (have >= times) return
    if (entry !== undefined) await writer.entry({ sequence, bytes: entry.bytes, bodyHash: entry.bodyHash })
    else if (!('entry' in given)) await writer.retired(sequence, given.bodyHash)
  }

  /** @throws ClientError `archive-foreign` when the file that is gone on with has another entry there */
  #assertSame(given: RelayEntry, entry: Entry | undefined): void {
    const { sequence } = given
    const hash = entry?.bodyHash ?? ('entry' in given ? undefined : given.bodyHash)
    const [row] = this.#options.writer.of({ sequence })
    if (row === undefined || (hash !== undefined && equal(row.hash, hash))) return
    throw new ClientError('archive-foreign', 'the file holds another history', { data: { sequence } })
  }

  #note({ header }: Entry): void {
    const { sequence } = header
    if (header.kind === 'drop') {
      for (const hash of header.part.packs)
        this.#dropped.add({ type: 'pack', number: sequence, offset: 0, bodyBytes: 0, hash })
    }
    for (const claim of [...header.added, ...header.restored]) this.#noteClaim(sequence, claim)
  }

  #noteClaim(number: number, { id, sizeBytes }: Pick<PackClaim, 'id' | 'sizeBytes'>): void {
    if (this.#claimed.of({ pack: id }).some((row) => row.number === number)) return
    this.#claimed.add({ type: 'pack', number, offset: 0, bodyBytes: sizeBytes, hash: id })
  }

  /** The claims of the state that a prune names, before those of entries. @throws ClientError `checkpoint-broken`, `pack-unavailable` */
  async #noteState(session: RelaySession, { spine }: LogState): Promise<void> {
    if (spine.prune === undefined || this.#start !== undefined) return
    const { log, pool, onSession } = this.#options
    const { checkpoint } = spine.prune
    const entry = await namedEntry(session.entries(log.vault, checkpoint.sequence), checkpoint)
    const source = {
      ...{ binding: log.vault, keys: VaultKeys.of(log.vault, spine, log.device), pool },
      get: (pack: PackId, range: { offset: number; length: number }) =>
        onSession((current) => current.get(log.vault, pack, range)),
    }
    const opened = await openCheckpoint(source, entry, spine)
    for await (const record of readRecords(piecesOf(opened)))
      if (record.record === 'claim') this.#noteClaim(record.sequence, record)
    this.#start = { sequence: checkpoint.sequence, payload: opened.payload }
  }

  /** Packs that the log claims and did not drop since, each once, in the order in which they came. */
  *#livePacks(): Generator<Pick<PackClaim, 'id' | 'sizeBytes'>> {
    for (let number = 0; number < this.#claimed.count; number += 1) {
      const { hash, bodyBytes } = this.#claimed.at(number)
      const claims = this.#claimed.of({ pack: hash })
      const dropped = this.#dropped.of({ pack: hash }).at(-1)?.number ?? -1
      const isFirst = claims[0]?.number === this.#claimed.at(number).number
      if (isFirst && (claims.at(-1)?.number ?? -1) > dropped)
        yield { id: hash as PackId, sizeBytes: bodyBytes }
    }
  }

  async #writePacks(packs: Iterable<Pick<PackClaim, 'id' | 'sizeBytes'>>): Promise<void> {
    const { writer, tally } = this.#options
    const coming: { id: PackId; sizeBytes: number; bytes: Promise<Uint8Array | undefined> }[] = []
    const take = async (): Promise<void> => {
      const next = coming.shift()
      if (next === undefined) return
      await this.#writePack(next, await next.bytes)
    }
    for (const { sizeBytes } of this.#livePacks()) tally.expect(1, sizeBytes)
    for (const { id, sizeBytes } of packs) {
      this.#packs += 1
      if (writer.of({ pack: id }).length > 0) {
        tally.did(1, sizeBytes)
        continue
      }
      const bytes = this.#fetch({ id, sizeBytes })
      bytes.catch(() => undefined)
      coming.push({ id, sizeBytes, bytes })
      if (coming.length >= packsAhead) await take()
    }
    while (coming.length > 0) await take()
  }

  async #writePack(
    { id, sizeBytes }: Pick<PackClaim, 'id' | 'sizeBytes'>,
    bytes: Uint8Array | undefined,
  ): Promise<void> {
    const { writer, tally } = this.#options
    if (bytes === undefined) {
      this.#lacking.push(id)
      writer.absent(id, sizeBytes)
    } else {
      await writer.pack(id, bytes)
      release([bytes])
    }
    tally.did(1, sizeBytes)
  }

  /** undefined where the relay says that it lacks it. @throws ClientError `relay-corrupt` */
  async #fetch({ id, sizeBytes }: Pick<PackClaim, 'id' | 'sizeBytes'>): Promise<Uint8Array | undefined> {
    const { log, onSession } = this.#options
    const range = { offset: 0, length: sizeBytes }
    const bytes = await onSession((session) => session.get(log.vault, id, range))
    if (bytes === undefined || equal(packIdOf(bytes), id)) return bytes
    const data = { pack: toHex(id) }
    const error = new ClientError('relay-corrupt', 'a pack at the relay is not what was put there', { data })
    throw withEvidence(error, { expected: undefined, came: { packName: id, pack: bytes } })
  }

  async #writeLogAgain(): Promise<void> {
    const { log, onSession } = this.#options
    let next = 0
    await onSession(async (session) => {
      for await (const given of session.entries(log.vault, next)) {
        if (given.sequence > log.state.head.sequence) return
        const entry = 'entry' in given ? decodeEntry(given.entry) : undefined
        this.#assertSame(given, entry)
        await this.#writeUpTo(2, given.sequence, { given, entry })
        if (entry !== undefined) for (const claim of this.#payloadPacks(entry)) await this.#writeAgain(claim)
        next = given.sequence + 1
      }
    })
  }

  async #writeAgain(claim: PackClaim): Promise<void> {
    const { writer } = this.#options
    const rows = writer.of({ pack: claim.id })
    if (rows.length !== 1 || rows[0]?.offset === 0) return
    const bytes = await this.#fetch(claim)
    if (bytes === undefined) return
    await writer.pack(claim.id, bytes)
    release([bytes])
  }

  /** Packs without which the entry says nothing: those of its payload, and of a checkpoint all. */
  #payloadPacks({ header, payload }: Entry): readonly PackClaim[] {
    const { log } = this.#options
    const { sequence, payload: start } = this.#start ?? {}
    if (header.sequence === sequence) return [...header.added, ...(start?.earlier ?? [])]
    if (header.added.length === 0 || payload.length === 0) return []
    if (header.kind === 'checkpoint') return header.added
    const binding = header.kind === 'genesis' ? header.nonce : log.vault
    try {
      const payloadKey = log.keys.payloadKey(containerEpoch(payload, 'payload'), binding)
      const { payloadVersionMax } = log.state.spine
      const content = openPayload(payload, { payloadKey, binding, payloadVersionMax })
      if (content.kind === 'body') return []
      return content.pointer.packs.flatMap((position) => header.added[position] ?? [])
    } catch (error) {
      // What this device cannot read it cannot look into: its packs stand once.
      if (error instanceof CryptoError || error instanceof ClientError) return []
      throw error
    }
  }
}

function shorter(came: number | undefined, expected: number): ClientError {
  return new ClientError('relay-rollback', 'the log at the relay ends before what was seen', {
    data: { came: came ?? -1, expected },
  })
}
