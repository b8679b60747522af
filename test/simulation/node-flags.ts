// How Node is started for many runs in one process.

/**
 * Garbage is collected seldom: what a run made is dead when the next one begins, and a heap that is small at first is searched over and over for
 * what is alive. One process a core has no core to spare for collecting beside it. The sources themselves run, not what was built of them.
 */
export const nodeFlags: readonly string[] = [
  '--conditions=source',
  '--single-threaded-gc',
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
  '--initial-heap-size=512',
]
