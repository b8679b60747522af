// The examples of docs/SCRIPTING.md, as they stand there, with a pg_dump and a pg_restore of our own; and what two at once and a kill come to.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Stage } from './commands.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The blocks of a page in one language, in order. */
function blocks(page: string, language: string): string[] {
  const text = readFileSync(`${root}docs/${page}`, 'utf8')
  return [...text.matchAll(new RegExp('```' + language + '\\n([^`]*)```', 'g'))].map(([, code = '']) => code)
}

test('the examples of the scripting page work as written', { timeout: 120_000 }, async () => {
  const stage = Stage.forTest()
  const relay = await (await stage.relay()).start()
  const [home, bin] = [stage.newFolder('user'), stage.newFolder('bin')]
  mkdirSync(`${home}/Documents`)
  writeFileSync(`${home}/Documents/letter`, 'dear reader')
  writeFileSync(`${home}/Documents/draft.tmp`, 'not to be kept by the timer')
  const dump = 'a dump of the database\n'.repeat(1000)
  writeFileSync(`${home}/dump`, dump)
  writeFileSync(`${bin}/pg_dump`, '#!/bin/sh\ntest "$*" = "--format=custom app" && cat "$HOME/dump"\n')
  writeFileSync(`${bin}/pg_restore`, '#!/bin/sh\ntest "$*" = "--dbname=app" && cat > "$HOME/back"\n')
  for (const name of readdirSync(bin)) chmodSync(`${bin}/${name}`, 0o755)
  const PATH = `${bin}:${root}node_modules/.bin:${process.env['PATH'] ?? ''}`
  const env = { PATH, HOME: home, GRENIER_HOME: stage.path('home'), LANG: 'C.UTF-8', NO_COLOR: '1' }
  const run = (command: string): string => {
    const ended = spawnSync('bash', ['-ec', command], { env, cwd: home, encoding: 'utf8', input: '' })
    expect([command, ended.status, ended.stderr]).toEqual([command, 0, expect.anything()])
    return ended.stdout
  }
  run(`grenier setup ${relay} --phrase-out '${home}/words'`)
  const crons = blocks('SCRIPTING.md', 'cron').flatMap((block) => block.trim().split('\n'))
  const [cron = '', pruning = ''] = crons.map((line) => line.split(' ').slice(5).join(' '))
  run(cron)
  const service = /^ExecStart=(.*)$/m.exec(blocks('SCRIPTING.md', 'ini')[0] ?? '')?.[1] ?? ''
  run(service.replaceAll('%h', home).replace('*.tmp', "'*.tmp'"))
  run(pruning)
  const [store = '', back = '', look = ''] = blocks('SCRIPTING.md', 'sh')
  run(store)
  run(back)
  expect(readFileSync(`${home}/back`, 'utf8')).toBe(dump)
  const said = run(look)
  expect(said).toContain('1 compared with the source, problems: 0')
  expect(readFileSync(`${home}/restored/letter`, 'utf8')).toBe('dear reader')
  expect(existsSync(`${home}/restored/draft.tmp`)).toBe(false)
  expect(readdirSync(`${home}/Documents`).sort()).toEqual(['draft.tmp', 'letter'])
  expect(blocks('SCRIPTING.fr.md', 'cron')).toEqual(blocks('SCRIPTING.md', 'cron'))
  // A second one at the same time says so and ends; a command that fails before stops it all.
  const second = spawnSync(
    'grenier',
    [
      ...['backup', `${home}/Documents`, '--vault', 'documents', '--once', '--json'],
      ...['--before', `grenier backup '${home}/Documents' --vault documents --once`],
    ],
    { env, encoding: 'utf8' },
  )
  expect(second.status).toBe(1)
  expect(second.stderr).toContain('running already')
  expect(second.stdout).toContain('"hook-failed"')
})
