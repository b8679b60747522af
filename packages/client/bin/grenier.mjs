#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// Left to itself, V8 takes several times the memory that is in use before it collects. This client is a guest on its machine: it has a young
// generation of a quarter of the usual size, a heap that grows by less than half of what is alive, and one thread that helps the collector
// and the compiler, not four (decision 018 has the figures). Flags are read when a process begins, so the process begins anew in its own
// place. Where that cannot be done it goes on as it is; so it does where it was handed a file by its descriptor, which would not survive.
const frugal = ['--max-semi-space-size=8', '--heap-growing-percent=40', '--v8-pool-size=1']
const byDescriptor = process.argv.some((argument) => /(^|=)\/(dev|proc\/[^/]+)\/fd\//.test(argument))
const isDone = frugal.every((flag) => process.execArgv.includes(flag))
if (process.platform !== 'win32' && process.execve !== undefined && !byDescriptor && !isDone)
  try {
    const own = [...process.execArgv, ...frugal, import.meta.filename]
    process.execve(process.execPath, [process.execPath, ...own, ...process.argv.slice(2)])
  } catch {
    // It takes more memory, that is all.
  }

// What was compiled at the last start lies beside what it was compiled from; where that cannot be written, each start compiles.
enableCompileCache(`${import.meta.dirname}/../dist/bundle/compiled`)
const { main } = await import('../dist/bundle/main.js')

await main(process.argv.slice(2))
