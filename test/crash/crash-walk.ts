// All moments of one scenario, at which its client or its relay can die: a run without a crash says how many there are and what the tree is in
// the end; each crash must come to the same.
import { CrashGround, type CrashOutcome } from './crash-point.ts'
import { crashRelay } from './relay-crash.ts'
import { scenarios, type Scenario } from './scenarios.ts'

/** What can be walked. */
export interface Walkable {
  readonly name: string
  readonly open: () => Promise<Walked>
}

interface Walked {
  /** Runs to one moment; without one, to the end. */
  readonly crash: (dieAt?: number) => Promise<CrashOutcome>
  readonly close: () => Promise<void>
}

/** The client dies in each scenario; the relay where something is sent. */
export const walkables: readonly Walkable[] = [
  ...scenarios.map((scenario) => ({ name: scenario.name, open: () => dyingClient(scenario) })),
  ...scenarios
    .filter(({ isSending }) => isSending)
    .map((scenario) => ({ name: `${scenario.name}, and the relay dies`, open: () => dyingRelay(scenario) })),
]

async function dyingClient(scenario: Scenario): Promise<Walked> {
  const ground = await CrashGround.open()
  return {
    crash: (dieAt) => ground.crash(scenario, dieAt === undefined ? {} : { dieAt }),
    close: () => ground.close(),
  }
}

function dyingRelay(scenario: Scenario): Promise<Walked> {
  return Promise.resolve({
    crash: (dieAt) => crashRelay(scenario, dieAt ?? -1),
    close: () => Promise.resolve(),
  })
}

/** One walk. */
export class CrashWalk {
  readonly #walked: Walked
  readonly #whole: CrashOutcome

  private constructor(walked: Walked, whole: CrashOutcome) {
    this.#walked = walked
    this.#whole = whole
  }

  /** Runs it once without a crash. */
  static async open({ open }: Walkable): Promise<CrashWalk> {
    const walked = await open()
    return new CrashWalk(walked, await walked.crash())
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
    const outcome = await this.#walked.crash(at)
    const [now, then] = [outcome.tree.join('\n'), this.#whole.tree.join('\n')]
    if (now === then) return outcome
    return { ...outcome, complaints: [...outcome.complaints, `in the end:\n${now}\n  instead of:\n${then}`] }
  }

  async close(): Promise<void> {
    await this.#walked.close()
  }
}
