// Runs tests by path and name in a process of their own, some with a defence taken out, and says which one failed first.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Edit } from './attack.ts'
import { root } from './suites.ts'

const run = promisify(execFile)
/** Without a defence, some loop may never end. All tests at once, with nothing taken out, may take their time. */
const runMaxMs = { edited: 1_200_000, whole: 7_200_000 }
/** How Vitest says that a test took longer than it may. */
const tookTooLong = /^(?:Error: )?(?:Test|Hook) timed out in /

export interface Tests {
  readonly files: readonly string[]
  /** Of the full names; all if left out. */
  readonly pattern?: RegExp | undefined
  /** Whether a test that took too long counts as one that failed. */
  readonly mayHang?: boolean
}

/** What came of it. `failed`: the first test that failed, with its file; `passed`: how many passed. `broken`: it did not even begin. */
export interface Ran {
  readonly passed: number
  readonly failed: { readonly file: string; readonly test: string; readonly said: string } | undefined
  readonly broken: string | undefined
}

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

/** Runs tests; of a tree that edits change, until the first one fails. */
export async function runTests(tests: Tests, edits: readonly Edit[] = []): Promise<Ran> {
  const scratch = await mkdtemp(join(tmpdir(), 'grenier-defences-'))
  try {
    return outcomeOf(await reported(scratch, tests, edits), tests.mayHang === true)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function reported(scratch: string, tests: Tests, edits: readonly Edit[]): Promise<Report | string> {
  const [patch, report] = [join(scratch, 'edits.json'), join(scratch, 'report.json')]
  await writeFile(patch, JSON.stringify(edits))
  const env = { ...process.env, ...(edits.length === 0 ? {} : { GRENIER_WITHOUT: patch }) }
  // As long as the tests may take by themselves: a machine that has other work must not make a test fail, or a defence look noticed.
  const options = ['--reporter=json', `--outputFile=${report}`]
  const named = tests.pattern === undefined ? [] : ['-t', tests.pattern.source]
  const bail = edits.length === 0 ? [] : ['--bail=1']
  const given = ['node_modules/vitest/vitest.mjs', 'run', ...options, ...named, ...bail, ...tests.files]
  const timeout = edits.length === 0 ? runMaxMs.whole : runMaxMs.edited
  const ended = await run(process.execPath, given, { cwd: root, env, timeout, maxBuffer: 1 << 26 })
    .then(() => '')
    .catch((error: unknown) => String(error))
  try {
    return JSON.parse(await readFile(report, 'utf8')) as Report
  } catch {
    return ended === '' ? 'no report' : ended
  }
}

function outcomeOf(report: Report | string, mayHang: boolean): Ran {
  if (typeof report === 'string') return { passed: 0, failed: undefined, broken: report }
  const results = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((result) => ({ ...result, file: name.slice(root.length + 1) })),
  )
  const passed = results.filter(({ status }) => status === 'passed').length
  const failures = results
    .filter(({ status }) => status === 'failed')
    .map(({ file, fullName, failureMessages }) => ({
      file,
      test: fullName,
      said: saidFirst(failureMessages),
    }))
  // A test that took too long says nothing of a defence: the machine may have had other work.
  const failed = failures.find(({ said }) => mayHang || !tookTooLong.test(said))
  if (failed !== undefined) return { passed, failed, broken: undefined }
  const [late] = failures
  if (late !== undefined) return { passed, failed, broken: `${late.file}: ${late.test}: ${late.said}` }
  // A file that does not load shows nothing but that the edit made no program.
  const unloaded = report.testResults.find(({ assertionResults, message }) => {
    return assertionResults.length === 0 && message !== ''
  })
  return { passed, failed, broken: unloaded?.message }
}

function saidFirst([message = '']: readonly string[]): string {
  return message.split('\n', 1)[0] ?? ''
}
