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

/** How a process is started. */
interface Around {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

/** Runs lines of the shell that only start `grenier`, in one process: the shell says which words each of them is. */
function several(lines: readonly string[], around: Around): { stdout: string; stderr: string } {
  const tell = `grenier() { printf '%s\\0' "$#" "$@" >&3; }\n`
  const stdio = ['ignore', 'ignore', 'inherit', 'pipe'] as const
  const { output } = spawnSync('bash', ['-ec', tell + lines.join('\n')], { ...around, stdio: [...stdio] })
  const words = String(output[3]).split('\0')
  const commands: string[][] = []
  for (let at = 0; at + 1 < words.length; at += Number(words[at]) + 1)
    commands.push(words.slice(at + 1, at + 1 + Number(words[at])))
  const script = fileURLToPath(new URL('several.mjs', import.meta.url))
  return spawnSync(process.execPath, [script, JSON.stringify(commands)], {
    ...around,
    encoding: 'utf8',
    input: '',
  })
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
  const run = (command: string): void => {
    const ended = spawnSync('bash', ['-ec', command], { env, cwd: home, encoding: 'utf8' })
    expect([command, ended.status, ended.stderr]).toEqual([command, 0, expect.anything()])
  }
  const crons = blocks('SCRIPTING.md', 'cron').flatMap((block) => block.trim().split('\n'))
  const [cron = '', pruning = ''] = crons.map((line) => line.split(' ').slice(5).join(' '))
  const service = /^ExecStart=(.*)$/m.exec(blocks('SCRIPTING.md', 'ini')[0] ?? '')?.[1] ?? ''
  const [store = '', back = '', look = ''] = blocks('SCRIPTING.md', 'sh')
  const grenier = (args: string): string => `grenier ${args}`
  const lines = [
    `grenier setup ${relay} --phrase-out '${home}/words'`,
    ...[cron, service.replaceAll('%h', home).replace('*.tmp', "'*.tmp'"), pruning, look],
    // A second one at the same time says so and ends; a command that fails before stops it all.
    `grenier backup Documents --vault documents --once --json --before "grenier backup '${home}/Documents' --vault documents --once"`,
    // And what else takes its name.
    ...['export documents --out tar', 'export documents --sealed --out sealed', 'verify documents'].map(
      grenier,
    ),
    ...['devices documents', 'retention documents', 'forget documents', 'backup list'].map(grenier),
  ]
  const ended = several(lines, { env, cwd: home })
  const codes = [...ended.stdout.matchAll(/^--- (\d+)$/gm)].map(([, code]) => Number(code))
  const expected = lines.flatMap((line) =>
    line.includes('--before') ? [1] : line === look ? [0, 0, 0, 0] : [0],
  )
  expect([codes, ended.stderr]).toEqual([expected, expect.stringContaining('running already')])
  expect(ended.stdout).toContain('1 compared with the source, problems: 0')
  expect(ended.stdout).toContain('"hook-failed"')
  expect(ended.stdout).toContain('documents is not backed up by this device any more')
  expect(ended.stdout).toContain('This device backs nothing up')
  expect(readFileSync(`${home}/tar`, 'latin1')).toContain('dear reader')
  expect(existsSync(`${home}/sealed`)).toBe(true)
  expect(readFileSync(`${home}/restored/letter`, 'utf8')).toBe('dear reader')
  expect(existsSync(`${home}/restored/draft.tmp`)).toBe(false)
  expect(readdirSync(`${home}/Documents`).sort()).toEqual(['draft.tmp', 'letter'])
  run(store)
  run(back)
  expect(readFileSync(`${home}/back`, 'utf8')).toBe(dump)
  // What was run is what both pages say; the French one leaves out the commands of the last block.
  for (const language of ['cron', 'ini'])
    expect(blocks('SCRIPTING.fr.md', language)).toEqual(blocks('SCRIPTING.md', language))
  expect(blocks('SCRIPTING.fr.md', 'sh')).toEqual([store, back])
})
