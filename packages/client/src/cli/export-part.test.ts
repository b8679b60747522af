import { crc32 } from 'node:zlib'
import { concat } from '@grenier/crypto'
import { describe, expect, it } from 'vitest'
import { bytesOf } from '../content/content-builders.contract.ts'
import { exportFormat, type ExportMark } from '../engine/export-mark.ts'
import { ClientError } from '../errors.ts'
import type { RelativePath } from '../sync/name.ts'
import { decodeBegun, type BegunProblem, type BegunWhat } from './begun-export.ts'
import { partAlone, takePart, whyNotOn, type TakenPart } from './export-part.ts'
import type { NoteFile, PartDisk, PartFile, PartThere } from './part-disk.ts'

/** What the power took with it, of what was not flushed: nothing, all, or the bytes but not the length. */
const takes = ['nothing', 'all', 'bytes'] as const
type Takes = (typeof takes)[number]

class Dead extends Error {}

interface Inode {
  ino: string
  readonly born: string | undefined
  isForOwner: boolean
  bytes: Buffer
  flushed: Buffer
  isOwn: boolean
}

/** A disk on which the power may fail at each thing that is done to it. */
class FailingDisk implements PartDisk {
  names = new Map<string, Inode>()
  #flushedNames = new Map<string, Inode>()
  #count = 0
  /** The thing at which it fails: half of it is done. */
  failsAt = Number.POSITIVE_INFINITY
  done = 0
  isDead = false
  knowsBirth = true
  /** What stands in the way of each thing. */
  refuses: (what: string) => ClientError | undefined = () => undefined

  look(path: string): PartThere | undefined {
    this.#assertAlive()
    const found = this.names.get(path)
    return (
      found && {
        dev: '1',
        ino: found.ino,
        born: found.born,
        sizeBytes: found.bytes.length,
        isOwn: found.isOwn,
        changedMs: 0,
      }
    )
  }

  make(path: string): PartFile {
    if (this.names.has(path)) throw new Error('it is there')
    const made = this.#inode(Buffer.alloc(0))
    this.#do('make', () => this.names.set(path, made))
    return this.#file(made)
  }

  open(path: string): PartFile {
    this.#assertAlive()
    return this.#file(this.names.get(path)!)
  }

  readText(path: string): string {
    this.#assertAlive()
    return this.names.get(path)!.bytes.toString()
  }

  writeWhole(path: string, text: string): Promise<NoteFile> {
    const made = this.#inode(Buffer.from(text))
    this.#do('rename a note', () => this.names.set(path, made))
    this.#do('flush names', undefined, () => (this.#flushedNames = new Map(this.names)))
    return Promise.resolve({
      identity: { dev: '1', ino: made.ino },
      append: (more) => this.#append(made, more),
      close: () => undefined,
    })
  }

  #append(to: Inode, text: string): Promise<void> {
    const add = (part: string): void => {
      to.bytes = Buffer.concat([to.bytes, Buffer.from(part)])
    }
    this.#do('append', () => add(text.slice(0, text.length / 2)))
    add(text.slice(text.length / 2))
    this.#do('flush a note', undefined, () => (to.flushed = to.bytes))
    return Promise.resolve()
  }

  move(from: string, to: string): void {
    this.#do('move', () => {
      this.names.set(to, this.names.get(from)!)
      this.names.delete(from)
    })
    this.#do('flush names', undefined, () => (this.#flushedNames = new Map(this.names)))
  }

  remove(path: string): void {
    this.#do('remove', () => this.names.delete(path))
  }

  /** Somebody's own file. */
  put(path: string, text: string, isOwn = true): void {
    this.names.set(path, { ...this.#inode(Buffer.from(text)), isOwn })
    this.#flushedNames = new Map(this.names)
  }

  /** The next process; after a power cut with what it took. */
  again(power?: Takes): void {
    this.isDead = false
    this.failsAt = Number.POSITIVE_INFINITY
    if (power === 'all') this.names = new Map(this.#flushedNames)
    for (const inode of this.names.values()) {
      if (power === 'all') inode.bytes = inode.flushed
      if (power === 'bytes') inode.bytes.fill(0, Math.min(inode.flushed.length, inode.bytes.length))
    }
  }

  #inode(bytes: Buffer): Inode {
    this.#count += 1
    const [ino, born] = [`${this.#count}`, this.knowsBirth ? `${this.#count}` : undefined]
    return { ino, born, bytes, flushed: bytes, isOwn: true, isForOwner: true }
  }

  #file(inode: Inode): PartFile {
    return {
      identity: { dev: '1', ino: inode.ino, born: inode.born },
      keepToOwner: () => (inode.isForOwner = true),
      get sizeBytes() {
        return inode.bytes.length
      },
      read: (offset, length) => Promise.resolve(inode.bytes.subarray(offset, offset + length)),
      write: async (bytes) => {
        const half = Math.floor(bytes.length / 2)
        this.#do('write', () => (inode.bytes = Buffer.concat([inode.bytes, bytes.subarray(0, half)])))
        inode.bytes = Buffer.concat([inode.bytes, bytes.subarray(half)])
        await Promise.resolve()
      },
      flush: async () => {
        this.#do('flush', undefined, () => (inode.flushed = inode.bytes))
        await Promise.resolve()
      },
      cut: (sizeBytes) => this.#do('cut', () => (inode.bytes = inode.bytes.subarray(0, sizeBytes))),
      close: () => undefined,
    }
  }

  /** `half`: what is done of it when the power fails. */
  #do(what: string, half: (() => void) | undefined, rest?: () => void): void {
    this.#assertAlive()
    const refused = this.refuses(what)
    if (refused !== undefined) throw refused
    this.done += 1
    half?.()
    if (this.done > this.failsAt) {
      this.isDead = true
      throw new Dead(what)
    }
    rest?.()
  }

  #assertAlive(): void {
    if (this.isDead) throw new Dead('dead already')
  }
}

const what: BegunWhat = { vault: 'ab', at: null, wrapped: false }
const pieces = Array.from({ length: 12 }, (_, at) => bytesOf(`piece ${at}`, 700 + at))
const whole = Buffer.from(concat(pieces))
const problemAt = (at: number): BegunProblem => ({ row: 'problem', path: `${at}`, code: 'pack-unavailable' })
const out = 'out.tar'

interface Done extends Pick<TakenPart, 'anew' | 'alone'> {
  readonly problems: readonly BegunProblem[]
  /** The piece that it went on with. */
  readonly from: number
}

/** One process that exports: a problem with each second piece, a mark after each third. */
async function exported(disk: FailingDisk, asked: BegunWhat = what): Promise<Done> {
  const taken = await takePart({ out, disk, nowMs: 0, signal: new AbortController().signal }, asked)
  const { part, far, anew, alone } = taken
  try {
    return { ...(await written(taken)), anew, alone, from: far === undefined ? 0 : pieceAt(far.mark) }
  } catch (error) {
    await part.leave(error)
    throw error
  }
}

async function written({ part, far }: TakenPart): Promise<{ problems: BegunProblem[] }> {
  const problems = [...(far?.problems ?? [])]
  let tarBytes = far?.mark.tarBytes ?? 0
  for (let at = far === undefined ? 0 : pieceAt(far.mark); at < pieces.length; at += 1) {
    if (at % 2 === 1) {
      problems.push(problemAt(at))
      part.problem(problemAt(at))
    }
    await part.write(pieces[at]!)
    tarBytes += pieces[at]!.length
    if (at % 3 === 2) await part.mark(markAt(at + 1, tarBytes))
  }
  await part.finish()
  return { problems }
}

function markAt(piece: number, tarBytes: number): ExportMark {
  const path = `${piece}` as RelativePath
  return { tarBytes, path, filesDone: piece, bytesDone: 0, given: [], sequence: 7, hash: 'cd' }
}

function pieceAt({ path }: ExportMark): number {
  return Number(path)
}

function expectDone(disk: FailingDisk, { problems }: Done): void {
  expect([...disk.names.keys()]).toEqual([out])
  expect(disk.names.get(out)!.bytes.equals(whole)).toBe(true)
  expect(problems).toEqual([1, 3, 5, 7, 9, 11].map(problemAt))
}

/** Until it dies; whether it did. */
async function dies(disk: FailingDisk, failsAt: number): Promise<boolean> {
  disk.failsAt = failsAt
  disk.done = 0
  try {
    await exported(disk)
  } catch (error) {
    expect(error).toBeInstanceOf(Dead)
  }
  return disk.isDead
}

/** One dies at its `first` thing, the next one perhaps at its `second`, and the last one is done. Whether the first one died. */
async function diesAndGoesOn(
  { first, second, power }: { first: number; second: number | undefined; power: Takes | undefined },
  seen: { moments: number; wentOn: number },
): Promise<boolean> {
  const disk = new FailingDisk()
  const hasDied = await dies(disk, first)
  disk.again(power)
  expectWholeOrNothing(disk, hasDied)
  if (!hasDied) return false
  seen.moments += 1
  if (second !== undefined) {
    const hasDiedAgain = await dies(disk, second)
    disk.again(power)
    expectWholeOrNothing(disk, hasDiedAgain)
  }
  const done = await exported(disk)
  expect(done.alone).toBe(undefined)
  expectDone(disk, done)
  if (done.from > 0) seen.wentOn += 1
  return true
}

/** At its place there is never anything else than the whole, and that is there once it was said to be. */
function expectWholeOrNothing(disk: FailingDisk, hasDied: boolean): void {
  const placed = disk.names.get(out)
  if (placed !== undefined || !hasDied) expect(placed?.bytes.equals(whole)).toBe(true)
}

describe('a part of an export', () => {
  it('becomes the whole, whenever the process dies or the power fails, once or twice', async () => {
    const seen = { moments: 0, wentOn: 0 }
    for (const power of [undefined, ...takes])
      for (const second of [undefined, 0, 1, 2, 3, 5, 8, 13, 21])
        for (let first = 0; await diesAndGoesOn({ first, second, power }, seen); first += 1);
    expect(seen.moments).toBeGreaterThan(36 * 25)
    expect(seen.wentOn).toBeGreaterThan(seen.moments / 3)
  })

  it('goes on from the last mark, and begins anew with a word where it is another export, or was changed', async () => {
    const cases: [asked: BegunWhat, change: (bytes: Buffer) => Buffer, from: number, anew: unknown][] = [
      [what, (bytes) => bytes, 6, undefined],
      [what, (bytes) => Buffer.concat([bytes, Buffer.from('more')]), 6, undefined],
      [what, (bytes) => bytes.subarray(0, 10), 0, 'touched'],
      [what, (bytes) => Buffer.from(bytes).fill(1, 20, 21), 0, 'touched'],
      [{ ...what, vault: 'ef' }, (bytes) => bytes, 0, 'other'],
      [{ ...what, at: '3' }, (bytes) => bytes, 0, 'other'],
      [{ ...what, wrapped: true }, (bytes) => bytes, 0, 'other'],
    ]
    for (const [asked, change, from, anew] of cases) {
      const disk = new FailingDisk()
      const { part } = await takePart({ out, disk, nowMs: 0, signal: new AbortController().signal }, what)
      await beginning(part)
      const left = disk.names.get(part.path)!
      left.bytes = change(left.bytes)
      const done = await exported(disk, asked)
      expect({ from: done.from, anew: done.anew }).toEqual({ from, anew })
      expectDone(disk, done)
    }
  })

  it('goes on after a night only where the moment is the same then', async () => {
    const hourMs = 3_600_000
    const cases: [at: string | null, hours: number, from: number, anew: string | undefined][] = [
      [null, 19, 6, undefined],
      [null, 23, 0, 'old'],
      ['2 hours ago', 23, 0, 'old'],
      ['3', 23, 6, undefined],
      ['#3', 23, 6, undefined],
      ['2026-11-01', 2300, 6, undefined],
    ]
    for (const [at, hours, from, anew] of cases) {
      const disk = new FailingDisk()
      const place = { out, disk, signal: new AbortController().signal }
      const asked = { ...what, at }
      const { part } = await takePart({ ...place, nowMs: 0 }, asked)
      await beginning(part)
      const taken = await takePart({ ...place, nowMs: hours * hourMs }, asked)
      expect({ from: taken.far === undefined ? 0 : pieceAt(taken.far.mark), anew: taken.anew }).toEqual({
        from,
        anew,
      })
      expectDone(disk, { ...(await written(taken)), from })
    }
  })

  it('does not go on with what is wrapped, nor with what an earlier program began', async () => {
    const disk = new FailingDisk()
    const wrapped = { ...what, wrapped: true }
    const { part } = await takePart({ out, disk, nowMs: 0, signal: new AbortController().signal }, wrapped)
    await part.write(pieces[0]!)
    expect(await exported(disk, wrapped)).toMatchObject({ from: 0, anew: 'wrapped' })

    const { part: begun } = await takePart(
      { out, disk, nowMs: 0, signal: new AbortController().signal },
      what,
    )
    await beginning(begun)
    const note = disk.names.get(`${out}.grenier-mark`)!
    const [first = '', ...rest] = note.bytes.toString().split('\n')
    const json = first.slice(9).replace(`"export":${exportFormat}`, '"export":0')
    note.bytes = Buffer.from([`${crc32(json).toString(16).padStart(8, '0')} ${json}`, ...rest].join('\n'))
    expect(decodeBegun(note.bytes.toString())).toMatchObject({ format: 0, far: { mark: { path: '6' } } })
    const done = await exported(disk)
    expect(done).toMatchObject({ from: 0, anew: 'other' })
    expectDone(disk, done)
  })

  it('begins anew what a program began that had other sums', async () => {
    const disk = new FailingDisk()
    const { part: begun } = await takePart(
      { out, disk, nowMs: 0, signal: new AbortController().signal },
      what,
    )
    await beginning(begun)
    const note = disk.names.get(`${out}.grenier-mark`)!
    const lines = note.bytes
      .toString()
      .split('\n')
      .slice(0, -1)
      .map((line) =>
        line
          .slice(9)
          .replace(/"key":"[0-9a-f]+",/, '')
          .replace(/"sum":"[0-9a-f]+"/, '"sum":12345'),
      )
    const line = (json: string): string => `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`
    note.bytes = Buffer.from(lines.map(line).join(''))
    expect(note.bytes.toString()).toMatch(/"sum":12345/)
    expect(decodeBegun(note.bytes.toString())).toMatchObject({ vault: what.vault })
    const done = await exported(disk)
    expect(done).toMatchObject({ from: 0, anew: 'other', alone: undefined })
    expectDone(disk, done)
  })

  it('leaves alone what somebody else laid there, and whoever then writes has a name that nobody goes on with', async () => {
    const cases: [name: string, text: string, isOwn: boolean][] = [
      ['out.tar.grenier-part', 'a letter', true],
      ['out.tar.grenier-part', '', false],
      ['out.tar.grenier-mark', 'a letter', true],
      ['out.tar.grenier-mark', '', false],
    ]
    for (const [name, text, isOwn] of cases) {
      const disk = new FailingDisk()
      disk.put(name, text, isOwn)
      const done = await exported(disk)
      expect(done).toMatchObject({ from: 0, alone: { path: name } })
      expect(disk.names.get(name)!.bytes.toString()).toBe(text)
      expect(disk.names.get(out)!.bytes.equals(whole)).toBe(true)
      expect(disk.names.size).toBe(2)
    }
  })

  it('is never given the name where another process has the part by now, and leaves that one its files', async () => {
    for (const when of ['mark', 'end'] as const) {
      const disk = new FailingDisk()
      const place = { out, disk, nowMs: 0, signal: new AbortController().signal }
      const first = await takePart(place, what)
      await beginning(first.part)
      const second = await takePart(place, what)
      expect(second.far).toBeDefined()
      const tarBytes = pieces.slice(0, 6).reduce((sum, { length }) => sum + length, 0)
      // The other one cut it there. A mark goes on beside what comes next, which is told.
      if (when === 'mark') await first.part.mark(markAt(6, tarBytes))
      const more = when === 'mark' ? first.part.mark(markAt(6, tarBytes)) : first.part.finish()
      const failed: unknown = await more.catch((error: unknown) => error)
      expect(failed).toMatchObject({ code: 'archive-busy' })
      expect(await first.part.leave(failed)).toBe(undefined)
      expect(disk.names.has(out)).toBe(false)
      expectDone(disk, { ...(await written(second)), from: 6 })
    }
  })

  it('goes when there is nothing to go on from, or when nobody could go on, and stays for the rest', async () => {
    const cases: [error: unknown, marks: boolean, stays: boolean][] = [
      [new ClientError('interrupted', ''), false, false],
      [new ClientError('interrupted', ''), true, true],
      [new ClientError('relay-unreachable', ''), true, true],
      [new ClientError('disk-full', ''), true, true],
      [new ClientError('holder-ended', ''), true, true],
      [new ClientError('keys-locked', ''), true, true],
      [new ClientError('disk-failed', ''), true, false],
      [new ClientError('history-gone', ''), true, false],
      [new ClientError('pack-unavailable', ''), true, false],
      [new ClientError('key-withheld', ''), true, true],
      [new ClientError('relay-refused', ''), true, true],
      [new ClientError('device-revoked', ''), true, true],
      [new ClientError('state-broken', ''), true, true],
      [new ClientError('update-needed', ''), true, true],
      [new TypeError('a fault'), true, false],
    ]
    for (const [error, marks, stays] of cases) {
      const disk = new FailingDisk()
      const { part } = await takePart({ out, disk, nowMs: 0, signal: new AbortController().signal }, what)
      if (marks) await beginning(part)
      else await part.write(pieces[0]!)
      expect(await part.leave(error)).toBe(stays ? 'begun' : undefined)
      expect(disk.names.size).toBe(stays ? 2 : 0)
    }
    const disk = new FailingDisk()
    const alone = partAlone({ out, disk, nowMs: 0, signal: new AbortController().signal })
    await alone.write(pieces[0]!)
    expect(await alone.leave(new ClientError('interrupted', ''))).toBe(undefined)
    expect(disk.names.size).toBe(0)
  })

  it('is kept whole where only its name cannot be given to it, and what it ended with counts, whatever else fails then', async () => {
    const disk = new FailingDisk()
    const no = new ClientError('disk-failed', 'no')
    for (const isAlone of [false, true]) {
      let moves = 0
      disk.refuses = (doing) => (doing === 'move' && moves++ === 0 ? no : undefined)
      const place = { out, disk, nowMs: 0, signal: new AbortController().signal }
      const taken = isAlone ? { part: partAlone(place) } : await takePart(place, what)
      expect(await written(taken).catch((error: unknown) => error)).toBe(no)
      expect(await taken.part.leave(no)).toBe('whole')
      expect(disk.names.get(taken.part.path)!.bytes.equals(whole)).toBe(true)
      // Where no later export to that place takes it for a part.
      expect([...disk.names.keys()]).toEqual([taken.part.path])
      expect(taken.part.path).not.toContain('grenier-part')
      disk.names.delete(taken.part.path)
    }
    disk.refuses = (doing) => (doing === 'remove' ? no : undefined)
    const { part } = await takePart({ out, disk, nowMs: 0, signal: new AbortController().signal }, what)
    await beginning(part)
    expect(await part.leave(new TypeError('a fault'))).toBe(undefined)
    disk.refuses = () => undefined
    const done = await exported(disk)
    expect(done.from).toBe(6)
    expectDone(disk, done)
  })

  it('is begun anew where going on fails for want of what another one does without, before anything new came', async () => {
    const cases: [error: unknown, before: string | undefined, after: string | undefined][] = [
      [new ClientError('history-gone', ''), 'gone', 'gone'],
      [new ClientError('moment-unknown', ''), 'gone', 'gone'],
      [new ClientError('pack-unavailable', ''), 'lost', undefined],
      [new ClientError('state-broken', ''), undefined, undefined],
      [new ClientError('relay-corrupt', ''), 'lost', undefined],
      [new ClientError('update-needed', ''), undefined, undefined],
      [new ClientError('key-withheld', ''), undefined, undefined],
      [new Error('request.query.from: Invalid key: Expected never but received "from"'), 'lost', 'lost'],
      [new ClientError('relay-unreachable', ''), undefined, undefined],
      [new ClientError('relay-contradicts', ''), undefined, undefined],
      [new ClientError('interrupted', ''), undefined, undefined],
      [new TypeError('a fault'), undefined, undefined],
    ]
    const disk = new FailingDisk()
    const place = { out, disk, nowMs: 0, signal: new AbortController().signal }
    const first = await takePart(place, what)
    await beginning(first.part)
    for (const [error] of cases) expect(whyNotOn(first, error)).toBe(undefined)
    const taken = await takePart(place, what)
    expect(cases.map(([error]) => whyNotOn(taken, error))).toEqual(cases.map(([, before]) => before))
    await taken.part.write(pieces[6]!)
    expect(cases.map(([error]) => whyNotOn(taken, error))).toEqual(cases.map(([, , after]) => after))
  })

  it('leaves alone another file that came to have the number of what was begun', async () => {
    for (const knowsBirth of [true, false]) {
      const disk = new FailingDisk()
      disk.knowsBirth = knowsBirth
      const { part } = await takePart({ out, disk, nowMs: 0, signal: new AbortController().signal }, what)
      await beginning(part)
      const { ino } = disk.names.get(part.path)!
      disk.put(part.path, 'a letter')
      disk.names.get(part.path)!.ino = ino
      expect(await exported(disk)).toMatchObject({ from: 0, alone: { path: part.path } })
      expect(disk.names.get(part.path)!.bytes.toString()).toBe('a letter')
      expect(disk.names.get(out)!.bytes.equals(whole)).toBe(true)
    }
  })

  it('is for its owner alone to read, also where it came back by a copy', async () => {
    const disk = new FailingDisk()
    const { part } = await takePart({ out, disk, nowMs: 0, signal: new AbortController().signal }, what)
    await beginning(part)
    const left = disk.names.get(part.path)!
    disk.names.set(part.path, { ...left, ino: 'copy', born: 'later', isForOwner: false })
    const done = await exported(disk)
    expect(done.from).toBe(6)
    expectDone(disk, done)
    expect(disk.names.get(out)!.isForOwner).toBe(true)
  })

  it('has written down what was given and told once, however many marks there are', async () => {
    const disk = new FailingDisk()
    const asked = { out, disk, nowMs: 0, signal: new AbortController().signal }
    const names = Array.from({ length: 200 }, (_, at) => `${at} `.padEnd(100, 'x'))
    const marked = async ({ part, far }: TakenPart, until: number): Promise<void> => {
      for (let at = far?.mark.given.length ?? 0; at < until; at += 1) {
        part.problem(problemAt(at))
        await part.write(new Uint8Array(1))
        await part.mark({ ...markAt(at, at + 1), given: names.slice(0, at + 1) })
      }
      expect(await part.leave(new ClientError('interrupted', ''))).toBe('begun')
    }
    await marked(await takePart(asked, what), 100)
    await marked(await takePart(asked, what), 200)
    const { bytes } = disk.names.get(`${out}.grenier-mark`)!
    expect(bytes.length).toBeLessThan(200 * 400)
    const { far } = await takePart(asked, what)
    expect(far?.mark.given).toEqual(names)
    expect(far?.problems).toEqual(names.map((_, at) => problemAt(at)))
  })

  it('is whole for one export where no note can be made, and full where there is no room for it', async () => {
    const disk = new FailingDisk()
    const refused = (code: 'disk-failed' | 'disk-full') => (doing: string) =>
      doing === 'rename a note' ? new ClientError(code, 'no') : undefined
    disk.refuses = refused('disk-failed')
    expect(await exported(disk)).toMatchObject({
      alone: { path: 'out.tar.grenier-mark', cause: { code: 'disk-failed' } },
    })
    expect([...disk.names.keys()]).toEqual([out])
    disk.refuses = refused('disk-full')
    await expect(exported(disk)).rejects.toMatchObject({ code: 'disk-full' })
    expect([...disk.names.keys()]).toEqual([out])
  })
})

/** Two marks, and a bit more. */
async function beginning(part: TakenPart['part']): Promise<void> {
  let tarBytes = 0
  for (let at = 0; at < 7; at += 1) {
    if (at % 2 === 1) part.problem(problemAt(at))
    await part.write(pieces[at]!)
    tarBytes += pieces[at]!.length
    if (at % 3 === 2) await part.mark(markAt(at + 1, tarBytes))
  }
}
