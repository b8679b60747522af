import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import type { BlindReason } from './file-system.ts'
import { WatchHints, blindReason } from './watch-hints.ts'
import { PlainWatch } from './watch-plain.ts'
import { watchFolder } from './watch.ts'

const base = fs.mkdtempSync(join(tmpdir(), 'grenier-watch-'))
afterAll(() => fs.rmSync(base, { recursive: true, force: true }))

/** Hints as they come; `until` waits for a directory's. */
class Heard {
  readonly hints: string[] = []
  readonly blinds: BlindReason[] = []
  overflows = 0
  #waiting: { directory: string; resolve: () => void }[] = []

  hint(directory: string): void {
    this.hints.push(directory)
    for (const { resolve } of this.#waiting.filter((one) => one.directory === directory)) resolve()
    this.#waiting = this.#waiting.filter((one) => one.directory !== directory)
  }

  readonly overflowed = Promise.withResolvers<undefined>()

  overflow(): void {
    this.overflows += 1
    this.overflowed.resolve(undefined)
  }

  blind(reason: BlindReason): void {
    this.blinds.push(reason)
  }

  async until(directory: string): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push({ directory, resolve }))
  }
}

describe.each([
  ['chokidar', 1_000],
  ['plain watches', 0],
])('a folder watched by %s', (_, chokidarEntriesMax) => {
  async function watched() {
    const root = fs.mkdtempSync(join(base, 'f-'))
    fs.mkdirSync(join(root, 'a/b'), { recursive: true })
    fs.mkdirSync(join(root, '.grenier/staging'), { recursive: true })
    fs.writeFileSync(join(root, 'a/b/f'), 'x')
    const heard = new Heard()
    const watcher = watchFolder({ root, events: heard, clock: systemClock, chokidarEntriesMax })
    await watcher.ready
    return { root, heard, watcher }
  }

  it('hints at edits, new files, removals and renames', async () => {
    const { root, heard, watcher } = await watched()
    const after = async (directory: string, edit: () => void): Promise<void> => {
      const hint = heard.until(directory)
      edit()
      await hint
    }
    await after('a/b', () => fs.writeFileSync(join(root, 'a/b/f'), 'longer'))
    await after('a', () => fs.writeFileSync(join(root, 'a/new'), 'x'))
    await after('a', () => fs.rmSync(join(root, 'a/new')))
    await after('', () => fs.renameSync(join(root, 'a/b'), join(root, 'c')))
    await after('c', () => fs.writeFileSync(join(root, 'c/f'), 'in the moved one'))
    await watcher.close()
    expect(heard.blinds).toEqual([])
  })

  it('hints at what comes in a new folder, however quickly', async () => {
    const { root, heard, watcher } = await watched()
    const hint = heard.until('n/m')
    fs.mkdirSync(join(root, 'n/m'), { recursive: true })
    fs.writeFileSync(join(root, 'n/m/f'), 'x')
    await hint
    const later = heard.until('n/m')
    fs.writeFileSync(join(root, 'n/m/g'), 'x')
    await later
    await watcher.close()
  })

  it('says that some may be lost when more happened at once than the system keeps, whatever is left of it', async () => {
    const { root, heard, watcher } = await watched()
    for (let count = 0; count < 10_000; count += 1) {
      fs.writeFileSync(join(root, `a/${count}`), '')
      fs.rmSync(join(root, `a/${count}`))
    }
    await heard.overflowed.promise
    await watcher.close()
  })

  it('says nothing of our own directory, nor after it was closed', async () => {
    const { root, heard, watcher } = await watched()
    const hint = heard.until('a')
    fs.writeFileSync(join(root, '.grenier/staging/put-1'), 'x')
    fs.writeFileSync(join(root, 'a/g'), 'x')
    await hint
    expect(heard.hints.filter((path) => path.startsWith('.grenier'))).toEqual([])
    await watcher.close()
    fs.writeFileSync(join(root, 'a/h'), 'x')
    const count = heard.hints.length
    await new Promise((resolve) => setImmediate(resolve))
    expect(heard.hints).toHaveLength(count)
  })
})

describe('plain watches and what this program does itself', () => {
  it('say nothing of what it left, and all that others do with it', async () => {
    const root = fs.mkdtempSync(join(base, 'f-'))
    for (const name of ['own', 'other']) fs.mkdirSync(join(root, name))
    const asked: string[] = []
    const heard = new Heard()
    const events = {
      hint: (directory: string) => heard.hint(directory),
      blind: (reason: BlindReason) => heard.blind(reason),
      isOwn(path: string, there: { readonly sizeBytes: number } | undefined) {
        asked.push(path)
        return path.startsWith('own/') && (there === undefined || there.sizeBytes === 3)
      },
    }
    const watcher = watchFolder({ root, events, clock: systemClock, chokidarEntriesMax: 0 })
    await watcher.ready
    fs.writeFileSync(join(root, 'put'), 'put')
    const first = heard.until('other')
    fs.linkSync(join(root, 'put'), join(root, 'own/f'))
    fs.linkSync(join(root, 'put'), join(root, 'other/f'))
    await first
    expect(heard.hints).not.toContain('own')
    expect(asked).toContain('own/f')
    const written = heard.until('own')
    fs.appendFileSync(join(root, 'own/f'), 'more')
    await written
    const made = heard.until('own')
    fs.mkdirSync(join(root, 'own/d'))
    await made
    expect(asked).not.toContain('own/d')
    await watcher.close()
  })
})

describe('plain watches and a directory that this program makes itself', () => {
  it('say nothing of the one above, and of what comes in it all the same', async () => {
    const root = fs.mkdtempSync(join(base, 'f-'))
    for (const name of ['own', 'other']) fs.mkdirSync(join(root, name))
    const heard = new Heard()
    const states: (number | undefined)[] = []
    const events = {
      hint: (directory: string) => heard.hint(directory),
      blind: (reason: BlindReason) => heard.blind(reason),
      isOwn: () => false,
      isMade: (path: string, there: { readonly mode: number } | undefined) => {
        if (path === 'own/d') states.push(there?.mode)
        return path === 'own/d' && there !== undefined && there.mode !== 0o711
      },
    }
    const watcher = watchFolder({ root, events, clock: systemClock, chokidarEntriesMax: 0 })
    await watcher.ready
    const inside = heard.until('own/d')
    fs.mkdirSync(join(root, 'own/d'))
    fs.writeFileSync(join(root, 'own/d/f'), 'of somebody else')
    await inside
    const beside = heard.until('other')
    fs.mkdirSync(join(root, 'other/d'))
    await beside
    expect(heard.hints).not.toContain('own')
    // Watched from now on, whoever made it.
    const later = heard.until('own/d')
    fs.rmSync(join(root, 'own/d/f'))
    await later
    expect(heard.hints).not.toContain('own')
    const changed = heard.until('own')
    fs.chmodSync(join(root, 'own/d'), 0o711)
    await changed
    // Who knows what was made hears that it is gone, or has become a file: another one may get its inode.
    const gone = heard.until('own')
    fs.rmdirSync(join(root, 'own/d'))
    await gone
    expect([states.includes(0o711), states.at(-1)]).toEqual([true, undefined])
    await watcher.close()
  })
})

describe('a watcher at the limit of the system', () => {
  it('goes blind, says why, and lets go of the watches it has', async () => {
    const root = fs.mkdtempSync(join(base, 'f-'))
    for (const name of ['a', 'b', 'c']) fs.mkdirSync(join(root, name))
    const heard = new Heard()
    let open = 0
    const limited = new PlainWatch(root, new WatchHints(heard, systemClock), () => {
      if (open === 2) throw Object.assign(new Error('no watches left'), { code: 'ENOSPC' })
      open += 1
      const watcher = { close: () => (open -= 1), on: () => watcher }
      return watcher as never
    })
    await limited.ready
    expect([heard.blinds, open]).toEqual([['watch-limit'], 0])
  })
})

describe('a watcher where the system has few watches', () => {
  // A namespace of users has a limit of its own, which nobody else feels.
  const unshared = ['-U', '-r', 'sh', '-c', 'echo 8 > /proc/sys/user/max_inotify_watches && exec "$0" "$@"']
  const cannot =
    spawnSync('unshare', [...unshared, 'true']).status === 0 ? undefined : 'no namespace of users here'

  it.for([
    ['chokidar', 1_000],
    ['plain watches', 0],
  ] as const)('(%s) goes blind and says why', ([, chokidarEntriesMax], { skip }) => {
    if (cannot !== undefined) skip(`few watches: ${cannot}`)
    const root = fs.mkdtempSync(join(base, 'f-'))
    for (let count = 0; count < 20; count += 1) fs.mkdirSync(join(root, `${count}`))
    const watch = new URL('watch.ts', import.meta.url).href
    const program = `
      const { watchFolder } = await import(${JSON.stringify(watch)})
      const clock = { now: Date.now, monotonic: () => performance.now(), after: () => ({ cancel() {} }) }
      const events = { hint() {}, blind: (reason) => console.log(reason) }
      const watcher = watchFolder({ root: ${JSON.stringify(root)}, events, clock, chokidarEntriesMax: ${chokidarEntriesMax} })
      await watcher.ready
      await watcher.close()`
    const node = [process.execPath, '--conditions=source', '--input-type=module', '-e', program]
    const { stdout, stderr } = spawnSync('unshare', [...unshared, ...node], { encoding: 'utf8' })
    expect([stdout.trim(), stderr]).toEqual(['watch-limit', ''])
  })
})

describe('hints', () => {
  function gathered() {
    let now = 0
    const timers: { at: number; fire: () => void; off: boolean }[] = []
    const clock = {
      now: () => now,
      monotonic: () => now,
      after(delayMs: number, fire: () => void) {
        const timer = { at: now + delayMs, fire, off: false }
        timers.push(timer)
        return { cancel: () => (timer.off = true) }
      },
    }
    const pass = (ms: number): void => {
      for (now += ms; ;) {
        const due = timers.findIndex((timer) => !timer.off && timer.at <= now)
        if (due < 0) return
        timers.splice(due, 1)[0]!.fire()
      }
    }
    const heard = new Heard()
    return { heard, hints: new WatchHints(heard, clock), pass }
  }

  it('come once for many events, when it is quiet', () => {
    const { heard, hints, pass } = gathered()
    for (const path of ['b', 'a', 'b', 'b']) hints.add(path)
    pass(10)
    expect(heard.hints).toEqual([])
    pass(100)
    expect(heard.hints).toEqual(['a', 'b'])
  })

  it('do not wait for ever while something is written on and on', () => {
    const { heard, hints, pass } = gathered()
    for (let step = 0; step < 60; step += 1) {
      hints.add('log')
      pass(10)
    }
    expect(heard.hints).toEqual(['log'])
  })

  it('name the nearest directory that can be named', () => {
    const { heard, hints, pass } = gathered()
    hints.add('a/\ufffdx/b')
    pass(100)
    expect(heard.hints).toEqual(['a'])
  })

  it('say that some may be lost when there are as many as the system keeps', () => {
    const { heard, hints, pass } = gathered()
    for (let index = 0; index < 12_000; index += 1) hints.add('d')
    pass(1_000)
    expect([heard.hints, heard.overflows]).toEqual([['d'], 1])
  })

  it('end when the watcher is blind, with the reason', () => {
    const { heard, hints, pass } = gathered()
    hints.add('a')
    hints.blind(blindReason(Object.assign(new Error('no space'), { code: 'ENOSPC' })))
    hints.blind('watch-failed')
    pass(1_000)
    expect([heard.hints, heard.blinds]).toEqual([[], ['watch-limit']])
  })
})
