// A folder is one process's at a time: a `sync` that is to stay waits for a command that has it for a while, and says so.
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LevelStateStore } from '../../packages/client/src/state/state-store-level.ts'
import { Stage, type Running } from './commands.ts'

/** Until a process has said so on stderr. */
async function untilSays(running: Running, text: string): Promise<void> {
  while (!running.stderr.includes(text)) {
    if (running.over) throw new Error(`ended before it said so: ${running.transcript()}`)
    await Promise.race([once(running.process.stderr ?? running.process, 'data'), running.ended])
  }
}

test('a sync waits for a command that has its folder; one that runs once, and another sync, are told at once', async () => {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const alpha = stage.device('alpha')
  const here = stage.newFolder('here')
  writeFileSync(join(here, 'file'), 'first')
  await alpha.setup(await relay.start())
  await alpha.done('add', here)

  const states = join(alpha.home, 'state')
  const [state = ''] = readdirSync(states).filter((name) => !name.includes('.'))
  const held = await LevelStateStore.open(join(states, state))
  const stopped = alpha.start('sync')
  await untilSays(stopped, 'waiting until it is done')
  expect((await stopped.stop()).exitCode).toBe(143)

  const refused = await alpha.run('sync', '--once')
  expect(refused.exitCode).toBe(1)
  expect(refused.lines).toContainEqual(expect.objectContaining({ event: 'error', code: 'home-locked' }))

  const sync = alpha.start('sync')
  await untilSays(sync, 'waiting until it is done')
  await held.close()
  await sync.line(({ event, state: is }) => event === 'state' && is === 'synced')
  const second = await alpha.run('sync')
  expect(second.exitCode).toBe(1)
  expect((await sync.stop()).exitCode).toBe(143)
})
