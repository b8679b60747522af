import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { at, Bench, memoryGround, realGround, type Ground } from './look.contract.ts'

const base = fs.mkdtempSync(join(tmpdir(), 'grenier-random-'))
afterAll(() => fs.rmSync(base, { recursive: true, force: true }))

const name = fc.constantFrom('a', 'b', 'c', 'd\u00e9', 'x')
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'))
const plainEdits = [
  fc.record({ do: fc.constant('write' as const), path, text: fc.string({ maxLength: 8 }) }),
  fc.record({ do: fc.constant('directory' as const), path }),
  fc.record({ do: fc.constant('link' as const), path, text: fc.constantFrom('a', '../b', '/nowhere') }),
  fc.record({ do: fc.constant('rename' as const), path, to: path }),
  fc.record({ do: fc.constant('remove' as const), path }),
  fc.record({ do: fc.constant('replace' as const), path, text: fc.string({ maxLength: 8 }) }),
] as const
const hardLink = fc.record({ do: fc.constant('hard-link' as const), path, to: path })
const edit = fc.oneof(...plainEdits, hardLink)
/** A write through one name of a file is not told for its other names: they are seen at the next look at everything. */
const editToldWhereItIs = fc.oneof(...plainEdits)
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never

/** Does what the disk allows; says which directories it changed. */
function perform(ground: Ground, step: Edit): string[] {
  const { user } = ground
  const parents = [step.path, ...('to' in step ? [step.to] : [])].map((one) =>
    one.split('/').slice(0, -1).join('/'),
  )
  try {
    if (step.do === 'write') user.write(step.path, step.text)
    else if (step.do === 'directory' && !user.exists(step.path)) user.makeDirectory(step.path)
    else if (step.do === 'link' && !user.exists(step.path)) user.link(step.path, step.text)
    else if (step.do === 'rename' && !user.exists(step.to)) user.rename(step.path, step.to)
    else if (step.do === 'remove') user.remove(step.path)
    else if (step.do === 'replace' && user.exists(step.path)) user.replace(step.path, step.text)
    else if (step.do === 'hard-link' && !user.exists(step.to)) user.hardLink(step.path, step.to)
  } catch {
    // no such parent, a directory in the way, into itself
  }
  return parents
}

/** A directory and those below it: where something happens when it is removed. None for what is not a directory. */
async function directoriesOf(ground: Ground, path: string): Promise<string[]> {
  const [look] = await ground.files.look([at(path)])
  if (look?.kind !== 'directory') return []
  const children = (await ground.files.list(at(path))) ?? []
  return [
    path,
    ...(await Promise.all(children.map((name) => directoriesOf(ground, `${path}/${name}`)))).flat(),
  ]
}

/** Whether the way to a path goes through a link: then what is done there happens elsewhere. */
async function isThroughLink(ground: Ground, path: string): Promise<boolean> {
  const names = path.split('/').slice(0, -1)
  const looks = await ground.files.look(names.map((_, index) => at(names.slice(0, index + 1).join('/'))))
  return looks.some((look) => look?.kind === 'link')
}

/** What is on the disk, as the local tree would have it. */
async function onDisk(ground: Ground, directory = ''): Promise<string[]> {
  const out: string[] = []
  for (const child of (await ground.files.list(at(directory))) ?? []) {
    const full = directory === '' ? child : `${directory}/${child}`
    const [look] = await ground.files.look([at(full)])
    if (full === '.grenier' || look === undefined) continue
    if (look.kind === 'directory') out.push(`${full}/`, ...(await onDisk(ground, full)))
    else if (look.kind === 'link')
      out.push(`${full} -> ${Buffer.from(await ground.files.readLink(at(full))).toString()}`)
    else out.push(`${full} ${look.stamp.sizeBytes}`)
  }
  return out.sort()
}

function follows(make: () => Ground, numRuns: number): void {
  it('has the whole folder after any edits, whatever was looked at before', async () => {
    const rounds = fc.array(fc.record({ edits: fc.array(edit, { maxLength: 12 }), agree: fc.boolean() }), {
      maxLength: 4,
    })
    await fc.assert(
      fc.asyncProperty(rounds, async (plan) => {
        const bench = new Bench(make())
        for (const { edits, agree } of plan) {
          for (const step of edits) perform(bench.ground, step)
          if (agree) await bench.agree()
          else await bench.look.whole()
          expect(await bench.lines()).toEqual(await onDisk(bench.ground))
        }
        expect(await bench.look.whole()).toMatchObject({ came: 0, changed: 0, vanished: 0 })
      }),
      { numRuns },
    )
  })

  it('has it too when it looks only where something happened', async () => {
    const rounds = fc.array(fc.array(editToldWhereItIs, { maxLength: 6 }), { maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(rounds, async (plan) => {
        const bench = new Bench(make())
        await bench.look.whole()
        for (const edits of plan) {
          const directories: string[] = []
          for (const step of edits) {
            const places = [step.path, ...('to' in step ? [step.to] : [])]
            const through = await Promise.all(places.map((place) => isThroughLink(bench.ground, place)))
            if (through.includes(true)) continue
            // A disk may give the inode of a removed directory to the next one of its name: only what happened inside tells.
            if (step.do === 'remove') directories.push(...(await directoriesOf(bench.ground, step.path)))
            directories.push(...perform(bench.ground, step))
          }
          await bench.look.some(directories.map(at))
          expect(await bench.lines()).toEqual(await onDisk(bench.ground))
        }
      }),
      { numRuns },
    )
  })

  it('keeps the node of whatever was only renamed', async () => {
    const tree = fc.uniqueArray(path, { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(tree, fc.nat(), async (paths, pick) => {
        const bench = new Bench(make())
        for (const one of paths) {
          const parts = one.split('/')
          for (let depth = 1; depth < parts.length; depth += 1)
            perform(bench.ground, { do: 'directory', path: parts.slice(0, depth).join('/') })
          perform(bench.ground, { do: 'write', path: one, text: one })
        }
        await bench.agree()
        const before = await bench.ids()
        const moved = [...before.keys()][pick % before.size]!
        bench.ground.user.rename(moved, 'moved')
        await bench.look.whole()
        expect((await bench.ids()).get('moved')).toBe(before.get(moved))
        expect([...(await bench.ids()).values()].sort()).toEqual([...before.values()].sort())
        expect(await bench.readAll()).toBe(0)
      }),
      { numRuns },
    )
  })
}

describe('a look at a folder in memory', () => follows(() => memoryGround(), 300))
describe('a look at a real folder', () => follows(() => realGround(fs.mkdtempSync(join(base, 'f-'))), 40))
