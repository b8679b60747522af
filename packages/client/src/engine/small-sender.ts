// Sends a few small edits while bulk is under way: in packs of their own, which the line lets pass first, and an entry that claims nothing else.
// What is too large for that, or does not go at once, stays for the run's next walk.
import type { ChunkId } from '@grenier/crypto'
import { Ingest, type IngestFile } from '../content/ingest.ts'
import { PackWriter } from '../content/pack-writer.ts'
import { parentOf } from '../disk/ignore.ts'
import { settled } from '../disk/stamp.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { ownPlaceOf } from '../state/chunk-index.ts'
import type { Plan } from '../sync/action.ts'
import type { RelativePath } from '../sync/name.ts'
import type { NodeId } from '../sync/tree.ts'
import { adoptAll } from './adopting.ts'
import type { Committer } from './committer.ts'
import { expectedContent } from './expected-content.ts'
import { smallBytesMax, smallFileBytesMax } from './meanwhile.ts'
import { outOfOrder } from './pack-shipper.ts'
import { isAnother, isUnseen, withContent, type ReadResult } from './read-result.ts'
import type { SenderParts } from './sender.ts'
import { contentKeysOf, mayWrite, sealingOf } from './vault.ts'

/** Others who write at once: then it stays for the walk. */
const triesMax = 3

/** One run's. Calls are one after the other, between two steps of the sender. */
export class SmallSender {
  readonly #parts: SenderParts
  readonly #committer: Committer
  readonly #writer: PackWriter
  readonly #ingest: Ingest

  /** `isOnItsWay`: whether bulk holds the chunk already; then the file waits for that. */
  constructor(parts: SenderParts, committer: Committer, isOnItsWay: (id: ChunkId) => boolean) {
    this.#parts = parts
    this.#committer = committer
    const { vault, files, shipper } = parts
    const { pool, random, clock } = vault.platform
    this.#writer = new PackWriter({
      pool,
      random,
      sealing: () => sealingOf(vault),
      // Nobody waits for room: it is little, and goes first.
      emit: (pack) => {
        void shipper.take({ ...pack, ordinal: outOfOrder })
        return Promise.resolve()
      },
    })
    this.#ingest = new Ingest({
      fileSystem: files,
      pool,
      clock,
      keys: contentKeysOf(vault),
      writer: this.#writer,
      known: (id) => ownPlaceOf(vault.trees, id) !== undefined || isOnItsWay(id),
    })
  }

  /** Whether the chunk is in a pack of this sender that is not claimed yet. */
  holds(id: ChunkId): boolean {
    return this.#ingest.holds(id)
  }

  /** Commits what these nodes have to say, if it is little. Gives directories that are not what was seen. */
  async send(session: RelaySession, ids: readonly NodeId[]): Promise<readonly RelativePath[]> {
    const { vault, planning, receiver, shipper } = this.#parts
    if (!mayWrite(vault)) return []
    const lookAgain = await this.#read(await this.#planned(ids))
    await this.#writer.finish()
    for (let tries = 0; tries < triesMax; tries += 1) {
      shipper.check()
      const plan = await this.#planned(ids)
      const commits = plan.actions.filter((action) => action.do === 'commit')
      const committed = await this.#committer.commit(session, commits, { which: 'out of order' })
      if (!committed.moved) {
        this.#ingest.claimed(outOfOrderLast)
        break
      }
      await receiver.receive(session)
    }
    await planning.adopt(ids.filter((id) => vault.trees.get(id) !== undefined))
    return lookAgain
  }

  async #planned(ids: readonly NodeId[]): Promise<Plan> {
    const { planning, vault } = this.#parts
    const plan = await planning.about(ids)
    const adopts = plan.actions.filter((action) => action.do === 'adopt')
    if (adopts.length > 0)
      await vault.trees.write({ flush: false }, (transaction) => adoptAll(transaction, adopts))
    return plan
  }

  /** Reads the small files of a plan; those that cannot be read stay unknown, and are told of when their turn comes. */
  async #read(plan: Plan): Promise<readonly RelativePath[]> {
    const { vault, tally } = this.#parts
    const startedMs = vault.platform.clock.now()
    const files = this.#smallOf(plan)
    const lookAgain: RelativePath[] = []
    const read = new Map<NodeId, ReadResult>()
    for await (const result of this.#ingest.read(files)) {
      if (result.outcome !== 'read') continue
      const { id, path, stamp } = result.file
      if (isAnother(result.stamp, stamp)) lookAgain.push(parentOf(path))
      else {
        read.set(id, { ...result, stamp: settled(result.stamp, startedMs) })
        tally.solved(path)
      }
    }
    const asked = new Map(files.map(({ id, stamp }) => [id, stamp]))
    await vault.trees.write({ flush: false }, (transaction) => {
      for (const [id, result] of read) {
        const local = transaction.get(id)?.local
        if (local?.value.kind !== 'file' || !isUnseen(local, asked.get(id))) continue
        transaction.set('local', id, withContent(local, result))
      }
    })
    return lookAgain
  }

  #smallOf(plan: Plan): IngestFile[] {
    const { trees } = this.#parts.vault
    const files: IngestFile[] = []
    let bytes = 0
    for (const action of plan.actions) {
      const local = action.do === 'read' ? trees.get(action.id)?.local : undefined
      if (action.do !== 'read' || local?.value.kind !== 'file') continue
      const { sizeBytes } = local.value
      if (sizeBytes > smallFileBytesMax || bytes + sizeBytes > smallBytesMax) continue
      bytes += sizeBytes
      const expected = expectedContent(trees, action.id)
      files.push({ id: action.id, path: action.path, expected, stamp: local.stamp })
    }
    return files
  }
}

/** All packs of this writer so far. */
const outOfOrderLast = Number.MAX_SAFE_INTEGER
