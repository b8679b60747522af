// What it means that the relay has a pack not, or not as it was put there: whether all of it lies elsewhere by now, else which files, or which older
// versions of them, lack a part.
import { toHex, type PackId } from '@grenier/crypto'
import { readContent } from '../content/content-list.ts'
import type { Fetch } from '../content/fetch.ts'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { chunksIn, isElsewhere } from '../state/lost-packs.ts'
import type { StateRows } from '../state/state-rows.ts'
import type { Transaction } from '../state/trees-transaction.ts'
import type { FileValue } from '../sync/tree.ts'
import { FormerState, type FoldedEntry } from './former-state.ts'
import { LogReplay } from './log-replay.ts'
import type { Vault } from './vault.ts'

/** Packs of one verification that are told one by one: with what is told of each they fit one line between two processes. */
export const toldPacksMax = 2000
/** Paths that are told of one pack. */
const toldPathsMax = 16
/** Characters of paths that are told of all packs. */
const toldCharsMax = 200_000
/** Versions of large files whose lists of chunks are asked for: each costs a way to the relay. */
const deepVersionsMax = 256

/**
 * A pack that the relay lacked, or held as something else. `sequence`, `atMs`: of the entry that put it there. `lost`: what is not to be had of
 * it now: `nothing`, a part of files as they are (`present`), of older versions of them alone (`older`), or of what an entry says (`entry`).
 * `paths`: of these files, by path; `more` others.
 */
export interface HurtPack {
  readonly pack: string
  readonly code: 'pack-unavailable' | 'relay-corrupt'
  readonly sequence: number
  readonly atMs: number
  readonly lost: 'nothing' | 'present' | 'older' | 'entry'
  readonly paths: readonly string[]
  readonly more: number
}

/** Chunks that lie in hurt packs alone, by hex id, with these packs (hex). */
export type HurtChunks = ReadonlyMap<string, ReadonlySet<string>>

/** The chunks of these packs that lie nowhere else. After `discredit`. */
export function chunksOnlyIn(rows: StateRows, packs: readonly PackId[]): HurtChunks {
  const chunks = new Map<string, Set<string>>()
  for (const pack of packs) {
    for (const id of chunksIn(rows, pack)) {
      if (isElsewhere(rows, id)) continue
      const name = toHex(id)
      chunks.set(name, (chunks.get(name) ?? new Set()).add(toHex(pack)))
    }
  }
  return chunks
}

/** The packs (hex) that a file misses, none where not even the list of its chunks is to be had; undefined where it misses nothing. */
export async function packsMissed(
  fetch: Fetch,
  { content, sizeBytes }: Pick<FileValue, 'content' | 'sizeBytes'>,
  hurt: HurtChunks,
): Promise<ReadonlySet<string> | undefined> {
  if (content === undefined) return undefined
  const { depth, ids } = readContent(content)
  const chunks = depth === 0 ? [] : await fetch.chunksOf(content, sizeBytes)
  const packs = new Set([...ids, ...(chunks ?? []).map(({ id }) => id)].flatMap((id) => packsOf(hurt, id)))
  return packs.size > 0 || chunks === undefined ? packs : undefined
}

/** By pack (hex), the paths under which older versions lacked one of these chunks, as far as the log still tells. @throws ClientError `interrupted` */
export async function olderVersionsWith(
  on: { readonly vault: Vault; readonly fetch: Fetch; readonly session: () => Promise<RelaySession> },
  hurt: HurtChunks,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { vault, fetch, session } = on
  const seen = new SeenVersions(hurt)
  const sequence = vault.log.state.head.sequence
  const hear = (transaction: Transaction, folded: FoldedEntry): (() => void) => {
    return () => {
      seen.take(transaction, folded)
    }
  }
  try {
    const replay = new LogReplay(vault, session)
    await (await FormerState.open({ vault, replay, session, sequence, hear })).close()
    for (const [path, value] of seen.deep) seen.add(path, (await packsMissed(fetch, value, hurt)) ?? [])
  } catch (error) {
    // What retired, or is lost itself, tells no paths: that the packs are lost is still to be said.
    if (!(error instanceof ClientError) || error.code === 'interrupted') throw error
  }
  return seen.paths
}

/** Keeps what is told within bounds. */
export function bounded(
  packs: readonly (Omit<HurtPack, 'more'> & { paths: readonly string[] })[],
): HurtPack[] {
  let chars = 0
  return packs.slice(0, toldPacksMax).map((pack) => {
    const told = pack.paths
      .slice(0, toldPathsMax)
      .filter((path) => chars + path.length <= toldCharsMax && (chars += path.length) >= 0)
    return { ...pack, paths: told, more: pack.paths.length - told.length }
  })
}

/** The versions of files that went by. */
class SeenVersions {
  readonly #hurt: HurtChunks
  readonly paths = new Map<string, Set<string>>()
  readonly deep: [string, FileValue][] = []

  constructor(hurt: HurtChunks) {
    this.#hurt = hurt
  }

  /** After the entry is folded. */
  take(transaction: Transaction, { applied }: FoldedEntry): void {
    for (const [id, row] of applied?.rows ?? []) {
      if (row?.value.kind !== 'file' || row.value.content === undefined) continue
      const { depth, ids } = readContent(row.value.content)
      const packs = ids.flatMap((chunk) => packsOf(this.#hurt, chunk))
      const isDeep = depth > 0 && packs.length === 0 && this.deep.length < deepVersionsMax
      if (packs.length === 0 && !isDeep) continue
      const path = transaction.pathOf('remote', id)
      if (path === undefined) continue
      if (isDeep) this.deep.push([path, row.value])
      else this.add(path, packs)
    }
  }

  add(path: string, packs: Iterable<string>): void {
    for (const pack of packs) this.paths.set(pack, (this.paths.get(pack) ?? new Set()).add(path))
  }
}

function packsOf(hurt: HurtChunks, id: Uint8Array): string[] {
  return [...(hurt.get(toHex(id)) ?? [])]
}
