#!/usr/bin/env node
import { accessSync, constants } from 'node:fs'
import { enableCompileCache } from 'node:module'

// Left to itself, V8 takes several times the memory that is in use before it collects. This client is a guest on its machine: it has a young
// generation of a quarter of the usual size, a heap that grows by less than half of what is alive, and one thread that helps the collector
// and the compiler, not four (decision 018 has the figures). Flags are read when a process begins, so the process begins anew in its own
// place. Where that cannot be done it goes on as it is; so it does where it was handed a file by its descriptor, which would not survive.
// What goes through a whole vault once makes few objects and a stream of buffers: a smaller young generation still; a heap that is not collected
// for the buffers' sake before it is as large as it gets; a C library that keeps what is freed for the next buffer (decisions 069 and 092).
// Everything else has two arenas of that library, not one for each thread: what is freed in one of them serves no other (decision 018).
// What is alive of an export hardly grows, and half of its limit is the buffers': 40 % made V8 mark all of it five times as often (decision 076).
const flagsOf = {
  export: ['--max-semi-space-size=1', '--initial-old-space-size=28', '--heap-growing-percent=70'],
  decrypt: ['--max-semi-space-size=1', '--initial-old-space-size=24', '--heap-growing-percent=40'],
  other: ['--max-semi-space-size=8', '--heap-growing-percent=40'],
}
const [command] = process.argv
  .slice(2)
  .filter((word, at, words) => !word.startsWith('-') && words[at - 1] !== '--home')
const goesThrough = command === 'export' || command === 'decrypt'
const frugal = [...flagsOf[goesThrough ? command : 'other'], '--v8-pool-size=1']
const mallocOf = {
  export: { MALLOC_MMAP_THRESHOLD_: String(16 << 20), MALLOC_TRIM_THRESHOLD_: String(8 << 20) },
  decrypt: {
    MALLOC_ARENA_MAX: '1',
    MALLOC_MMAP_THRESHOLD_: String(16 << 20),
    MALLOC_TRIM_THRESHOLD_: String(32 << 20),
  },
  other: { MALLOC_ARENA_MAX: '2' },
}
const environment = { ...mallocOf[goesThrough ? command : 'other'], ...process.env }
const byDescriptor = process.argv.some((argument) => /(^|=)\/(dev|proc\/[^/]+)\/fd\//.test(argument))
const isDone = frugal.every((flag) => process.execArgv.includes(flag))
if (process.platform !== 'win32' && process.execve !== undefined && !byDescriptor && !isDone)
  try {
    // What cannot be begun ends this process without a word.
    accessSync(process.execPath, constants.X_OK)
    const own = [...process.execArgv, ...frugal, import.meta.filename]
    process.execve(process.execPath, [process.execPath, ...own, ...process.argv.slice(2)], environment)
  } catch {
    // It takes more memory, that is all.
  }

// What was compiled at the last start lies beside what it was compiled from; where that cannot be written, each start compiles.
enableCompileCache(`${import.meta.dirname}/../dist/bundle/compiled`)
const { main } = await import('../dist/bundle/main.js')

await main(process.argv.slice(2))
