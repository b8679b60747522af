// How a folder becomes this device's: its state, its marker, its record in the home, in that order; how that is taken back, and taken up again
// where it was cut off.
import { fromHex, toHex, vaultId, type VaultId } from '@grenier/crypto'
import { onFolder } from '../disk/folder-fault.ts'
import { readMarker, removeMarker } from '../disk/marker.ts'
import { ClientError } from '../errors.ts'
import type { FolderRecord } from '../home/home.ts'
import { keepAnchor, keepProved, provedOf, type LogAnchor } from '../log/log-anchor.ts'
import { keptLogState } from '../state/log-cache.ts'
import type { StateStore } from '../state/state-store.ts'
import { TreesStore } from '../state/trees-store.ts'
import type { Transaction } from '../state/trees-transaction.ts'
import type { EngineContext } from './api.ts'
import { markerVerdict, markOnce, refuseTaken } from './folder-place.ts'

type Place = Pick<EngineContext, 'home' | 'platform'>

/** What a joiner has proved of the log is written into the state. */
export function anchored(anchor: LogAnchor, proved?: LogAnchor): (transaction: Transaction) => void {
  return (transaction) => {
    keepAnchor(transaction, anchor)
    if (proved !== undefined) keepProved(transaction, proved)
  }
}

/** What is left where a folder was settled and nothing came of it. */
interface Left {
  /** What was proved of its log, by a join: that is held to it. */
  readonly proved: LogAnchor | undefined
  /** Neither state nor folder knows anything: it was being taken back. */
  readonly isBare: boolean
}

/** The same, of a folder that is recorded. */
export interface CutOff extends Left {
  readonly record: FolderRecord
  readonly vault: VaultId
}

/** Settles one folder. It has the state for itself until it is closed: nobody else settles it meanwhile, or takes what is settled for cut off. */
export class Settling {
  readonly path: string
  readonly cutOff: CutOff | undefined
  readonly #context: EngineContext
  #store: StateStore | undefined
  #trees: TreesStore | undefined

  private constructor(context: EngineContext, path: string, held?: { cutOff: CutOff; store: StateStore }) {
    this.#context = context
    this.path = path
    this.cutOff = held?.cutOff
    this.#store = held?.store
  }

  /** Begins, or takes up a join that was cut off. @throws ClientError `folder-taken`, and as `resume` */
  static async begin(context: EngineContext, path: string): Promise<Settling> {
    const settling = await Settling.resume(context, path)
    const { cutOff } = settling ?? {}
    if (settling !== undefined && (cutOff?.proved !== undefined || cutOff?.isBare === true)) return settling
    await settling?.close()
    refuseTaken(context.home, path)
    return new Settling(context, path)
  }

  /** Takes up what is recorded and was cut off; undefined where it has begun, or somebody works with it. @throws ClientError `folder-unmarked` */
  static async resume(context: EngineContext, path: string): Promise<Settling | undefined> {
    const { home, platform } = context
    const record = home.folders.find((folder) => folder.path === path)
    const store = record && (await openUnlocked({ home, platform }, record.vault))
    if (record === undefined || store === undefined) return undefined
    let left: Left | undefined
    try {
      left = await leftOf({ home, platform }, path, store)
    } finally {
      if (left === undefined) await store.close()
    }
    const vault = vaultId(fromHex(record.vault))
    return left && new Settling(context, path, { cutOff: { ...left, record, vault }, store })
  }

  /**
   * Records and marks the folder. `also` joins what is written into its state. Durable when it resolves; may be done again.
   * @throws ClientError `folder-taken` where the vault's state has begun: the home was read before another command settled it
   */
  async settle(record: FolderRecord, also: (transaction: Transaction) => void): Promise<void> {
    const { home, platform } = this.#context
    const files = await platform.fileSystem(this.path)
    const trees = await this.#unbegun(record)
    await trees.write({ flush: true }, also)
    await onFolder(this.path, () =>
      markOnce({ files, trees, random: platform.random }, fromHex(record.vault)),
    )
    await home.addFolder(record)
  }

  async #unbegun({ path, vault }: FolderRecord): Promise<TreesStore> {
    if (this.#trees !== undefined) return this.#trees
    const { home, platform } = this.#context
    this.#store ??= await platform.state(home.stateDirectory(vault))
    const trees = TreesStore.open(this.#store)
    if (keptLogState(trees) !== undefined)
      throw new ClientError('folder-taken', 'this device has a folder of this vault', { data: { path } })
    this.#trees = trees
    return trees
  }

  /** Takes back what was settled here, not what was cut off before. */
  async undo(): Promise<void> {
    const { home, platform } = this.#context
    if (this.cutOff !== undefined || this.#trees === undefined) return
    try {
      const files = await platform.fileSystem(this.path)
      const isMarked = (await markerVerdict({ files, trees: this.#trees })) === 'ok'
      // In the order in which it came about, backwards: wherever this is cut off, it is left as what was cut off then, and said again it goes on.
      await home.removeFolder(this.path)
      if (isMarked) await removeMarker(files)
    } catch {
      // What the disk or the home does not let go of is left so, too: why it is undone is what matters.
    }
  }

  async close(): Promise<void> {
    const store = this.#store
    this.#store = undefined
    this.#trees = undefined
    await store?.close()
  }
}

/** Settles a folder at once. @throws ClientError as `Settling.begin` and `settle` */
export async function settleFolder(
  context: EngineContext,
  record: FolderRecord,
  also: (transaction: Transaction) => void,
): Promise<void> {
  const settling = await Settling.begin(context, record.path)
  try {
    await settling.settle(record, also)
  } catch (error) {
    await settling.undo()
    throw error
  } finally {
    await settling.close()
  }
}

/**
 * Whether a folder that is not recorded was settled, and nothing came of it: whoever did it was cut off before the record. Asked of a vault of
 * which this home has a state. @throws ClientError as `platform.state`, but `home-locked`: what somebody works with has begun
 */
export async function isUnbegun(
  place: Place,
  { path, vault }: Pick<FolderRecord, 'path' | 'vault'>,
): Promise<boolean> {
  const store = await openUnlocked(place, vault)
  if (store === undefined) return false
  try {
    return (await leftOf(place, path, store)) !== undefined
  } finally {
    await store.close()
  }
}

async function openUnlocked({ home, platform }: Place, vault: string): Promise<StateStore | undefined> {
  try {
    return await platform.state(home.stateDirectory(vault))
  } catch (error) {
    if (error instanceof ClientError && error.code === 'home-locked') return undefined
    throw error
  }
}

/** What was cut off, if anything was. @throws ClientError `folder-unmarked` where the marker is gone, with the disk perhaps */
async function leftOf({ platform }: Place, path: string, store: StateStore): Promise<Left | undefined> {
  const trees = TreesStore.open(store)
  if (keptLogState(trees) !== undefined) return undefined
  const files = await platform.fileSystem(path)
  const [verdict, marker] = await onFolder(path, async () => [
    await markerVerdict({ files, trees }),
    await readMarker(files),
  ])
  if (verdict === 'missing')
    throw new ClientError('folder-unmarked', 'the marker is gone', { data: { path } })
  const isBare = verdict === undefined && marker === undefined
  if (verdict !== 'ok' && !isBare) return undefined
  return { proved: provedOf(trees), isBare }
}

/** A folder that is marked as that of another vault is none of this one. @throws ClientError `state-foreign`, and as `onFolder` */
export async function refuseMarked({ platform }: Place, { path, vault }: FolderRecord): Promise<void> {
  const files = await platform.fileSystem(path)
  const marker = await onFolder(path, () => readMarker(files))
  if (marker === undefined || (marker !== 'foreign' && toHex(marker.vault) === vault)) return
  throw new ClientError('state-foreign', 'the folder is marked as that of a vault', { data: { path } })
}
