// Brings content from the relay: finds where chunks lie, reads each pack once, opens, checks, and hands plaintext to who asked. A chunk that
// does not check out is tried at its other places; when none is good the relay's bytes contradict what was signed, and that is said.
import { containerFrontBytes, CryptoError, toHex, type ChunkId, type PackId } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { Content } from '../sync/tree.ts'
import { idsOf, readContent } from './content-list.ts'
import type { ChunkPlace } from '../state/chunk-index.ts'
import { planRuns, type CellRun } from './fetch-plan.ts'
import type { ContentKeys, WorkerPool } from './worker-pool.ts'

/** A file to be filled. `write` may be called in any order of offsets. */
export interface WantedFile {
  readonly content: Content
  readonly sizeBytes: number
  write(offset: number, bytes: Uint8Array): Promise<void>
}

/** How it went with one file. `missing`: the relay says that it lacks a pack. `wrong`: sizes and chunks do not agree, a member's fault. */
export type FetchResult = 'filled' | 'missing' | 'wrong'

export interface FetchOptions {
  readonly pool: WorkerPool
  readonly keys: () => ContentKeys
  readonly binding: Uint8Array
  /** The pack key of an epoch, 32 bytes. */
  readonly packKey: (epoch: number) => Uint8Array
  /** Latest good place first. */
  readonly places: (id: ChunkId) => readonly ChunkPlace[]
  /** `RelaySession.get` of this vault. */
  readonly get: (pack: PackId, range: { offset: number; length: number }) => Promise<Uint8Array | undefined>
  /** What was found at a place: a chunk opened and checked may be deduplicated against from now on, a wrong one is tried last. */
  readonly found: (id: ChunkId, place: ChunkPlace, known: 'good' | 'bad') => void
}

/** Runs under way at once: reading overlaps opening; 4 packs of 4 MiB at most twice over in memory. */
const runsInFlight = 4

interface Target {
  readonly file: number
  readonly offset: number
}

interface Wanted {
  readonly id: ChunkId
  readonly targets: Target[]
  /** Which of its places is tried. */
  attempt: number
}

/** Fetches content. Calls may overlap. */
export class Fetch {
  readonly #options: FetchOptions

  constructor(options: FetchOptions) {
    this.#options = options
  }

  /** Fills files, reading each pack once for all of them. Results stand in the order of the files. @throws ClientError `relay-corrupt` */
  async fill(files: readonly WantedFile[]): Promise<FetchResult[]> {
    const results: FetchResult[] = files.map(() => 'filled')
    const wanted = new Map<string, Wanted>()
    const lists = await this.#idLists(files.map((file) => file.content))
    for (const [at, file] of files.entries()) {
      const ids = lists[at]
      if (ids === undefined) results[at] = 'missing'
      else if (!this.#want(wanted, ids, { file: at, sizeBytes: file.sizeBytes })) results[at] = 'wrong'
    }
    const write = async (target: Target, bytes: Uint8Array): Promise<void> => {
      if (results[target.file] === 'filled') await files[target.file]?.write(target.offset, bytes)
    }
    for (const { target, why } of await this.#bring([...wanted.values()], write)) results[target.file] = why
    return results
  }

  /** Reads small contents whole, into memory: lists of ids, payloads. undefined where the relay lacks a pack. */
  async read(
    contents: readonly { content: Content; sizeBytes: number }[],
  ): Promise<(Uint8Array | undefined)[]> {
    const buffers = contents.map((one) => new Uint8Array(one.sizeBytes))
    const files = contents.map((one, at) => ({
      ...one,
      write: (offset: number, bytes: Uint8Array) => {
        buffers[at]?.set(bytes, offset)
        return Promise.resolve()
      },
    }))
    const results = await this.fill(files)
    return buffers.map((buffer, at) => (results[at] === 'filled' ? buffer : undefined))
  }

  /** The chunks of a content, in order, with their lengths; undefined where a list of them is not to be had. */
  async chunksOf(content: Content): Promise<{ id: ChunkId; plainBytes: number }[] | undefined> {
    const [ids] = await this.#idLists([content])
    const chunks = ids?.map((id) => ({ id, plainBytes: this.#options.places(id)[0]?.plainBytes }))
    const known = chunks?.filter(
      (chunk): chunk is { id: ChunkId; plainBytes: number } => chunk.plainBytes !== undefined,
    )
    return known?.length === chunks?.length ? known : undefined
  }

  /** Chunk ids of each content, lists read and unfolded; undefined where a list could not be had. */
  async #idLists(contents: readonly Content[]): Promise<(ChunkId[] | undefined)[]> {
    const out: (ChunkId[] | undefined)[] = []
    for (const content of contents) {
      let { depth, ids } = readContent(content)
      let known: ChunkId[] | undefined = ids
      while (depth > 0 && known !== undefined) {
        known = await this.#unfold(known)
        ids = known ?? []
        depth -= 1
      }
      out.push(known)
    }
    return out
  }

  async #unfold(ids: readonly ChunkId[]): Promise<ChunkId[] | undefined> {
    const parts = new Map<string, Uint8Array>()
    const wanted = new Map<string, Wanted>()
    for (const id of ids) wanted.set(toHex(id), { id, targets: [{ file: 0, offset: 0 }], attempt: 0 })
    const keep = (_: Target, bytes: Uint8Array, id: ChunkId): Promise<void> => {
      parts.set(toHex(id), bytes)
      return Promise.resolve()
    }
    const unserved = await this.#bring([...wanted.values()], keep)
    if (unserved.length > 0) return undefined
    return ids.flatMap((id) => idsOf(parts.get(toHex(id)) ?? new Uint8Array(0)))
  }

  /** Adds a file's chunks; false when the index does not know them, or their lengths do not sum up to the file's. */
  #want(
    wanted: Map<string, Wanted>,
    ids: readonly ChunkId[],
    of: { file: number; sizeBytes: number },
  ): boolean {
    const fresh: { id: ChunkId; offset: number }[] = []
    let offset = 0
    for (const id of ids) {
      const [place] = this.#options.places(id)
      if (place === undefined) return false
      fresh.push({ id, offset })
      offset += place.plainBytes
    }
    if (offset !== of.sizeBytes) return false
    for (const { id, offset: at } of fresh) {
      const key = toHex(id)
      const one = wanted.get(key) ?? { id, targets: [], attempt: 0 }
      one.targets.push({ file: of.file, offset: at })
      wanted.set(key, one)
    }
    return true
  }

  /** Brings chunks and hands each to its targets. Gives the targets that could not be served, and why. */
  async #bring(wanted: readonly Wanted[], hand: Hand): Promise<Unserved[]> {
    const unserved: Unserved[] = []
    let queue = wanted
    while (queue.length > 0) {
      const byId = new Map(queue.map((one) => [toHex(one.id), one]))
      const placed = queue.flatMap((one) => {
        const place = this.#options.places(one.id)[one.attempt]
        return place === undefined ? [] : [{ id: one.id, place }]
      })
      const again: Wanted[] = []
      await eachOf(planRuns(placed), runsInFlight, async (run) => {
        for (const failed of await this.#bringRun(run, byId, hand))
          this.#retry(failed, { again, unserved, run })
      })
      queue = again
    }
    return unserved
  }

  #retry(failed: Failed, after: { again: Wanted[]; unserved: Unserved[]; run: CellRun }): void {
    const { one, why } = failed
    one.attempt += 1
    if (this.#options.places(one.id)[one.attempt] !== undefined) {
      after.again.push(one)
    } else if (why === 'broken') {
      const data = { pack: toHex(after.run.pack) }
      throw new ClientError('relay-corrupt', 'a pack at the relay is not what was put there', { data })
    } else {
      for (const target of one.targets) after.unserved.push({ target, why })
    }
  }

  /** One run: fetched, opened, handed on. Gives the chunks that need another place. */
  async #bringRun(run: CellRun, byId: ReadonlyMap<string, Wanted>, hand: Hand): Promise<Failed[]> {
    const wanted = run.chunks.flatMap((chunk) => byId.get(toHex(chunk.id)) ?? [])
    const plains = await this.#openRun(run)
    if (typeof plains === 'string') return wanted.map((one) => ({ one, why: plains }))
    const failed: Failed[] = []
    for (const [at, one] of wanted.entries()) {
      const plain = plains[at]
      const place = this.#options.places(one.id)[one.attempt]
      if (place !== undefined) this.#options.found(one.id, place, plain === undefined ? 'bad' : 'good')
      if (plain === undefined) failed.push({ one, why: 'wrong' })
      else for (const target of one.targets) await hand(target, plain, one.id)
    }
    return failed
  }

  async #openRun(run: CellRun): Promise<readonly (Uint8Array | undefined)[] | 'missing' | 'broken'> {
    const { get, pool, keys, binding, packKey } = this.#options
    const [front, cells] = await Promise.all([
      get(run.pack, { offset: 0, length: containerFrontBytes }),
      get(run.pack, { offset: run.offset, length: run.length }),
    ])
    if (front === undefined || cells === undefined) return 'missing'
    if (front.length !== containerFrontBytes || cells.length !== run.length) return 'broken'
    const { epoch, packBytes, firstCell, chunks } = run
    const key = packKey(epoch)
    const task = { keys: keys(), key, binding, epoch, packBytes, front, cells, firstCell, chunks }
    return await pool.open(task).catch(brokenSeal)
  }
}

/** `missing`: the relay lacks it. `wrong`: the index lies. `broken`: the pack itself does not open. */
type Why = 'missing' | 'wrong' | 'broken'

interface Failed {
  readonly one: Wanted
  readonly why: Why
}

interface Unserved {
  readonly target: Target
  readonly why: 'missing' | 'wrong'
}

type Hand = (target: Target, bytes: Uint8Array, id: ChunkId) => Promise<void>

function brokenSeal(error: unknown): 'broken' {
  if (error instanceof CryptoError && (error.code === 'seal-broken' || error.code === 'malformed'))
    return 'broken'
  throw error
}

/** Runs `work` on each item, at most `limit` at once, in order of start. Rejects with the first failure, after the others ended. */
async function eachOf<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let at = 0
  let failure: { error: unknown } | undefined
  const lane = async (): Promise<void> => {
    while (at < items.length && failure === undefined) {
      const item = items[at++]
      if (item === undefined) return
      await work(item).catch((error: unknown) => {
        failure ??= { error }
      })
    }
  }
  await Promise.all(Array.from({ length: limit }, lane))
  if (failure !== undefined) throw failure.error
}
