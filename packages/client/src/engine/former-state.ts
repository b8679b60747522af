// The state of a vault as it was after an earlier entry: the verified log, folded once more into a state of its own on the disk, so that no
// size of tree or history has to fit in memory. It is thrown away when it is closed.
import { isSpineKind, type Entry } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { loadState } from '../state/checkpoint-load.ts'
import { entryAt } from '../state/entry-keep.ts'
import { foldChange, foldDrop, foldOther, judgeChange } from '../state/fold.ts'
import { TreesStore } from '../state/trees-store.ts'
import type { Transaction } from '../state/trees-transaction.ts'
import type { Applied, Outcome } from '../sync/operations.ts'
import { decodeBody } from './entry-body.ts'
import type { LogReplay, Replayed } from './log-replay.ts'
import { piecesOf } from './checkpoint-source.ts'
import { namedCheckpoint } from './named-checkpoint.ts'
import type { Vault } from './vault.ts'

/** Most of a former state is asked for once. */
const cacheBytes = 16 * 1024 * 1024

/** Told of each entry, in the transaction that folds it, when the rows are as they are before it. `applied`: what it changes. */
export interface FoldedEntry extends Replayed {
  readonly entry: Entry
  readonly applied: Applied | undefined
  readonly void: string | undefined
  /** Of a spine entry: what its payload says. */
  readonly body: Uint8Array | undefined
}

/** What a listener does before an entry is folded, and after. */
export type HearFold = (transaction: Transaction, folded: FoldedEntry) => (() => void) | undefined

export interface FormerStateOptions {
  readonly vault: Vault
  readonly replay: LogReplay
  readonly sequence: number
  /** Asked for where the state has to begin with a checkpoint. */
  readonly session: () => Promise<RelaySession>
  readonly hear?: HearFold | undefined
  /** Told when an entry is folded, before the next one is: the trees stand as after it. */
  readonly folded?: ((sequence: number, trees: TreesStore) => Promise<void>) | undefined
}

/** An earlier state. The remote column is all that its trees have. */
export class FormerState {
  readonly trees: TreesStore
  readonly #close: () => Promise<void>

  private constructor(trees: TreesStore, close: () => Promise<void>) {
    this.trees = trees
    this.#close = close
  }

  /** @throws ClientError as `LogReplay`; `interrupted`, `disk-full` */
  static async open(options: FormerStateOptions): Promise<FormerState> {
    const { home, platform, record } = options.vault
    const store = await platform.scratch(home.stateDirectory(record.vault))
    try {
      const trees = TreesStore.open(store, { cacheBytes })
      await fold(options, trees)
      return new FormerState(trees, () => store.close())
    } catch (error) {
      await store.close()
      throw error
    }
  }

  async close(): Promise<void> {
    await this.trees.settled().catch(() => undefined)
    await this.#close()
  }
}

async function fold(options: FormerStateOptions, trees: TreesStore): Promise<void> {
  const { vault, replay, sequence, hear } = options
  const from = await start(options, trees)
  for await (const replayed of replay.entries({ whole: from + 1, through: sequence })) {
    if (vault.signal.aborted) throw interrupted()
    const { entry } = replayed
    if (entry === undefined) continue
    const isFolded = replayed.sequence <= from
    // Of what is folded already the spine has names to tell.
    if (isFolded && !isSpineKind(entry.header.kind)) continue
    const opened = await openEntry(replay, replayed, entry)
    await trees.write({ flush: false }, async (transaction) => {
      const outcome = isFolded ? undefined : await judged(transaction, entry, opened)
      const applied = outcome?.void === undefined ? outcome : undefined
      const why = isSpineKind(entry.header.kind) ? undefined : (opened.fault ?? outcome?.void)
      const after = hear?.(transaction, { ...replayed, entry, applied, void: why, body: opened.body })
      if (!isFolded) await foldInto(transaction, entry, { ...opened, outcome })
      after?.()
    })
    await options.folded?.(replayed.sequence, trees)
  }
}

/** Where entries that the state needs are retired, it begins with the checkpoint that the prune names. Returns the sequence that is folded. */
async function start(options: FormerStateOptions, trees: TreesStore): Promise<number> {
  const { vault, sequence, session } = options
  const { spine } = vault.log.state
  const point = spine.prune
  if (point === undefined || sequence < point.through || isKept(vault.trees, point.through)) return -1
  const named = await namedCheckpoint(vault, await session(), { point, spine, keys: vault.log.keys })
  const { holds } = named.entry.header.part
  await loadState(trees, piecesOf(named), { sequence: holds, stateHash: named.payload.stateHash })
  return holds
}

function isKept(trees: TreesStore, through: number): boolean {
  for (let sequence = 0; sequence <= through; sequence += 1)
    if (entryAt(trees, sequence) === undefined) return false
  return true
}

interface Opened extends ReturnType<typeof decodeBody> {
  readonly body?: Uint8Array | undefined
}

/** Nothing of a `drop` or `prune` lies in a payload, nor anything of a `member` entry that gives no names. */
async function openEntry(replay: LogReplay, replayed: Replayed, { header, payload }: Entry): Promise<Opened> {
  if (payload.length === 0) return {}
  const opened = await replay.body(replayed)
  if ('fault' in opened) return opened
  if (header.kind === 'change' || header.kind === 'checkpoint') return decodeBody(header, opened.body)
  return { body: opened.body }
}

async function judged(
  transaction: Transaction,
  { header }: Entry,
  { change }: Opened,
): Promise<Outcome | undefined> {
  return header.kind === 'change' ? await judgeChange(transaction, { header, payload: change }) : undefined
}

async function foldInto(
  transaction: Transaction,
  { header }: Entry,
  { change, index, outcome }: Opened & { readonly outcome: Outcome | undefined },
): Promise<void> {
  if (header.kind === 'change')
    await foldChange(transaction, { header, payload: change, own: false, outcome })
  else if (header.kind === 'drop') foldDrop(transaction, { header, packs: header.part.packs })
  else foldOther(transaction, { header, index: index ?? [], own: false })
}

function interrupted(): ClientError {
  return new ClientError('interrupted', 'stopped')
}
