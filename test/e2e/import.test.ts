// A sealed export put back onto another relay: members, history and files, as they were.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lineOf, Stage, summaryOf } from './commands.ts'

test('a sealed export is a vault again at another relay, with its history, once and for the identity that started it alone', async () => {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const alpha = stage.device('alpha')
  const words = await alpha.setup(await relay.start())
  const here = stage.newFolder('here')
  writeFileSync(join(here, 'a'), 'first')
  writeFileSync(join(here, 'b'), Buffer.alloc(300_000, 'b'))
  await alpha.done('add', here)
  writeFileSync(join(here, 'a'), 'second')
  await alpha.done('sync', '--once')
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
  const again = summaryOf(await beta.done('import', file, '--relay', url))
  expect(again).toMatchObject({ entries: 0, packs: 0, exitCode: 0 })

  const { lines } = await beta.done('recover', url, '--phrase-file', words)
  const seen = lineOf(lines, 'recover') as unknown as {
    vaults: { id: string; name: string; head: unknown }[]
  }
  expect(seen.vaults).toMatchObject([{ name: 'here', head: exported['head'] }])

  // A stranger's account is not charged for it, nor the owner's by a stranger.
  const eve = stage.device('eve')
  await eve.setup(url)
  const refused = await eve.start('import', file).ended
  expect(refused.exitCode).toBe(5)

  // A damaged log is no shorter one: nothing of it is put, and the entry is named.
  const hurt = stage.path('hurt.grenier')
  const bytes = readFileSync(file)
  const entry = bytes.indexOf(Buffer.from('change')) - 40
  writeFileSync(
    hurt,
    bytes.map((byte, at) => (at % 97 === entry % 97 ? byte ^ 1 : byte)),
  )
  const broken = await beta.start('import', hurt).ended
  expect(broken.exitCode).toBe(1)
  expect(lineOf(broken.lines, 'error')['code']).toBe('archive-broken')
})
