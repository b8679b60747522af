// What is small overtakes bulk that is under way: what was saved here goes to the log, and what others said comes to the disk, while the run waits
// for the line or the disk. What is more than that, or does not go at once, stays for the run's next walk.
import type { ChangePayload } from '@grenier/crypto'
import type { FolderLook } from '../disk/look.ts'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { RelativePath } from '../sync/name.ts'
import type { NodeId } from '../sync/tree.ts'
import type { Connection } from './connection.ts'
import { smallChangesMax, type Meanwhile } from './meanwhile.ts'
import type { PlanWork } from './plan-work.ts'
import type { Planning } from './planning.ts'
import type { Receiver } from './receiver.ts'
import type { Sender } from './sender.ts'
import type { Tally } from './tally.ts'
import type { Vault } from './vault.ts'

/** A change of another device applied. `changed`: the nodes it is about. */
export type Heard = (device: Uint8Array, change: ChangePayload, changed: readonly NodeId[]) => void

export interface OvertakingParts {
  readonly vault: Vault
  readonly receiver: Receiver
  readonly planning: Planning
  readonly sender: () => Sender
  readonly work: PlanWork
  readonly look: Pick<FolderLook, 'some'>
  readonly tally: Tally
  /** @throws ClientError `folder-unmarked`, `state-foreign` */
  readonly checkFolder: () => Promise<void>
  /** Directories where something may have changed. */
  readonly hinted: Set<RelativePath>
  /** Whether the run watches: else nobody waits for what is small. */
  readonly watches: () => boolean
  /** Whether everything is to be looked at anyway. */
  readonly looksAtAll: () => boolean
  /** Whether it is being looked at: nothing may be done beside that. */
  readonly isLooking: () => boolean
  /** A look saw something. */
  readonly saw: () => void
  /** @throws ClientError `brake` */
  readonly checkBrake: () => Promise<void>
  readonly connection: Connection
  /** Whether the run has a session that tells it what others say. */
  readonly isOnline: () => boolean
  /** That session, or a new one. @throws ClientError */
  readonly online: () => Promise<RelaySession>
}

/** That of one run. */
export class Overtaking implements Meanwhile {
  readonly #parts: OvertakingParts
  /** Nodes that small changes of others are about, since the last walk. */
  #heard: NodeId[] = []
  /** Something came that only a walk sees to. */
  #isBehind = false
  /** Changes that were heard of since something was received here. */
  #heardCount = 0
  /** How often rows were changed by what was done here. */
  #changes = 0
  /** Called when something came, by who waits for the disk or the line meanwhile. */
  #rang: (() => void) | undefined

  constructor(parts: OvertakingParts) {
    this.#parts = parts
    parts.connection.opened = () => this.ring()
  }

  /** Something came: from the relay, or a hint. */
  ring(): void {
    if (this.#isDue) this.#rang?.()
  }

  heard(changed: readonly NodeId[]): void {
    this.#heardCount += 1
    if (changed.length > 0) this.#changes += 1
    // What is more than that is come to by a walk.
    if (this.#heard.length + changed.length <= smallChangesMax) this.#heard.push(...changed)
  }

  /** A walk begins, which comes to all there is. */
  forget(): void {
    this.#heard = []
    this.#isBehind = false
  }

  /** Whether something came that only a walk sees to: what could wait for that should. */
  get isBehind(): boolean {
    return this.#isBehind || this.#parts.looksAtAll()
  }

  due(): ReturnType<Meanwhile['due']> {
    const { promise, resolve } = Promise.withResolvers<'due'>()
    const ring = (): void => resolve('due')
    if (this.#isDue) ring()
    else this.#rang = ring
    const cancel = (): void => {
      if (this.#rang === ring) this.#rang = undefined
    }
    return { promise, cancel }
  }

  async run(): Promise<boolean> {
    const { vault, work, receiver, connection, online } = this.#parts
    // Nobody waits for a line here.
    if (connection.current === undefined) return false
    const before = this.#changes
    try {
      // Who fetches may have dialled again.
      const { count } = receiver
      const session = await online()
      if (receiver.count !== count) this.#changes += 1
      if (this.#hasNews) await this.#takeSmall(session)
      if (this.#isHinted) await this.#sendSmall(session)
      const hasChanged = this.#changes !== before
      this.#isBehind ||= work.again.size > 0 || (hasChanged && vault.trees.differingCount > 0)
      return hasChanged
    } catch (error) {
      this.#isBehind = true
      throw error
    }
  }

  get #isDue(): boolean {
    const { watches, connection, isOnline, isLooking } = this.#parts
    if (!watches() || isLooking() || connection.current === undefined) return false
    return !isOnline() || this.#hasNews || this.#isHinted
  }

  /** What waits to be received, or was received by whoever came second with a commit. */
  get #hasNews(): boolean {
    return this.#parts.receiver.waiting || this.#heard.length > 0
  }

  get #isHinted(): boolean {
    const { hinted, looksAtAll } = this.#parts
    return hinted.size > 0 && !looksAtAll()
  }

  /** What others said is put in place here. */
  async #takeSmall(session: RelaySession): Promise<void> {
    const { receiver, planning, work, checkBrake } = this.#parts
    this.#heardCount = 0
    const count = await receiver.receive(session)
    // Something else than changes of others was among it.
    const isOther = count !== this.#heardCount
    this.#isBehind ||= isOther
    if (isOther) this.#changes += 1
    const heard = this.#heard.splice(0)
    if (heard.length === 0) return
    this.#changes += 1
    await checkBrake()
    await work.applySmall(await planning.about(heard))
  }

  /** What was saved here is sent. */
  async #sendSmall(session: RelaySession): Promise<void> {
    const { vault, look, tally, receiver, work, checkFolder, checkBrake, hinted, saw } = this.#parts
    if (vault.signal.aborted) throw new ClientError('interrupted', 'stopped')
    await checkFolder()
    const directories = [...hinted]
    hinted.clear()
    const seen = await look.some(directories).catch((error: unknown) => {
      for (const directory of directories) hinted.add(directory)
      throw error
    })
    for (const problem of seen.problems) tally.problem(problem, 'look')
    if (seen.nodes?.length === 0) return
    this.#changes += 1
    saw()
    await checkBrake()
    if (seen.nodes === undefined) return
    const { count } = receiver
    const lookAgain = await this.#parts.sender().sendSmall(session, seen.nodes)
    this.#isBehind ||= receiver.count !== count
    for (const directory of lookAgain) work.again.add(directory)
  }
}
