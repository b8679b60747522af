// A backup that is killed in the middle, as a power cut does it: the next run ends it.
import { randomBytes } from 'node:crypto'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lineOf, Stage } from './commands.ts'

test('a backup that was killed leaves the source alone, and the next run ends it', async () => {
  const stage = Stage.forTest()
  const alpha = stage.device('alpha')
  const source = stage.newFolder('source')
  const contents = new Map(Array.from({ length: 6 }, (_, at) => [`file ${at}`, randomBytes(1 << 20)]))
  for (const [name, bytes] of contents) writeFileSync(join(source, name), bytes)
  await alpha.setup(await (await stage.relay()).start())
  const command = ['backup', source, '--vault', 'kept', '--once']
  const running = alpha.start(...command)
  await running.line((line) => line.event === 'progress')
  expect((await running.stop('SIGKILL')).exitCode).toBeNull()
  const { lines } = await alpha.done(...command)
  expect(lineOf(lines, 'summary')).toMatchObject({ files: 6, problems: 0, exitCode: 0 })
  const into = stage.path('restored')
  await alpha.done('restore', 'kept', '--into', into)
  for (const [name, bytes] of contents) expect(readFileSync(join(into, name)).equals(bytes), name).toBe(true)
  expect(readdirSync(source).sort()).toEqual([...contents.keys()].sort())
})
