// The brake: stops before an unusually large share of the folder is removed or overwritten, on either side, and goes on only when a person
// said so. Quick counts say when to look; then every file is weighed, and read where only its bytes can tell.
import type { Clock } from '../clock.ts'
import type { IngestFile } from '../content/ingest.ts'
import { ClientError } from '../errors.ts'
import type { StateRowsWriter } from '../state/state-rows.ts'
import type { TreesStore } from '../state/trees-store.ts'
import { doubtsOf, fateOf, isUnusual } from '../sync/brake.ts'
import type { RelativePath } from '../sync/name.ts'
import type { NodeId } from '../sync/tree.ts'
import {
  brakeDirections,
  BrakeRecord,
  isCovered,
  type BrakeDirection,
  type BrakeSight,
  type LostAs,
} from './brake-record.ts'

export interface BrakeOptions {
  readonly trees: TreesStore
  readonly clock: Clock
  /** Whether what this folder lost would be sent at all. */
  readonly mayWrite: () => boolean
  /** Reads files only to know what they hold, and writes it down. */
  readonly learn: (files: readonly IngestFile[]) => Promise<void>
}

/** Paths that are named. */
const examplesMax = 3

/** One folder's brake. */
export class Brake {
  readonly #options: BrakeOptions
  readonly #record: BrakeRecord

  constructor(options: BrakeOptions) {
    this.#options = options
    this.#record = new BrakeRecord(options.trees)
  }

  /** Whether what differs may be committed and applied. @throws ClientError `brake` */
  async check(): Promise<void> {
    for (const direction of brakeDirections) await this.#check(direction)
  }

  /** These are lost for good now. Written with the transaction of the loss. */
  note(rows: StateRowsWriter, direction: BrakeDirection, lost: ReadonlyMap<NodeId, LostAs>): void {
    this.#record.note(rows, lost, { direction, atMs: this.#options.clock.now() })
  }

  /** Both sides agree. */
  async settled(): Promise<void> {
    await this.#record.done()
  }

  async #check(direction: BrakeDirection): Promise<void> {
    const { trees, mayWrite, clock } = this.#options
    if (direction === 'up' && !mayWrite()) return
    const [held, approved] = [this.#record.seen(direction), this.#record.approved(direction)]
    const asked = direction === 'down' ? await this.#record.asked() : noneAsked
    const recent = without(await this.#record.recent(direction, clock.now()), asked)
    const { files, here, there } = trees.doubts
    const most = recent.size + (direction === 'up' ? here : there)
    if (held === undefined && (!isUnusual(most, files) || isCovered(most, approved))) return
    const pending = without(await this.#weigh(direction, recent.size), asked)
    if (pending.size === 0) {
      // What a person put right by hand needs nobody's word any more.
      if (held !== undefined) await this.#record.release(direction)
      return
    }
    const sight = sightOf(direction, pending, { recent, files })
    const count = sight.gone + sight.changed
    if (held === undefined && (!isUnusual(count, sight.files) || isCovered(count, approved))) return
    await this.#record.hold(sight)
    throw brakeError(sight, [...pending.values()])
  }

  /** What would be lost now. Files that only bytes can tell about are read, if they matter. */
  async #weigh(direction: BrakeDirection, recent: number): Promise<ReadonlyMap<NodeId, Lost>> {
    const { trees, learn } = this.#options
    const { sure, touched } = await lossesOf(trees, direction)
    const most = sure.size + touched.length + recent
    if (touched.length === 0 || !isUnusual(most, trees.doubts.files)) return sure
    await learn(touched)
    return (await lossesOf(trees, direction)).sure
  }
}

const noneAsked: ReadonlyMap<NodeId, LostAs> = new Map()

/** What nobody asked for. Who asked for other bytes did not ask that a file goes. */
function without<T extends Lost | LostAs>(
  lost: ReadonlyMap<NodeId, T>,
  asked: ReadonlyMap<NodeId, LostAs>,
): ReadonlyMap<NodeId, T> {
  if (asked.size === 0) return lost
  const isAsked = (id: NodeId, one: T): boolean => {
    const wish = asked.get(id)
    return wish === 'gone' || (wish !== undefined && wish === (typeof one === 'string' ? one : one.fate))
  }
  return new Map([...lost].filter(([id, one]) => !isAsked(id, one)))
}

/** Where both sides had what one direction would lose, as far as it is known without reading files. */
export async function pathsOfLosses(trees: TreesStore, direction: BrakeDirection): Promise<RelativePath[]> {
  const { sure } = await lossesOf(trees, direction)
  return [...sure.values()].map(({ path }) => path)
}

/** What a run asks of its brake. */
export type Braking = Pick<Brake, 'check' | 'note' | 'settled'>

/** That of a backup: what is gone from its source is one more version, and all before it stay. */
export const noBrake: Braking = {
  check: () => Promise.resolve(),
  note: () => undefined,
  settled: () => Promise.resolve(),
}

/** What an error `brake` says. */
export function sightFrom({ data }: ClientError): BrakeSight & { readonly examples: readonly string[] } {
  const count = (name: string): number => Number(data[name] ?? 0)
  return {
    direction: data['direction'] === 'down' ? 'down' : 'up',
    gone: count('gone'),
    changed: count('changed'),
    files: count('files'),
    examples: String(data['examples'] ?? '').split('\n'),
  }
}

function brakeError({ direction, gone, changed, files }: BrakeSight, lost: readonly Lost[]): ClientError {
  const paths = lost.map(({ path }) => path).sort((a, b) => (a < b ? -1 : 1))
  const examples = paths.slice(0, examplesMax).join('\n')
  const data = { direction, gone, changed, files, examples }
  return new ClientError('brake', 'an unusual share of the folder is gone or changed', { data })
}

/** A file that would be lost, and where both sides had it. */
interface Lost {
  readonly fate: LostAs
  readonly path: RelativePath
}

/** Every file that this direction would remove or overwrite, and those that it might. */
async function lossesOf(
  trees: TreesStore,
  direction: BrakeDirection,
): Promise<{ sure: Map<NodeId, Lost>; touched: IngestFile[] }> {
  const sure = new Map<NodeId, Lost>()
  const touched: IngestFile[] = []
  const column = direction === 'up' ? 'local' : 'remote'
  for await (const [id, columns] of trees.differing()) {
    const { here, there } = doubtsOf(columns)
    const agreed = columns.base?.value
    if ((direction === 'up' ? here : there) === 0 || agreed?.kind !== 'file') continue
    const path = trees.pathOf('base', id)
    if (path === undefined) continue
    // One that was saved anew under its name is another node at the same place.
    const holder = columns[column] === undefined ? trees.find(column, path) : id
    const now = holder === undefined ? undefined : trees.get(holder)?.[column]?.value
    const fate = fateOf(agreed, now)
    if (fate === 'gone' || fate === 'changed') sure.set(id, { fate, path })
    if (fate === 'touched' && holder !== undefined)
      touched.push({ id: holder, path: trees.pathOf('local', holder) ?? path, expected: agreed.content })
  }
  return { sure, touched }
}

function sightOf(
  direction: BrakeDirection,
  pending: ReadonlyMap<NodeId, Lost>,
  { recent, files }: { recent: ReadonlyMap<NodeId, LostAs>; files: number },
): BrakeSight {
  const all = new Map(recent)
  for (const [id, { fate }] of pending) all.set(id, fate)
  const gone = [...all.values()].filter((fate) => fate === 'gone').length
  const goneBefore = [...recent].filter(([id, fate]) => fate === 'gone' && !pending.has(id)).length
  return { direction, gone, changed: all.size - gone, files: files + goneBefore }
}
