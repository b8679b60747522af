// How fast a device sends and receives is set by hand, for whoever is at work now and for whoever starts later.
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lineOf, Stage } from './commands.ts'
import { folderDifferences } from './trees.ts'

test('a limit holds a sync that is under way back, and lets it go', async () => {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const url = await relay.start()
  const [alpha, beta] = [stage.device('alpha'), stage.device('beta')]
  const [here, there] = [stage.newFolder('here'), stage.path('there')]
  await alpha.setup(url)
  await alpha.done('add', here)

  // At this rate the file takes hours: longer than the test may.
  expect(lineOf((await alpha.done('limit', '--up', '10KiB/s')).lines, 'limit')).toMatchObject({
    up: 10 * 1024,
    down: null,
  })
  writeFileSync(join(here, 'large'), randomBytes(96 << 20))
  const sending = alpha.start('sync', '--once')
  await sending.line(({ event, bytesSent }) => event === 'progress' && Number(bytesSent) > 0)
  await alpha.done('limit', '--up', 'none')
  expect((await sending.ended).exitCode).toBe(0)

  const code = await alpha.invite(here)
  await beta.setup(url)
  await beta.done('limit', '--down', '10KiB/s')
  const joining = beta.start('join', code, there)
  await joining.line(({ event, bytesTotal }) => event === 'progress' && Number(bytesTotal) > 0)
  await beta.done('limit', '--down', '500MB/s')
  expect((await joining.ended).exitCode).toBe(0)
  expect(folderDifferences(here, there)).toEqual([])

  const refused = await beta.run('limit', '--down', '1KiB/s')
  expect(refused.exitCode).toBe(2)
  expect(lineOf((await beta.done('limit')).lines, 'limit')).toMatchObject({ up: null, down: 500_000_000 })
})
