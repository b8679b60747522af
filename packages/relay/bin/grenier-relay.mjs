#!/usr/bin/env node
import { accessSync, constants } from 'node:fs'
import { enableCompileCache } from 'node:module'

// A young generation with halves of 1 MiB (16 by default), and a heap that grows by less than half of what is alive. Frames are large and die
// at once: collected often they are cheap, and their memory is used again; collected seldom they make the whole heap be marked again and
// again, and the heap grows. Flags are read when a process begins, so the process begins anew in its own place (decision 018 says why, for the
// client). Where that cannot be done, or it was handed a file by its descriptor, it goes on as it is.
const frugal = ['--max-semi-space-size=1', '--heap-growing-percent=40']
const byDescriptor = process.argv.some((argument) => /(^|=)\/(dev|proc\/[^/]+)\/fd\//.test(argument))
const isDone = frugal.every((flag) => process.execArgv.includes(flag))
if (process.platform !== 'win32' && process.execve !== undefined && !byDescriptor && !isDone)
  try {
    // What cannot be begun ends this process without a word.
    accessSync(process.execPath, constants.X_OK)
    const own = [...process.execArgv, ...frugal, import.meta.filename]
    process.execve(process.execPath, [process.execPath, ...own, ...process.argv.slice(2)])
  } catch {
    // It takes more memory, that is all.
  }

// What was compiled at the last start lies beside what it was compiled from; where that cannot be written, each start compiles.
enableCompileCache(`${import.meta.dirname}/../dist/bundle/compiled`)
const { main } = await import('../dist/bundle/main.js')

await main(process.argv.slice(2))
