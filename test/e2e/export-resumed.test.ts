// An export that is cut off goes on where it was, whatever cut it off, and is in the end the very archive that it would have been in one go.
import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { LevelStateStore } from '../../packages/client/src/state/state-store-level.ts'
import { lockOf } from '../../packages/client/src/cli/file-lock.ts'
import { Gate } from './gate.ts'
import {
  lineOf,
  Stage,
  summaryOf,
  type Device,
  type Ended,
  type Line,
  type Relay,
  type Running,
} from './commands.ts'

/** A mark is made on its way. */
const filmBytes = 48 << 20
/**
 * Enough for a mark, which comes after 32 MiB, also where the two windows of 4 MiB that are under way got as much of it as they can without being
 * whole; and not for all: it cannot be over before it is cut off.
 */
const markBytes = 44 << 20

function partOf(out: string): string {
  return `${out}.grenier-part`
}

function noteOf(out: string): string {
  return `${out}.grenier-mark`
}

/** Whether there is something that can be gone on from. */
function hasMark(out: string): boolean {
  const note = noteOf(out)
  return existsSync(note) && readFileSync(note, 'latin1').includes('{"mark":')
}

function besides(out: string): string[] {
  return readdirSync(dirname(out)).filter((name) => name.startsWith('out.tar.'))
}

/** A file of which nothing is left, so that there is something to tell, and a large one behind it. */
async function madeVault(stage: Stage, relay: Relay, alpha: Device): Promise<{ here: string; gate: Gate }> {
  const here = stage.newFolder('here')
  const gate = await gated(relay)
  await alpha.setup(gate.url)
  writeFileSync(join(here, 'gone.pdf'), randomBytes(600_000))
  await alpha.done('add', here)
  const packs = readdirSync(join(relay.data, 'packs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort((a, b) => statSync(b).size - statSync(a).size)
  mkdirSync(join(here, 'many'))
  for (let count = 0; count < 50; count += 1) writeFileSync(join(here, 'many', `${count}`), randomBytes(1000))
  writeFileSync(join(here, 'later.avi'), randomBytes(filmBytes))
  await alpha.done('sync', '--once')
  await relay.stop()
  rmSync(packs[0] ?? '')
  await relay.start({ publicUrl: gate.url })
  return { here, gate }
}

async function gated(relay: Relay): Promise<Gate> {
  const gate = await Gate.before(relay.port)
  onTestFinished(() => gate.close())
  await relay.start({ publicUrl: gate.url })
  return gate
}

/** Waits until `holds`, asked whenever something happens beside the place of an export that goes on. */
async function seen(running: Running, out: string, holds: () => boolean): Promise<void> {
  const isThere = Promise.withResolvers<undefined>()
  const look = (): void => {
    if (holds()) isThere.resolve(undefined)
  }
  const watcher = watch(dirname(out), look)
  try {
    look()
    const late = running.ended.then(() => {
      throw new Error(`ended before it was cut off: ${running.transcript()}`)
    })
    await Promise.race([isThere.promise, late])
    late.catch(() => undefined)
  } finally {
    watcher.close()
  }
}

async function cutOff(
  running: Running,
  { out, holds, signal }: { out: string; holds: () => boolean; signal: NodeJS.Signals },
): Promise<Ended> {
  await seen(running, out, holds)
  return await running.stop(signal)
}

function said({ lines }: Ended): readonly Line[] {
  return lines.filter(({ event }) => event === 'problem')
}

function expectSame(ended: Ended, whole: Ended): void {
  expect(ended.exitCode).toBe(whole.exitCode)
  expect(said(ended)).toEqual(said(whole))
  const { files, bytes, problems } = summaryOf(whole)
  expect(summaryOf(ended)).toMatchObject({ files, bytes, problems })
  const ofFolder = ({ lines }: Ended): unknown => lines.find((line) => line['seq'] !== undefined)
  const { seq, at } = ofFolder(whole) as Line
  expect(ofFolder(ended)).toMatchObject({ seq, at })
}

test('an export that is killed goes on, to the very bytes, while the vault goes on, too', async () => {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const alpha = stage.device('alpha')
  const { here, gate } = await madeVault(stage, relay, alpha)
  const [reference, out] = [stage.path('reference.tar'), stage.path('out.tar')]
  const whole = await alpha.run('export', here, '--out', reference)
  expect(whole.exitCode).toBe(3)
  expect(said(whole)).toMatchObject([{ path: 'gone.pdf', code: 'pack-unavailable' }])
  const archive = readFileSync(reference)

  const cut = async (signal: NodeJS.Signals, passes = markBytes): Promise<Ended> => {
    gate.passes = passes
    const holds = (): boolean => (passes === 0 ? existsSync(noteOf(out)) : hasMark(out))
    const ended = await cutOff(alpha.start('export', here, '--out', out, '--yes'), { out, signal, holds })
    gate.open()
    return ended
  }
  // Before there is anything to go on from: nobody hears of it.
  await cut('SIGKILL', 0)
  const second = await cut('SIGKILL')
  expect(second.stderr).not.toContain('grenier-part')
  expect(existsSync(out)).toBe(false)
  expect(statSync(partOf(out)).mode & 0o777).toBe(0o600)
  // What comes meanwhile is not in it.
  writeFileSync(join(here, 'meanwhile'), 'x')
  await alpha.done('sync', '--once')
  // By a running sync as well.
  const sync = alpha.start('sync')
  await sync.line(({ event, state }) => event === 'state' && state !== 'syncing')
  const rest = await alpha.run('export', here, '--out', out)
  await sync.stop()
  expect(rest.stderr).toMatch(/out\.tar\.grenier-part: goes on with what is there\./)
  expect(rest.stderr).toMatch(/[\d.]+ MiB are there: the vault as it stood after entry \d+ of the log/)
  expect(rest.stderr).toMatch(/remove \S+out\.tar\.grenier-part and \S+out\.tar\.grenier-mark\./)
  expectSame(rest, whole)
  expect(readFileSync(out).equals(archive)).toBe(true)
  expect(besides(out)).toEqual([])

  // Ctrl-C says what is left of it, and what goes on.
  const asked = await cut('SIGINT')
  expect(asked.exitCode).toBe(130)
  expect(asked.stderr).toMatch(/lies in .*out\.tar\.grenier-part, in clear, .* the same command goes on/)
  expect(besides(out).sort()).toEqual(['out.tar.grenier-mark', 'out.tar.grenier-part'])

  // Another moment is another export; so is what somebody changed.
  const handle = openSync(partOf(out), 'r+')
  const byte = Buffer.alloc(1)
  readSync(handle, byte, 0, 1, 1 << 20)
  writeSync(handle, Buffer.from([byte[0]! ^ 1]), 0, 1, 1 << 20)
  closeSync(handle)
  const anew = await alpha.run('export', here, '--out', out, '--yes')
  expect(anew.stderr).toMatch(/grenier-part: what was begun there was changed since; the export begins anew/)
  expect(said(anew)).toEqual(said(whole))
  expect(besides(out)).toEqual([])
  const into = stage.newFolder('into')
  expect(stage.machine('tar', '-xpf', out, '-C', into, '--no-same-owner').exitCode).toBe(0)
  expect(readFileSync(join(into, 'meanwhile'), 'utf8')).toBe('x')
})

test('a wrapped export begins anew, one that has a rival is refused, and what is not ours stays', async () => {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const alpha = stage.device('alpha')
  const here = stage.newFolder('here')
  const gate = await gated(relay)
  await alpha.setup(gate.url)
  writeFileSync(join(here, 'film'), randomBytes(6 << 20))
  await alpha.done('add', here)
  const [key, out] = [stage.path('key'), stage.path('out.tar')]
  expect(stage.machine('age-keygen', '-o', key).exitCode).toBe(0)
  const [, recipient = ''] = /public key: (\S+)/.exec(readFileSync(key, 'utf8')) ?? []

  const cut = async (signal: NodeJS.Signals): Promise<Ended> => {
    gate.passes = 3 << 20
    const wrap = alpha.start('export', here, '--age', recipient, '--out', out)
    const holds = (): boolean => existsSync(partOf(out)) && statSync(partOf(out)).size > 0
    return await cutOff(wrap, { out, signal, holds })
  }
  const stopped = await cut('SIGINT')
  expect(stopped.exitCode).toBe(130)
  expect(stopped.stderr).toContain('hint: nothing of it is left; the next export begins anew')
  expect(besides(out)).toEqual([])
  await cut('SIGKILL')
  gate.open()
  const anew = await alpha.done('export', here, '--age', recipient, '--out', out)
  expect(anew.stderr).toMatch(/wrapped in age, and nobody can go on with that; the export begins anew/)
  expect(besides(out)).toEqual([])
  const opened = stage.path('opened.tar')
  expect(stage.machine('age', '-d', '-i', key, '-o', opened, out).exitCode).toBe(0)

  // Whatever way its directory is named.
  symlinkSync(dirname(out), stage.path('way'))
  const held = await LevelStateStore.open(lockOf(alpha.home, join(stage.path('way'), 'out.tar')))
  const busy = await alpha.run('export', here, '--out', out, '--yes')
  await held.close()
  expect(busy.exitCode).toBe(1)
  expect(lineOf(busy.lines, 'error')).toMatchObject({ code: 'archive-busy' })

  // From another home no lock tells of the other one, which is seen by what it writes.
  const sealed = stage.path('out.sealed')
  gate.passes = 3 << 20
  const sealing = alpha.start('export', here, '--sealed', '--out', sealed)
  await seen(sealing, sealed, () => existsSync(`${sealed}.part`) && statSync(`${sealed}.part`).size > 0)
  appendFileSync(`${sealed}.part`, Buffer.alloc(16 << 20))
  gate.open()
  expect(lineOf((await sealing.ended).lines, 'error')).toMatchObject({ code: 'archive-busy' })
  expect(existsSync(sealed)).toBe(false)

  // Somebody's own file of that name, and no place for a lock: it is done all the same, and says that nothing goes on.
  writeFileSync(partOf(out), 'a letter')
  const beside = await alpha.done('export', here, '--out', out, '--yes')
  expect(beside.stderr).toMatch(/out\.tar\.grenier-part could not be used \(something else has that name, or/)
  expect(readFileSync(partOf(out), 'utf8')).toBe('a letter')
  rmSync(partOf(out))
  const locks = dirname(lockOf(alpha.home, out))
  rmSync(locks, { recursive: true })
  writeFileSync(locks, '')
  const unlocked = await alpha.done('export', here, '--out', out, '--yes')
  expect(unlocked.stderr).toMatch(/begins anew: \S+locks could not be used \(EEXIST/)
  expect(besides(out)).toEqual([])
  expect(readFileSync(out).equals(readFileSync(opened))).toBe(true)
})
