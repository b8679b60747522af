// How Node is started for many runs in one process.

/**
 * Garbage is collected seldom: what a run made is dead when the next one begins, and a heap that is small at first is searched over and over for
 * what is alive. One process a core has no core to spare for collecting beside it. The engine is large and each run goes another way through it: all of it
 * is compiled at its first call, and kept. The sources themselves run, not what was built of them.
 */
export const nodeFlags: readonly string[] = [
  '--conditions=source',
  '--single-threaded-gc',
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
  '--initial-heap-size=512',
  '--heap-growing-percent=600',
  '--always-sparkplug',
  '--no-flush-bytecode',
]
