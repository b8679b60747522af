// All moments of one scenario: a run without a crash says how many there are and what the tree is in the end; each crash must come to the same.
import { CrashGround, type CrashOutcome } from './crash-point.ts'
import type { Scenario } from './scenarios.ts'

/** One scenario. */
export class CrashWalk {
  readonly #scenario: Scenario
  readonly #whole: CrashOutcome
  readonly #ground: CrashGround

  private constructor(scenario: Scenario, ground: CrashGround, whole: CrashOutcome) {
    this.#scenario = scenario
    this.#ground = ground
    this.#whole = whole
  }

  /** Runs it once without a crash. */
  static async open(scenario: Scenario): Promise<CrashWalk> {
    const ground = await CrashGround.open()
    return new CrashWalk(scenario, ground, await ground.crash(scenario))
  }

  /** What was wrong without a crash. */
  get complaints(): readonly string[] {
    return this.#whole.complaints
  }

  /** From 1. Runs differ by a few, with what the relay and the disk take. */
  moments(): number[] {
    return Array.from({ length: this.#whole.moments }, (_, at) => at + 1)
  }

  /** Dies at one moment. */
  async point(at: number): Promise<CrashOutcome> {
    const outcome = await this.#ground.crash(this.#scenario, { dieAt: at })
    const [now, then] = [outcome.tree.join('\n'), this.#whole.tree.join('\n')]
    if (now === then) return outcome
    return { ...outcome, complaints: [...outcome.complaints, `in the end:\n${now}\n  instead of:\n${then}`] }
  }

  async close(): Promise<void> {
    await this.#ground.close()
  }
}
