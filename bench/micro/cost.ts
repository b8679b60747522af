// What a piece of work costs: time by the clock, and processor time of all threads of this process.

/** Time by the clock, and of processors. */
export interface Cost {
  readonly wallMs: number
  /** User and system, of all threads of this process. */
  readonly cpuMs: number
}

/** What one run costs. */
export async function costOf(work: () => unknown): Promise<Cost> {
  const before = process.cpuUsage()
  const start = performance.now()
  await work()
  const wallMs = performance.now() - start
  const { user, system } = process.cpuUsage(before)
  return { wallMs, cpuMs: (user + system) / 1000 }
}

/** The cheapest of a few runs: what else the machine does only ever adds. */
export async function leastOf(runs: number, work: () => unknown): Promise<Cost> {
  let least = await costOf(work)
  for (let at = 1; at < runs; at += 1) {
    const one = await costOf(work)
    if (one.cpuMs < least.cpuMs) least = one
  }
  return least
}
