// Sends what is new while a look at the folder still goes on: the first files of a large tree are on their way, and others take them, before the
// last one was looked at. Only where all that differs is new here and nobody else's business; the rest waits for the look to end. A look depends
// on no relay: what fails here is said when it is over.
import type { LookHow } from '../disk/look-report.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { seedsMaxDefault } from '../state/closure.ts'
import type { RelativePath } from '../sync/name.ts'
import type { NodeId } from '../sync/tree.ts'
import type { Connection } from './connection.ts'
import type { PlanWork } from './plan-work.ts'
import type { Planning } from './planning.ts'
import type { Sender } from './sender.ts'
import { mayWrite, type Vault } from './vault.ts'

export interface EarlySendingParts {
  readonly vault: Vault
  readonly connection: Pick<Connection, 'current' | 'session'>
  readonly planning: Pick<Planning, 'nextFresh'>
  readonly work: Pick<PlanWork, 'carryOut'>
  /** Made once the log was read: without it nothing can be cut or sealed. */
  readonly sender: () => Sender
  /** On an open line, as a run has it before it plans: with the log read, and what comes first said. @throws ClientError */
  readonly ready: () => Promise<RelaySession>
  /** Before anything goes that the end of a look may have cast a doubt on. @throws ClientError `brake` */
  readonly checkBrake: () => Promise<void>
  /** So many new things at once are worth it. */
  readonly cameMin?: number | undefined
}

/** That of one look. */
export class EarlySending {
  readonly #parts: EarlySendingParts
  /** Directories that are not what the look saw any more. */
  readonly lookAgain: RelativePath[] = []
  #session: RelaySession | undefined
  #connecting: Promise<void> | undefined
  /** The last node that was handed to the sender. */
  #after: NodeId | undefined
  /** The rest waits for the look to end. */
  #isOver = false
  #isChecked = false
  #failure: { readonly error: unknown } | undefined

  constructor(parts: EarlySendingParts) {
    this.#parts = parts
  }

  /** What the look is told. */
  get how(): LookHow {
    const { cameMin = seedsMaxDefault } = this.#parts
    return { came: { cameMin, tell: () => this.#goOn() } }
  }

  /**
   * The look is over, and counted. What was read goes, to the last of it: else it would be read once more.
   * @throws ClientError as the sender does, and what failed before
   */
  async end(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#session === undefined) return
    await this.#parts.checkBrake()
    await this.#parts.sender().drain(this.#session)
  }

  async #goOn(): Promise<void> {
    try {
      while (!this.#isOver && (await this.#begins()) && !(await this.#sendSome()));
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Whether something may be sent now. */
  async #begins(): Promise<boolean> {
    this.#isChecked ||= await this.#isAllFresh()
    this.#isOver = !this.#isChecked
    if (this.#isOver) return false
    const { connection } = this.#parts
    if (connection.current !== undefined) return true
    // Nobody waits for it.
    this.#connecting ??= connection.session().then(
      () => (this.#connecting = undefined),
      (error: unknown) => this.#fail(error),
    )
    return false
  }

  /** Sends a batch. Whether that was all for now. */
  async #sendSome(): Promise<boolean> {
    const { vault, planning, work, ready } = this.#parts
    const session = await ready()
    const next = mayWrite(vault) ? await planning.nextFresh(this.#after) : undefined
    this.#isOver = next === undefined
    if (next === undefined) return true
    this.#session = session
    const { replan, lookAgain } = await work.carryOut(session, next.plan)
    this.lookAgain.push(...lookAgain)
    this.#after = next.batch.last
    this.#isOver = replan
    return next.batch.final
  }

  /**
   * Whether all that differs is new here. Then others may be heard before the look is over: what a run that was cut off had put in place, and not
   * written down, differs in the log's tree from before it was put, and a folder that was copied back is known by its names, which base has.
   */
  async #isAllFresh(): Promise<boolean> {
    for (let after: NodeId | undefined; ;) {
      const next = await this.#parts.planning.nextFresh(after)
      if (next === undefined || next.batch.final) return next !== undefined
      after = next.batch.last
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#isOver = true
  }
}
