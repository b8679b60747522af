// What the brake remembers, as rows of the state, so that to stop and start again changes nothing: what it holds the folder for, what a
// person approved, and what was lost lately.
import { idFromKey, idKey, otherKey } from '../state/state-keys.ts'
import { ItemReader, ItemWriter } from '../state/item-codec.ts'
import type { StateRows, StateRowsWriter } from '../state/state-rows.ts'
import type { TreesStore } from '../state/trees-store.ts'
import { brakeFilesMin, type Fate } from '../sync/brake.ts'
import type { NodeId } from '../sync/tree.ts'

/** `up`: this folder lost files, the log would follow. `down`: the log lost them, this folder would. */
export type BrakeDirection = 'up' | 'down'
export const brakeDirections: readonly BrakeDirection[] = ['up', 'down']

/** What the brake saw. */
export interface BrakeSight {
  readonly direction: BrakeDirection
  /** Files that are gone. */
  readonly gone: number
  /** Files that hold other bytes. */
  readonly changed: number
  /** Files of the folder that both sides agreed on. */
  readonly files: number
}

/** How a file is lost. */
export type LostAs = Extract<Fate, 'gone' | 'changed'>

interface Loss {
  readonly fate: LostAs
  /** ms since 1970. */
  readonly atMs: number
}

/** What is lost bit by bit within this time counts as lost at once. No person edits dozens of files in it; a program does. */
const recentMs = 2 * 60_000
const recentPrefix = otherKey('brake-recent!')
const askedPrefix = otherKey('brake-asked!')
/** There are such rows: nobody looks for them in vain. */
const anyAskedKey = otherKey('brake-any-asked')

/** One folder's memory of its brake. */
export class BrakeRecord {
  readonly #trees: TreesStore
  #recent: Map<BrakeDirection, Map<NodeId, Loss>> | undefined

  constructor(trees: TreesStore) {
    this.#trees = trees
  }

  /** What the folder is held for. */
  seen(direction: BrakeDirection): BrakeSight | undefined {
    return sightAt(this.#trees, seenKey(direction), direction)
  }

  /** What a person said may go on. */
  approved(direction: BrakeDirection): BrakeSight | undefined {
    return sightAt(this.#trees, approvedKey(direction), direction)
  }

  /** The folder is held for this from now on, whatever comes. */
  async hold(sight: BrakeSight): Promise<void> {
    await this.#trees.write({ flush: true }, (transaction) => {
      transaction.put(seenKey(sight.direction), encodeSight(sight))
    })
  }

  /** Nothing is left of what was seen: it needs nobody's word. */
  async release(direction: BrakeDirection): Promise<void> {
    await this.#trees.write({ flush: false }, (transaction) => {
      transaction.del(seenKey(direction))
      transaction.del(approvedKey(direction))
    })
  }

  /** These are lost for good: they count as lost lately. Written with the transaction of the loss. */
  note(
    rows: StateRowsWriter,
    lost: ReadonlyMap<NodeId, LostAs>,
    how: { direction: BrakeDirection; atMs: number },
  ): void {
    const { direction, atMs } = how
    for (const [id, fate] of lost) {
      rows.put(recentKey(direction, id), encodeLoss({ fate, atMs }))
      this.#recent?.get(direction)?.set(id, { fate, atMs })
    }
  }

  /** Files that were lost lately. */
  async recent(direction: BrakeDirection, nowMs: number): Promise<ReadonlyMap<NodeId, LostAs>> {
    const recent = (await this.#lately()).get(direction) ?? new Map<NodeId, Loss>()
    // A clock that was set back makes nothing younger.
    const old = [...recent].filter(([, { atMs }]) => nowMs - atMs > recentMs || atMs > nowMs)
    if (old.length > 0)
      await this.#forgetRecent(
        direction,
        old.map(([id]) => id),
      )
    return new Map([...recent].map(([id, { fate }]) => [id, fate]))
  }

  /** Files that a person asked this folder to lose, and how; until both sides agree. */
  async asked(): Promise<ReadonlyMap<NodeId, LostAs>> {
    const asked = new Map<NodeId, LostAs>()
    if (this.#trees.other(anyAskedKey) === undefined) return asked
    for await (const [key, bytes] of this.#trees.others(askedPrefix))
      asked.set(idFromKey(key.slice(askedPrefix.length)), decodeLoss(bytes).fate)
    return asked
  }

  /** What was approved is done: what a person has looked at counts no second time. */
  async done(): Promise<void> {
    await this.#forgetAsked()
    for (const direction of brakeDirections) {
      if (this.approved(direction) === undefined) continue
      const recent = (await this.#lately()).get(direction)
      await this.#forgetRecent(direction, [...(recent?.keys() ?? [])])
      await this.release(direction)
    }
  }

  async #forgetAsked(): Promise<void> {
    const asked = [...(await this.asked()).keys()]
    if (asked.length === 0) return
    await this.#forgetRecent('down', asked)
    await this.#trees.write({ flush: false }, (transaction) => {
      for (const id of asked) transaction.del(askedPrefix + idKey(id))
      transaction.del(anyAskedKey)
    })
  }

  async #forgetRecent(direction: BrakeDirection, ids: readonly NodeId[]): Promise<void> {
    await this.#trees.write({ flush: false }, (transaction) => {
      for (const id of ids) transaction.del(recentKey(direction, id))
    })
    for (const id of ids) this.#recent?.get(direction)?.delete(id)
  }

  async #lately(): Promise<Map<BrakeDirection, Map<NodeId, Loss>>> {
    if (this.#recent !== undefined) return this.#recent
    const read = new Map(brakeDirections.map((direction) => [direction, new Map<NodeId, Loss>()]))
    for (const direction of brakeDirections) {
      const prefix = `${recentPrefix}${direction}!`
      for await (const [key, bytes] of this.#trees.others(prefix))
        read.get(direction)?.set(idFromKey(key.slice(prefix.length)), decodeLoss(bytes))
    }
    this.#recent = read
    return read
  }
}

/** What the folder is held for, and waits for a person's word. */
export function heldBack(rows: StateRows): BrakeSight[] {
  return brakeDirections.flatMap((direction) => sightAt(rows, seenKey(direction), direction) ?? [])
}

/** A person has looked: what was seen may go on. Gives what was approved. */
export async function approveHeld(
  trees: TreesStore,
  directions: readonly BrakeDirection[] = brakeDirections,
): Promise<BrakeSight[]> {
  const sights = heldBack(trees).filter(({ direction }) => directions.includes(direction))
  if (sights.length === 0) return sights
  await trees.write({ flush: true }, (transaction) => {
    for (const sight of sights) {
      transaction.put(approvedKey(sight.direction), encodeSight(sight))
      transaction.del(seenKey(sight.direction))
    }
  })
  return sights
}

/** A person asked that this folder loses these files so: they need no second word, and no other file is let through for them. */
export function noteAsked(rows: StateRowsWriter, asked: ReadonlyMap<NodeId, LostAs>): void {
  if (asked.size === 0) return
  rows.put(anyAskedKey, new Uint8Array([1]))
  for (const [id, fate] of asked) rows.put(askedPrefix + idKey(id), encodeLoss({ fate, atMs: 0 }))
}

/** What came on top of what was approved may be a little, not another mass. */
export function isCovered(count: number, approved: BrakeSight | undefined): boolean {
  return approved !== undefined && count < approved.gone + approved.changed + brakeFilesMin
}

function sightAt(rows: StateRows, key: string, direction: BrakeDirection): BrakeSight | undefined {
  const bytes = rows.other(key)
  if (bytes === undefined) return undefined
  const reader = new ItemReader(bytes)
  return { direction, gone: reader.uint(), changed: reader.uint(), files: reader.uint() }
}

function encodeSight({ gone, changed, files }: BrakeSight): Uint8Array {
  const writer = new ItemWriter(32)
  for (const count of [gone, changed, files]) writer.uint(count)
  return writer.take()
}

function encodeLoss({ fate, atMs }: Loss): Uint8Array {
  const writer = new ItemWriter(16)
  writer.uint(fate === 'gone' ? 1 : 0)
  writer.uint(Math.max(0, Math.round(atMs)))
  return writer.take()
}

function decodeLoss(bytes: Uint8Array): Loss {
  const reader = new ItemReader(bytes)
  return { fate: reader.uint() === 1 ? 'gone' : 'changed', atMs: reader.uint() }
}

function seenKey(direction: BrakeDirection): string {
  return otherKey(`brake-seen!${direction}`)
}

function approvedKey(direction: BrakeDirection): string {
  return otherKey(`brake-approved!${direction}`)
}

function recentKey(direction: BrakeDirection, id: NodeId): string {
  return `${recentPrefix}${direction}!${idKey(id)}`
}
