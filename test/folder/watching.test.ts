// What becomes of changes that no watcher tells of, and of a file that never rests.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { systemClock, type Clock, type Platform } from '@grenier/client'
import { afterAll, describe, expect, test } from 'vitest'
import { agree, Ground, type Device } from './devices.ts'

const ground = new Ground()
afterAll(() => ground.end())

/** A clock on which waits of minutes end when told. */
function clockOnDemand(): Clock & { pass(): void } {
  const long = new Set<() => void>()
  return {
    ...systemClock,
    after(delayMs, fire) {
      if (delayMs < 60_000) return systemClock.after(delayMs, fire)
      long.add(fire)
      return { cancel: () => long.delete(fire) }
    },
    pass() {
      for (const fire of [...long]) fire()
    },
  }
}

/** A watcher that has no watches left. */
const blind: Platform['watch'] = (_, events) => {
  events.blind('watch-limit')
  return { ready: Promise.resolve(), close: () => Promise.resolve() }
}

test('a watcher at the limit of the system says so, and the folder is looked at all over now and then', async () => {
  const clock = clockOnDemand()
  const [a, b] = await ground.pair({ clock, watch: blind })
  const [here, there] = [await a.watch(), await b.watch()]
  await a.synced(here)
  expect(a.events).toContainEqual({ event: 'blind', reason: 'watch-limit' })
  a.write('d/f', 'x')
  clock.pass()
  await there.until(() => b.has('d/f'))
  for (const one of [here, there]) await one.stop()
})

test('more events at once than the system keeps lose nothing', async () => {
  const [a, b] = await ground.pair()
  a.write('busy/first', 'x')
  a.write('calm/first', 'x')
  await agree(a, b)
  const [here, there] = [await a.watch(), await b.watch()]
  await a.synced(here)
  // In one turn of the loop, so that nobody takes them from the queue: the last ones find it full.
  for (let count = 0; count < 10_000; count += 1) {
    fs.writeFileSync(a.at(`busy/${count}`), '')
    fs.rmSync(a.at(`busy/${count}`))
  }
  a.write('calm/late', 'nobody heard of it')
  await there.until(() => b.has('calm/late'))
  for (const one of [here, there]) await one.stop()
})

/** Appends a line to a file every few milliseconds, as a program of its own, until stopped. */
async function grow(path: string): Promise<() => Promise<void>> {
  const program = `let n = 0; setInterval(() => require('fs').appendFileSync(${JSON.stringify(path)}, 'line ' + ++n + '\\n'), 7)
    console.log('grows')`
  const child = spawn(process.execPath, ['-e', program])
  await once(child.stdout, 'data')
  return async () => {
    child.kill()
    await once(child, 'close')
  }
}

/** Whether it is what a log of numbered lines was at some moment: a last line may be cut, as nobody writes a line at once for ever. */
function expectLog(text: string): void {
  const lines = text.split('\n').slice(0, -1)
  expect(lines).toEqual(lines.map((_, at) => `line ${at + 1}`))
}

describe('a log that never rests', () => {
  async function pairWithLog(): Promise<[Device, Device, () => Promise<void>]> {
    const [a, b] = await ground.pair()
    return [a, b, await grow(a.at('log'))]
  }

  test('comes over again and again while it is watched, each time as it was at one moment, and holds up nobody', async () => {
    const [a, b, stop] = await pairWithLog()
    const [here, there] = [await a.watch(), await b.watch()]
    const versions = new Set<string>()
    for (const name of ['one', 'two', 'three']) {
      const before = versions.size
      a.write(name, name)
      await there.until(() => {
        if (b.has('log')) versions.add(b.read('log'))
        return b.has(name) && versions.size > before
      })
    }
    await stop()
    for (const one of [here, there]) await one.stop()
    for (const version of versions) expectLog(version)
    await agree(a, b)
    expect(b.read('log')).toBe(a.read('log'))
  })

  test('lets a run that is to end come to its end', async () => {
    const [a, b, stop] = await pairWithLog()
    a.write('calm', 'x')
    const { problems } = await a.sync()
    for (const problem of problems) expect(problem).toMatch(/^changing (log)?$/)
    await b.sync()
    await stop()
    expect(b.read('calm')).toBe('x')
    expectLog(b.read('log'))
    await agree(a, b)
  })
})
