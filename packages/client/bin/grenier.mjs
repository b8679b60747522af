#!/usr/bin/env node
// Left to itself, V8 takes several times the memory that is in use before it collects. This client is a guest on its machine: it has a young
// generation of a quarter of the usual size, and a heap that grows by less than half of what is alive (decision 018 has the figures). The first
// is read when a process begins, so the process begins anew in its own place; where that cannot be done it goes on as it is.
const frugal = ['--max-semi-space-size=8', '--heap-growing-percent=40']
if (process.execve !== undefined && !frugal.every((flag) => process.execArgv.includes(flag)))
  process.execve(process.execPath, [
    process.execPath,
    ...process.execArgv,
    ...frugal,
    import.meta.filename,
    ...process.argv.slice(2),
  ])

const { main } = await import('../dist/cli/main.js')

await main(process.argv.slice(2))
