// A sealed export put back onto another relay, as a person does it. test/engine/import.test.ts has what may come between.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lineOf, Stage, summaryOf } from './commands.ts'

test('a sealed export is a vault again at another relay, with its history, and a damaged one is not', async () => {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const alpha = stage.device('alpha')
  const words = await alpha.setup(await relay.start())
  const here = stage.newFolder('here')
  writeFileSync(join(here, 'a'), 'first')
  await alpha.done('add', here)
  const file = stage.path('vault.grenier')
  const exported = summaryOf(await alpha.done('export', here, '--sealed', '--out', file))

  const other = await stage.relay('other')
  const url = await other.start()
  const beta = stage.device('beta')
  await beta.done('setup', url, '--phrase-file', words)
  const imported = summaryOf(await beta.done('import', file))
  expect(imported).toMatchObject({
    head: exported['head'],
    problems: 0,
    relay: url,
    entries: exported['entries'],
  })
  // A damaged log is no shorter one: the entry is named.
  const hurt = stage.path('hurt.grenier')
  const bytes = readFileSync(file)
  for (let at = bytes.indexOf('change'); at >= 0; at = bytes.indexOf('change', at)) bytes.write('C', at)
  writeFileSync(hurt, bytes)
  const broken = await beta.start('import', hurt).ended
  expect(broken.exitCode).toBe(1)
  expect(lineOf(broken.lines, 'error')['code']).toBe('archive-broken')
  expect(lineOf(broken.lines, 'uncertain')).toMatchObject({ reason: 'lost' })
})
