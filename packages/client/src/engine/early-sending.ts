// Sends what is new while a look at the folder still goes on: the first files of a large tree are on their way, and others take them, before the
// last one was looked at. Only where all that differs is new here and nobody else's business; the rest waits for the look to end.
import type { LookHow, LookReport } from '../disk/look-report.ts'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { seedsMaxDefault } from '../state/closure.ts'
import type { RelativePath } from '../sync/name.ts'
import type { NodeId } from '../sync/tree.ts'
import type { PlanWork } from './plan-work.ts'
import type { Planning } from './planning.ts'
import type { Sender } from './sender.ts'
import { mayWrite, type Vault } from './vault.ts'

export interface EarlySendingParts {
  readonly vault: Vault
  readonly planning: Pick<Planning, 'nextFresh'>
  readonly work: Pick<PlanWork, 'carryOut'>
  /** Made once the log was read: without it nothing can be cut or sealed. */
  readonly sender: () => Sender
  /** As a run has it before it plans: logged in, with the log read, and what comes first said. @throws ClientError */
  readonly ready: () => Promise<RelaySession>
  /** So many new things at once are worth it. */
  readonly cameMin?: number | undefined
}

/** What a look came to. `lookAgain`: directories that are not what it saw any more. */
export interface LookedAt extends LookReport {
  readonly lookAgain: readonly RelativePath[]
}

/** That of one run. Looks are one after the other. */
export class EarlySending {
  readonly #parts: EarlySendingParts

  constructor(parts: EarlySendingParts) {
    this.#parts = parts
  }

  /** Looks, and sends meanwhile. All that was read is committed, or has failed, when it ends. @throws ClientError as the look and the sender do */
  async during(look: (how: LookHow) => Promise<LookReport>): Promise<LookedAt> {
    const sent = new OneLook(this.#parts)
    const { cameMin = seedsMaxDefault } = this.#parts
    const report = await look({ came: { cameMin, tell: () => sent.goOn() } })
    await sent.end()
    return { ...report, lookAgain: sent.lookAgain }
  }
}

class OneLook {
  readonly #parts: EarlySendingParts
  readonly lookAgain: RelativePath[] = []
  #session: RelaySession | undefined
  /** The last node that was handed to the sender. */
  #after: NodeId | undefined
  /** The rest waits for the look to end. */
  #isOver = false

  constructor(parts: EarlySendingParts) {
    this.#parts = parts
  }

  /** More has come. */
  async goOn(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = this.#session === undefined && !(await this.#begins())
    while (!this.#isOver) {
      const session = (this.#session = await this.#parts.ready())
      const next = mayWrite(this.#parts.vault) ? await this.#parts.planning.nextFresh(this.#after) : undefined
      if (next === undefined) {
        this.#isOver = true
        return
      }
      const outcome = await this.#parts.work.carryOut(session, next.plan)
      this.lookAgain.push(...outcome.lookAgain)
      this.#after = next.batch.last
      this.#isOver = outcome.replan
      if (next.batch.final) return
    }
  }

  /** What was read goes, to the last of it: else it would be read once more. */
  async end(): Promise<void> {
    if (this.#session !== undefined) await this.#parts.sender().drain(this.#session)
  }

  /** Whether all that differs is new here, and the relay is there. Of one that is not, who asks after the look hears. */
  async #begins(): Promise<boolean> {
    if (!(await this.#isAllFresh())) return false
    try {
      this.#session = await this.#parts.ready()
      return true
    } catch (error) {
      if (error instanceof ClientError) return false
      throw error
    }
  }

  async #isAllFresh(): Promise<boolean> {
    for (let after: NodeId | undefined; ;) {
      const next = await this.#parts.planning.nextFresh(after)
      if (next === undefined || next.batch.final) return next !== undefined
      after = next.batch.last
    }
  }
}
