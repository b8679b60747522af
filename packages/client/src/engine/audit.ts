// Checks by content what the relay holds: packs that the log claims are fetched whole, compared with their names, opened, and each chunk in them with
// its id. Finds what was acknowledged and is not there, or is there and is something else; says which files that concerns.
import {
  containerFrontBytes,
  CryptoError,
  equal,
  openContainer,
  packIdOf,
  toHex,
  type ChunkId,
  type PackId,
} from '@grenier/crypto'
import { readContent } from '../content/content-list.ts'
import { isPossible, planRuns, type CellRun, type PlaceInPack } from '../content/fetch-plan.ts'
import type { Fetch } from '../content/fetch.ts'
import { release } from '../content/moved-bytes.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { chunksOf, claimsInOrder, type Claim } from '../state/pack-table.ts'
import { credit, discredit, isNeedless, knownHurt, knownLost } from '../state/lost-packs.ts'
import type { FileValue, NodeId } from '../sync/tree.ts'
import { chunksOnlyIn, packsMissed, type HurtChunks } from './hurt-packs.ts'
import { contentKeysOf, type Vault } from './vault.ts'

/** Packs that are fetched at once. */
const atOnce = 4

/** How much is checked: a share of all packs, 0 to 1, at least one; or as many, picked at random, as fit so many bytes. */
export type AuditSize = { readonly share: number } | { readonly bytesMax: number }

/** What was checked and found. `of`: packs that there are; `lacking`: the relay says it has them not; `wrong`: they are something else. */
export interface Findings {
  readonly packs: number
  readonly of: number
  readonly bytes: number
  readonly lacking: readonly PackId[]
  readonly wrong: readonly PackId[]
}

/** Files by path, in order, each with the packs (hex) that it misses; none of them where not even the list of its chunks is to be had. */
export type HurtFiles = ReadonlyMap<string, ReadonlySet<string>>

/** A chunk where the log says that it lies. */
interface Listed {
  readonly id: ChunkId
  readonly place: PlaceInPack
}

/** Told after each pack. */
export type AuditProgress = (done: {
  readonly packsDone: number
  readonly packsTotal: number
  readonly bytesDone: number
  readonly bytesTotal: number
}) => void

/** Audits of one vault. */
export class Audit {
  readonly #vault: Vault
  readonly #fetch: Fetch

  constructor(vault: Vault, fetch: Fetch) {
    this.#vault = vault
    this.#fetch = fetch
  }

  /** Checks some packs. Changes nothing, but for what is known of packs that were hurt and are whole again. @throws ClientError as the session does */
  async check(
    session: RelaySession,
    size: AuditSize,
    progress: AuditProgress = () => undefined,
  ): Promise<Findings> {
    const all = await this.#packs()
    const picked = this.#pick(all, size)
    const lacking: PackId[] = []
    const wrong: PackId[] = []
    const whole: PackId[] = []
    const known = new Set((await this.hurtBefore()).map(toHex))
    const queue = picked.values()
    const bytesTotal = picked.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    let [packsDone, bytes] = [0, 0]
    const worker = async (): Promise<void> => {
      for (const claim of queue) {
        const found = await this.#look(session, claim)
        if (found === 'lacking') lacking.push(claim.id)
        if (found === 'wrong') wrong.push(claim.id)
        if (found === 'good' && known.has(toHex(claim.id))) whole.push(claim.id)
        packsDone += 1
        bytes += claim.sizeBytes
        progress({ packsDone, packsTotal: picked.length, bytesDone: bytes, bytesTotal })
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
    if (whole.length > 0) await this.#vault.trees.write({ flush: false }, (rows) => credit(rows, whole))
    return { packs: picked.length, of: all.length, bytes, lacking, wrong }
  }

  /** Nothing is taken from these packs any more. Gives the files of the log that have chunks which lie nowhere else, by path, with the packs. */
  async hurtFiles(packs: readonly PackId[]): Promise<HurtFiles> {
    const { trees } = this.#vault
    await trees.write({ flush: false }, (rows) => {
      for (const pack of packs) discredit(rows, pack)
    })
    const hurt = chunksOnlyIn(trees, packs)
    const found: [string, ReadonlySet<string>][] = []
    if (hurt.size === 0) return new Map()
    for (const [id, value] of await this.#filesWith(hurt)) {
      const path = trees.pathOf('remote', id)
      const its = path === undefined ? undefined : await packsMissed(this.#fetch, value, hurt)
      if (path !== undefined && its !== undefined) found.push([path, its])
    }
    return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** Whether a pack is not there as it should be, when it is looked at once more. */
  async isHurt(session: RelaySession, claim: Claim): Promise<boolean> {
    return (await this.#look(session, claim)) !== 'good'
  }

  /** Packs that were found hurt before, or that the relay said it lost, and that have what lies nowhere else as far as this device knows. */
  async hurtBefore(): Promise<readonly PackId[]> {
    const { trees } = this.#vault
    return (await this.#known()).filter((pack) => !isNeedless(trees, pack))
  }

  async #known(): Promise<readonly PackId[]> {
    const { trees } = this.#vault
    return [...new Map([...(await knownHurt(trees)), ...(await knownLost(trees))]).values()]
  }

  /** Each pack once, but for those whose loss is known and made good. */
  async #packs(): Promise<Claim[]> {
    const packs = new Map<string, Claim>()
    const { trees } = this.#vault
    const known = await this.#known()
    const dealtWith = new Set(known.filter((pack) => isNeedless(trees, pack)).map(toHex))
    for await (const claim of claimsInOrder(trees))
      if (!dealtWith.has(toHex(claim.id))) packs.set(toHex(claim.id), claim)
    return [...packs.values()]
  }

  #pick(all: readonly Claim[], size: AuditSize): readonly Claim[] {
    const isWhole = 'share' in size && size.share >= 1
    const shuffled = isWhole ? all : this.#shuffled(all)
    if ('share' in size) return shuffled.slice(0, Math.max(1, Math.ceil(all.length * size.share)))
    let bytes = 0
    return shuffled.filter(({ sizeBytes }) => (bytes += sizeBytes) <= size.bytesMax)
  }

  /** What is looked at must not be foreseen. */
  #shuffled(all: readonly Claim[]): readonly Claim[] {
    const draw = (): number => Buffer.from(this.#vault.platform.random.bytes(6)).readUIntBE(0, 6)
    return all
      .map((claim) => [draw(), claim] as const)
      .sort(([a], [b]) => a - b)
      .map(([, claim]) => claim)
  }

  async #look(
    session: RelaySession,
    { id, sizeBytes, epoch, place }: Claim,
  ): Promise<'good' | 'lacking' | 'wrong'> {
    const { log, trees } = this.#vault
    const bytes = await session.get(log.vault, id, { offset: 0, length: sizeBytes })
    if (bytes === undefined) return 'lacking'
    if (!equal(packIdOf(bytes), id)) return 'wrong'
    const key = log.keys.packKey(epoch)
    const listed = chunksOf(trees, place)
    let offset = 0
    const items = listed.map((chunk) => {
      const { plainBytes, storedBytes } = chunk
      const at = offset
      offset += storedBytes
      return {
        id: chunk.id,
        place: { pack: id, packBytes: sizeBytes, epoch, offset: at, plainBytes, storedBytes },
      }
    })
    if (!items.every((item) => isPossible(item.place))) return 'wrong'
    try {
      // Of a large payload, or claimed by an entry that is void: nothing is known of what is in it.
      if (listed.length === 0)
        return openContainer({ type: 'pack', key, binding: log.vault, bytes }).plain.length > 0
          ? 'good'
          : 'wrong'
      // In portions: of text a pack holds many times its size.
      for (const run of planRuns(items)) if (!(await this.#opens(bytes, run, key))) return 'wrong'
      return 'good'
    } catch (error) {
      // The relay holds what it was given: whoever made it made it so.
      if (error instanceof CryptoError) return listed.length === 0 ? 'good' : 'wrong'
      throw error
    }
  }

  /** Whether each chunk of a run is what its id says. @throws CryptoError where a cell does not open */
  async #opens(pack: Uint8Array, run: CellRun<Listed>, key: Uint8Array): Promise<boolean> {
    const { log, platform } = this.#vault
    const { epoch, packBytes, firstCell, offset, length, items } = run
    const opened = await platform.pool.open({
      ...{ keys: contentKeysOf(this.#vault), key, binding: log.vault, epoch, packBytes, firstCell },
      front: pack.slice(0, containerFrontBytes),
      cells: pack.slice(offset, offset + length),
      chunks: items.map(({ id, place }) => ({
        id,
        offset: place.offset,
        plainBytes: place.plainBytes,
        storedBytes: place.storedBytes,
      })),
    })
    const isGood = opened.every((chunk) => chunk !== undefined)
    release(opened.filter((chunk) => chunk !== undefined))
    return isGood
  }

  async #filesWith(hurt: HurtChunks): Promise<readonly (readonly [NodeId, FileValue])[]> {
    const found: [NodeId, FileValue][] = []
    for await (const [id, { remote }] of this.#vault.trees.all()) {
      if (remote?.value.kind !== 'file' || remote.value.content === undefined) continue
      const { depth, ids } = readContent(remote.value.content)
      if (depth > 0 || ids.some((chunk) => hurt.has(toHex(chunk)))) found.push([id, remote.value])
    }
    return found
  }
}
