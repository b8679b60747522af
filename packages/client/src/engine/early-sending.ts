// What is new in a folder is sent while the folder is still looked at: else nothing would be on its way before the last of it was seen. Only what
// needs no plan: files of which nobody else knows anything. The rest waits for the walk that comes after the look, as all else does.
import type { Between } from '../disk/look-report.ts'
import { ClientError } from '../errors.ts'
import { isLineBroken } from '../relay/relay-failure.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { Plan } from '../sync/action.ts'
import { brakeFilesMin } from '../sync/brake.ts'
import type { NodeId } from '../sync/tree.ts'
import type { Connection } from './connection.ts'
import type { PlanWork } from './plan-work.ts'
import type { Planning } from './planning.ts'
import type { Questions } from './questions.ts'
import type { Receiver } from './receiver.ts'
import type { Vault } from './vault.ts'

/** Bytes of files that are sent between two parts of a look: with more, a line holds it up. */
const bytesMax = 16 << 20
/** The same by time: what takes longer waits until all was looked at. */
const stepMs = 3_000
/** A relay is waited for so long before the look. */
const dialMs = 2_000

export interface EarlySendingParts {
  readonly vault: Vault
  readonly receiver: Receiver
  readonly questions: Questions
  readonly planning: Planning
  readonly work: PlanWork
  /** @throws ClientError `brake` */
  readonly checkBrake: () => Promise<void>
}

/** Of one run. */
export class EarlySending {
  readonly #parts: EarlySendingParts
  /** Nodes up to this one were sent, or are on their way, since the last walk. */
  #after: NodeId | undefined

  constructor(parts: EarlySendingParts) {
    this.#parts = parts
  }

  /** Where the next walk begins; undefined: at the start. */
  takeAfter(): NodeId | undefined {
    const after = this.#after
    this.#after = undefined
    return after
  }

  /** What a look of everything calls now and then; undefined where nothing is sent before its end. */
  during(session: RelaySession | undefined): Between | undefined {
    if (session === undefined || !isImport(this.#parts.vault)) return undefined
    return async () => {
      try {
        return await this.#send(session)
      } catch (error) {
        // Met again by the walk, which knows all that there is.
        if (error instanceof ClientError && (error.code === 'brake' || isLineBroken(error))) return false
        throw error
      }
    }
  }

  /** Whether there may be more to send later. @throws ClientError as `PlanWork.carryOut` */
  async #send(session: RelaySession): Promise<boolean> {
    const { vault, planning, work, checkBrake } = this.#parts
    const { clock } = vault.platform
    const startMs = clock.monotonic()
    while (!this.#isBusy) {
      await checkBrake()
      const next = await planning.fresh(this.#after)
      if (next === undefined || this.#bytesOf(next.plan) > bytesMax) return false
      // What is not a full part may be one by the time that more was seen.
      if (next.batch.final) return true
      const { replan, lookAgain } = await work.carryOut(session, next.plan)
      this.#after = next.batch.last
      for (const directory of lookAgain) work.again.add(directory)
      if (replan || clock.monotonic() - startMs > stepMs) return false
    }
    return false
  }

  /** Whether somebody waits for the look to end. */
  get #isBusy(): boolean {
    const { vault, receiver, questions } = this.#parts
    return receiver.waiting || questions.waiting || vault.signal.aborted
  }

  #bytesOf({ actions }: Plan): number {
    const { trees } = this.#parts.vault
    return actions.reduce((sum, action) => {
      const value = action.do === 'read' ? trees.get(action.id)?.local?.value : undefined
      return sum + (value?.kind === 'file' ? value.sizeBytes : 0)
    }, 0)
  }
}

/** Whether so little was agreed on that nothing which is still to be seen could be for the brake: what is sent now would count as agreed on by then. */
function isImport({ trees }: Vault): boolean {
  return trees.doubts.files < brakeFilesMin
}

/**
 * Goes online before a run has looked at anything, where that is an import, nothing was under way, and nobody said anything since: then there is nothing that
 * must not be heard of yet. A relay that does not answer at once is asked again after the look.
 * @throws ClientError as `online` does
 */
export async function unlessNews(
  { vault, connection }: { readonly vault: Vault; readonly connection: Connection },
  online: () => Promise<void>,
): Promise<void> {
  const { trees, log, platform } = vault
  if (trees.differingCount > 0 || !isImport(vault)) return
  const late = Promise.withResolvers<undefined>()
  const timer = platform.clock.after(dialMs, () => late.resolve(undefined))
  const asked = connection.session().then((session) => session.head(log.vault))
  const head = await Promise.race([asked.catch(unlessOfOurs), late.promise]).finally(() => timer.cancel())
  if (head?.sequence === log.state.head.sequence) await online()
}

function unlessOfOurs(error: unknown): undefined {
  if (!(error instanceof ClientError)) throw error
}
