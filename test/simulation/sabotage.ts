// `npm run sabotage`: breaks the engine on purpose, one patch after the other in a copy of the tree that is thrown away, and says which check
// noticed, after how many runs. One that nobody notices, or a patch that no longer applies, is an error.
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { optionsOf } from '../command-line.ts'
import { nodeFlags } from './node-flags.ts'
import { sabotages, type Check, type Sabotage } from './sabotages.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
/** A broken engine may never end. */
const checkMaxMs = 1_800_000

const values = optionsOf({
  name: 'sabotage',
  does: 'Breaks the engine on purpose, one fault after the other in a copy of the tree, and says which check noticed. Takes an hour or so.',
  options: {
    only: { type: 'string', takes: 'TEXT,TEXT', does: 'the faults whose name has one of these' },
    seed: { type: 'string', default: '1', takes: 'N', does: 'the first seed of planner runs and storms' },
    planner: { type: 'string', default: '20000', takes: 'N', does: 'planner runs until nobody noticed' },
    storms: { type: 'string', default: '3000', takes: 'N', does: 'storms until nobody noticed' },
  },
})

/** What noticed. */
interface Caught {
  readonly by: string
  readonly runs: number
  readonly seed: number
  readonly said: string
}

async function main(): Promise<void> {
  const parts = (values.only ?? '').split(',')
  const wanted = sabotages.filter(({ name }) => parts.some((part) => name.includes(part)))
  const copy = await copyOfTree()
  try {
    await checkUnbroken(copy, wanted)
    console.log('| what is broken | caught by | runs until then | seed | what it says |')
    console.log('| --- | --- | --- | --- | --- |')
    for (const sabotage of wanted) {
      const caught = await judged(copy, sabotage)
      if (caught === undefined) process.exitCode = 1
      const { by = '**nothing**', runs = '', seed = '', said = '' } = caught ?? {}
      console.log(`| ${[sabotage.name, by, runs, seed, said.replaceAll('|', '\\|')].join(' | ')} |`)
    }
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

/** Tests that fail anyway would catch everything. */
async function checkUnbroken(copy: string, wanted: readonly Sabotage[]): Promise<void> {
  const checks = wanted.flatMap((sabotage) => sabotage.checks)
  const files = new Set(checks.flatMap((check) => (isTests(check) ? [check.tests] : [])))
  for (const file of files)
    if ((await testsOf(copy, file)) !== undefined) throw new Error(`fails with nothing broken: ${file}`)
}

/** Sources and links, without what is compiled; libraries are the tree's own. */
async function copyOfTree(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'grenier-sabotage-'))
  for (const part of ['packages', 'test', 'package.json', 'vitest.config.mjs', 'tsconfig.base.json'])
    await cp(join(root, part), join(copy, part), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !path.endsWith('/dist'),
    })
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

async function judged(copy: string, sabotage: Sabotage): Promise<Caught | undefined> {
  const path = join(copy, sabotage.file)
  const source = await readFile(path, 'utf8')
  const parts = source.split(sabotage.find)
  if (parts.length !== 2)
    throw new Error(
      `the patch does not apply to ${sabotage.file} (found ${parts.length - 1} times): ${sabotage.name}`,
    )
  await writeFile(path, parts.join(sabotage.replace))
  try {
    for (const check of sabotage.checks) {
      const caught = await (isTests(check) ? testsOf(copy, check.tests) : runsOf(copy, check))
      if (caught !== undefined) return caught
    }
    return undefined
  } finally {
    await writeFile(path, source)
  }
}

function isTests(check: Check): check is Extract<Check, { tests: string }> {
  return typeof check !== 'string' && 'tests' in check
}

async function runsOf(copy: string, check: Exclude<Check, { tests: string }>): Promise<Caught | undefined> {
  const count = check === 'planner' ? values.planner : values.storms
  const script = join(copy, 'test/simulation/sabotage-runs.ts')
  const what = typeof check === 'string' ? check : check.theme
  const by = typeof check === 'string' ? check : `storm about ${check.theme}`
  try {
    const { stdout } = await run(process.execPath, [...nodeFlags, script, what, values.seed, count], {
      cwd: copy,
      // Most faults show after fewer runs than it takes to compile the engine: what is not broken is compiled once.
      env: { ...process.env, NODE_COMPILE_CACHE: join(copy, 'compiled') },
      timeout: checkMaxMs,
      maxBuffer: 1 << 26,
    })
    const { runs, seed, failed } = decode(stdout)
    return failed === '' ? undefined : { by, runs, seed, said: failed.slice(0, 100) }
  } catch (error) {
    return {
      by,
      runs: 1,
      seed: Number(values.seed),
      said: `does not run: ${String(error).slice(0, 80)}`,
    }
  }
}

function decode(stdout: string): { runs: number; seed: number; failed: string } {
  const line = stdout.trimEnd().split('\n').at(-1) ?? ''
  return JSON.parse(line) as { runs: number; seed: number; failed: string }
}

async function testsOf(copy: string, file: string): Promise<Caught | undefined> {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  try {
    await run(process.execPath, [vitest, 'run', '--root', copy, file], {
      cwd: copy,
      timeout: checkMaxMs,
      maxBuffer: 1 << 26,
    })
    return undefined
  } catch (error) {
    const said = typeof error === 'object' && error !== null && 'stdout' in error ? String(error.stdout) : ''
    const failed = /FAIL.*/.exec(said)?.[0] ?? 'fails'
    return { by: file, runs: 1, seed: Number(values.seed), said: failed.slice(0, 100) }
  }
}

await main()
