// Bringing the tree back in place: an ordinary change, that every device follows, that can be undone, and that loses nothing.
import * as fs from 'node:fs'
import { approveFolder, openFolder, type HistoryQuery } from '@grenier/client'
import { afterAll, describe, expect, test } from 'vitest'
import { agree, Ground, treeOf, type Device } from '../folder/devices.ts'
import { ask, askOf, bytesOf, pathsOf, type Answered } from './asking.ts'

const ground = new Ground()
afterAll(() => ground.end())

/** Files that the brake counts as a mass. */
const many = 60

async function headOf(device: Device): Promise<number> {
  return (await device.sync()).summary.head?.seq ?? -1
}

/** As `grenier restore` does with no run. */
async function restore(
  device: Device,
  sequence: number,
  wanted: { path?: string; exact?: boolean } = {},
): Promise<Answered> {
  const engine = await openFolder(device.context(), device.folder)
  try {
    return await askOf(engine, query(sequence, wanted))
  } finally {
    await engine.close()
  }
}

function query(
  sequence: number,
  { path = '', exact = false }: { path?: string; exact?: boolean },
): HistoryQuery {
  return { do: 'restore', path, exact, moment: { sequence } }
}

/** Removes a directory, and says that it is meant. */
async function removeInEarnest(device: Device, directory: string): Promise<void> {
  fs.rmSync(device.at(directory), { recursive: true })
  expect((await device.refusal()).code).toBe('brake')
  await approveFolder(device.context(), device.folder)
  await device.sync()
}

describe('restoring in place', () => {
  test('brings files, kinds and directories back; what came later stays where nothing takes its place', async () => {
    const [alpha, beta] = await ground.pair()
    alpha.write('a/edited', 'before')
    alpha.write('a/removed/deep', 'deep')
    alpha.write('kind', 'a file')
    fs.symlinkSync('target', alpha.at('link'))
    fs.mkdirSync(alpha.at('empty'))
    const then = await headOf(alpha)
    const tree = treeOf(alpha.folder)
    alpha.write('a/edited', 'after')
    fs.rmSync(alpha.at('a/removed'), { recursive: true })
    fs.rmSync(alpha.at('kind'))
    fs.mkdirSync(alpha.at('kind'))
    alpha.write('kind/inside', 'newer, and in the way')
    fs.rmSync(alpha.at('link'))
    fs.rmdirSync(alpha.at('empty'))
    alpha.write('a/newer', 'newer')
    const changed = await headOf(alpha)
    const after = treeOf(alpha.folder)
    const { answer } = await restore(alpha, then)
    expect(answer.problems).toBe(0)
    expect(treeOf(alpha.folder).filter((line) => !line.startsWith('a/newer'))).toEqual(tree)
    expect(alpha.read('a/newer')).toBe('newer')
    await agree(alpha, beta)
    // It was a change like any other: the one before can be had again.
    await restore(beta, changed, { exact: true })
    expect(treeOf(beta.folder)).toEqual(after)
    await agree(alpha, beta)
  })

  test('of a path touches that path alone; exactly so, what was not there goes', async () => {
    const alpha = ground.device('alpha')
    alpha.write('x/one', '1')
    alpha.write('y/one', '1')
    await alpha.add()
    const then = await headOf(alpha)
    alpha.write('x/one', '2')
    alpha.write('x/two/three', '3')
    alpha.write('y/one', '2')
    await alpha.sync()
    await restore(alpha, then, { path: 'x', exact: true })
    expect(alpha.names('x')).toEqual(['one'])
    expect([alpha.read('x/one'), alpha.read('y/one')]).toEqual(['1', '2'])
    await restore(alpha, then, { path: 'y/one' })
    expect(alpha.read('y/one')).toBe('1')
  })

  test('changes nothing where nothing changed, and says so', async () => {
    const alpha = ground.device('alpha')
    alpha.write('one', '1')
    await alpha.add()
    const then = await headOf(alpha)
    const { answer, rows } = await restore(alpha, then)
    expect(rows).toEqual([])
    expect(answer.head.seq).toBe(then)
  })

  test('undoes a mass of changes that the brake held, and keeps what was changed in the history', async () => {
    const alpha = ground.device('alpha')
    for (let at = 0; at < many; at += 1) alpha.write(`d/${at}`, `text ${at}`)
    await alpha.add()
    const then = await headOf(alpha)
    const tree = treeOf(alpha.folder)
    for (let at = 0; at < many; at += 1) alpha.write(`d/${at}`, `scrambled ${at}`)
    expect((await alpha.refusal()).code).toBe('brake')
    const { answer } = await restore(alpha, then)
    expect(answer.files).toBe(many)
    expect(treeOf(alpha.folder)).toEqual(tree)
    const scrambled = await ask(alpha, { do: 'log', path: 'd/7' })
    const sequences = scrambled.rows.flatMap((row) => (row.row === 'entry' ? [row.sequence] : []))
    expect(sequences).toHaveLength(3)
    const kept = await ask(alpha, { do: 'read', path: 'd/7', moment: { sequence: sequences[1] ?? 0 } })
    expect(Buffer.from(bytesOf(kept)).toString()).toBe('scrambled 7')
    await alpha.sync()
  })

  test('undoes what another device did to a mass, and the brake had not let in', async () => {
    const [alpha, beta] = await ground.pair()
    for (let at = 0; at < many; at += 1) alpha.write(`d/${at}`, `text ${at}`)
    const then = await headOf(alpha)
    await beta.sync()
    const tree = treeOf(beta.folder)
    fs.rmSync(alpha.at('d'), { recursive: true })
    expect((await alpha.refusal()).code).toBe('brake')
    const engine = await openFolder(alpha.context(), alpha.folder)
    await engine.approve()
    await engine.run({ once: true })
    await engine.close()
    expect((await beta.refusal()).code).toBe('brake')
    await restore(beta, then)
    expect(treeOf(beta.folder)).toEqual(tree)
    await agree(alpha, beta)
    expect(treeOf(alpha.folder)).toEqual(tree)
  })

  test('lets no other mass past the brake: what another device removes elsewhere waits for a person', async () => {
    const [alpha, beta] = await ground.pair()
    for (let at = 0; at < many; at += 1)
      for (const directory of ['d', 'e']) alpha.write(`${directory}/${at}`, `text ${at}`)
    const then = await headOf(alpha)
    await beta.sync()
    await removeInEarnest(alpha, 'e')
    expect((await beta.refusal()).code).toBe('brake')
    await approveFolder(beta.context(), beta.folder)
    await beta.sync()
    // Cut off when the entries stand, and nothing has followed them yet.
    const engine = await openFolder(beta.context(), beta.folder)
    const cut = engine.history(query(then, { path: 'e' }), () => Promise.reject(new RangeError('cut off')))
    await expect(cut).rejects.toThrow('cut off')
    await engine.close()
    await removeInEarnest(alpha, 'd')
    const { code, data } = await beta.refusal()
    expect({ code, ...data }).toMatchObject({ code: 'brake', direction: 'down', gone: many })
    expect(beta.names('d')).toHaveLength(many)
  })

  test('of a path sends nothing that the brake held elsewhere in the folder', async () => {
    const [alpha, beta] = await ground.pair()
    for (let at = 0; at < many; at += 1) alpha.write(`d/${at}`, `text ${at}`)
    alpha.write('e', 'before')
    const then = await headOf(alpha)
    alpha.write('e', 'after')
    await agree(alpha, beta)
    fs.rmSync(beta.at('d'), { recursive: true })
    await expect(restore(beta, then, { path: 'e' })).rejects.toMatchObject({ code: 'brake' })
    await alpha.sync()
    expect(alpha.names('d')).toHaveLength(many)
    expect(alpha.read('e')).toBe('after')
  })

  test('commits first what was not sent yet: it is in the history', async () => {
    const alpha = ground.device('alpha')
    alpha.write('one', 'first')
    await alpha.add()
    const then = await headOf(alpha)
    alpha.write('one', 'never sent')
    await restore(alpha, then)
    expect(alpha.read('one')).toBe('first')
    const log = await ask(alpha, { do: 'log', path: 'one' })
    const before = log.rows.flatMap((row) => (row.row === 'entry' ? [row.sequence] : []))[1] ?? 0
    const kept = await ask(alpha, { do: 'read', path: 'one', moment: { sequence: before } })
    expect(Buffer.from(bytesOf(kept)).toString()).toBe('never sent')
  })

  test('goes through a run that watches, and is on the disk when it is answered', async () => {
    const alpha = ground.device('alpha')
    for (let at = 0; at < many; at += 1) alpha.write(`d/${at}`, `text ${at}`)
    await alpha.add()
    const then = await headOf(alpha)
    const tree = treeOf(alpha.folder)
    fs.rmSync(alpha.at('d/3'))
    for (let at = 10; at < many; at += 1) alpha.write(`d/${at}`, `other ${at}`)
    const watching = await alpha.watch()
    await watching.until(() => alpha.events.some((event) => event.event === 'brake'))
    const answered = await askOf(watching.engine, query(then, {}))
    expect(pathsOf(answered)).toEqual([])
    expect(treeOf(alpha.folder)).toEqual(tree)
    await watching.stop()
  })
})
