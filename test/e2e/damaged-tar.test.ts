// A vault of which the relay lost and damaged something, brought out: what is whole comes, what is left of the rest stands beside its place, and all that is
// not whole is named.
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Stage, summaryOf, type Device, type Ended, type Line, type Relay } from './commands.ts'

interface Range {
  readonly offset: number
  readonly length: number
}

/** Files of the vault, and where the packs of each lie at the relay, the largest first. */
interface Hurt {
  readonly here: string
  readonly bytes: ReadonlyMap<string, Buffer>
}

/** Packs that are files at the relay, the largest first. */
function storedPacks({ data }: Relay): string[] {
  const folder = join(data, 'packs')
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name))
  return paths.sort((a, b) => statSync(b).size - statSync(a).size)
}

/** Of `film.avi` a pack is gone, of `bent.avi` and `text.txt` a byte is another one, of `gone.pdf` there is nothing. */
async function damagedVault(stage: Stage, relay: Relay, alpha: Device): Promise<Hurt> {
  const here = stage.newFolder('here')
  const bytes = new Map<string, Buffer>([['a whole one', Buffer.from('from the first to the last byte')]])
  for (const [name, sizeBytes] of [
    ['bent.avi', 9 << 20],
    ['film.avi', 9 << 20],
    ['gone.pdf', 600_000],
    ['text.txt', 400_000],
  ] as const)
    bytes.set(name, randomBytes(sizeBytes))
  const packOf = new Map<string, string>()
  const known = new Set<string>()
  await alpha.setup(await relay.start())
  for (const [name, content] of bytes) {
    writeFileSync(join(here, name), content)
    await (packOf.size === 0 ? alpha.done('add', here) : alpha.done('sync', '--once'))
    const added = storedPacks(relay).filter((path) => !known.has(path))
    packOf.set(name, added[0] ?? '')
    for (const path of added) known.add(path)
  }
  await relay.stop()
  for (const name of ['film.avi', 'gone.pdf']) rmSync(packOf.get(name) ?? '')
  for (const name of ['bent.avi', 'text.txt']) {
    const pack = readFileSync(packOf.get(name) ?? '')
    pack[100_000] = (pack[100_000] ?? 0) ^ 1
    writeFileSync(packOf.get(name) ?? '', pack)
  }
  await relay.start()
  return { here, bytes }
}

function problemsIn({ lines }: Ended): Map<string, Line> {
  const problems = lines.filter(({ event }) => event === 'problem')
  return new Map(problems.map((line) => [String(line['path']), line]))
}

/** What was there, with zeros where it is lost, which is some of it and not all. */
function holed(bytes: Buffer | undefined, lost: unknown): Buffer {
  const out = Buffer.from(bytes ?? '')
  const ranges = lost as readonly Range[]
  const lostBytes = ranges.reduce((sum, { length }) => sum + length, 0)
  expect(lostBytes).toBeGreaterThan(0)
  expect(lostBytes).toBeLessThan(out.length)
  for (const { offset, length } of ranges) out.fill(0, offset, offset + length)
  return out
}

function expectTree(into: string, { bytes }: Hurt, problems: ReadonlyMap<string, Line>): void {
  const lostOf = (name: string): unknown => problems.get(name)?.['lost']
  const expected = new Map([
    ['a whole one', bytes.get('a whole one')],
    // A byte is looked at when it comes: by then this one had its name.
    ['bent.avi', holed(bytes.get('bent.avi'), lostOf('bent.avi'))],
    ['film (damaged).avi', holed(bytes.get('film.avi'), lostOf('film.avi'))],
  ])
  // One chunk, or two: of one nothing is left.
  if (problems.get('text.txt')?.['keptAs'] === 'text (damaged).txt')
    expected.set('text (damaged).txt', holed(bytes.get('text.txt'), lostOf('text.txt')))
  else expect(problems.get('text.txt')).not.toHaveProperty('keptAs')
  expect(readdirSync(into).sort()).toEqual([...expected.keys()])
  for (const [name, content] of expected)
    expect(content?.equals(readFileSync(join(into, name))), name).toBe(true)
}

test('what is whole comes out of a damaged vault, and what is not is named: in a tar, wrapped, beside a running sync, and as files', async () => {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const alpha = stage.device('alpha')
  const hurt = await damagedVault(stage, relay, alpha)
  const { here } = hurt
  const expected: [path: string, said: { code: string; keptAs?: string }][] = [
    ['bent.avi', { code: 'relay-corrupt', keptAs: 'bent.avi' }],
    ['film.avi', { code: 'pack-unavailable', keptAs: 'film (damaged).avi' }],
    ['gone.pdf', { code: 'pack-unavailable' }],
    ['text.txt', { code: 'relay-corrupt' }],
  ]
  const expectSaid = (ended: Ended): Map<string, Line> => {
    const problems = problemsIn(ended)
    expect([...problems]).toMatchObject(expected)
    expect(problems.get('gone.pdf')).not.toHaveProperty('keptAs')
    expect(summaryOf(ended)).toMatchObject({ files: 1, problems: 4, exitCode: 3 })
    expect(ended.exitCode).toBe(3)
    return problems
  }
  const file = stage.path('out.tar')
  const problems = expectSaid(await alpha.run('export', here, '--out', file))
  const unpacked = stage.newFolder('unpacked')
  expect(stage.machine('tar', '-xpf', file, '-C', unpacked, '--no-same-owner').exitCode).toBe(0)
  expectTree(unpacked, hurt, problems)

  const key = stage.path('key')
  expect(stage.machine('age-keygen', '-o', key).exitCode).toBe(0)
  const [, recipient = ''] = /public key: (\S+)/.exec(readFileSync(key, 'utf8')) ?? []
  expectSaid(await alpha.run('export', here, '--age', recipient, '--out', stage.path('out.age')))
  expect(
    stage.machine('age', '-d', '-i', key, '-o', stage.path('opened.tar'), stage.path('out.age')).exitCode,
  ).toBe(0)
  expect(readFileSync(stage.path('opened.tar')).equals(readFileSync(file))).toBe(true)

  // For people: what is missing, where the rest is, and what may bring it back.
  const told = await alpha.startPlain('export', here, '--out', stage.path('told.tar')).ended
  expect(told.exitCode).toBe(3)
  expect(told.stderr).toMatch(/^gone\.pdf: the relay lacks a part of it; it is left out$/m)
  expect(told.stderr).toMatch(
    /^film\.avi: the relay lacks a part of it\. The rest .* film \(damaged\)\.avi; /m,
  )
  expect(told.stderr).toMatch(/^bent\.avi: a part of it is damaged at the relay\. .* is not whole; /m)
  expect(told.stderr).toMatch(/^4 files are not whole in it, or not in it: see above\. `grenier heal`/m)

  const restored = stage.path('restored')
  const elsewhere = await alpha.run('restore', here, '--into', restored)
  expect(elsewhere.exitCode).toBe(3)
  expect([...problemsIn(elsewhere)].map(([path, { code }]) => [path, code])).toEqual(
    expected.map(([path, { code }]) => [path, code]),
  )
  expect(readdirSync(restored)).toEqual(['a whole one'])

  // What a device still has heals the relay while it runs: one that has none of it does not.
  const beta = stage.device('beta')
  const there = stage.path('there')
  await beta.run('join', await alpha.invite(here), there, '--device-name', 'beta')
  const running = beta.start('sync')
  await running.line(({ event, state }) => event === 'state' && state !== 'syncing')
  const beside = await beta.run('export', there, '--out', stage.path('beside.tar'))
  await running.stop()
  expect([...problemsIn(beside)]).toMatchObject(expected)
  expect(readFileSync(stage.path('beside.tar')).equals(readFileSync(file))).toBe(true)
})
