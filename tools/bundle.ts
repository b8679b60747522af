// Joins the compiled modules of each command into few files, in `dist/bundle` of its package: a command that starts reads a handful of
// files where there were three hundred. Node's libraries with native parts, or with files of their own, stay outside.
import * as fs from 'node:fs'
import { dirname, join } from 'node:path'
import { rolldown, type OutputAsset, type OutputChunk } from 'rolldown'

interface Command {
  readonly directory: string
  /** Entries by the name of their file in the bundle, as compiled files of the package. */
  readonly entries: Readonly<Record<string, string>>
}

const packages = join(import.meta.dirname, '..', 'packages')

const commands: readonly Command[] = [
  {
    directory: join(packages, 'client'),
    entries: {
      main: 'dist/cli/main.js',
      'worker-thread': 'dist/content/worker-thread.js',
      'hash-thread': 'dist/content/hash-thread.js',
      'key-holder': 'dist/cli/key-holder.js',
    },
  },
  { directory: join(packages, 'relay'), entries: { main: 'dist/cli/main.js' } },
]

/** Native, or found by where their own files lie. */
const external = /^(level|bufferutil|tinypool|@napi-rs\/keyring)$/

/** What a bundle was made from, and its files, with those of the bundle before it. */
interface Made {
  readonly from: string
  readonly files: readonly string[]
  readonly before: readonly string[]
}

for (const command of commands) await bundle(command)

async function bundle({ directory, entries }: Command): Promise<void> {
  const target = join(directory, 'dist', 'bundle')
  const record = join(target, 'made.json')
  const from = compiledAt()
  const last = readMade(record)
  if (last?.from === from) return
  const input = Object.fromEntries(
    Object.entries(entries).map(([name, file]) => [name, join(directory, file)]),
  )
  const build = await rolldown({ input, platform: 'node', external, logLevel: 'warn' })
  const { output } = await build.write({
    dir: target,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    sourcemap: false,
    // What a process reads of its own source stays in its memory, and once more in that of each thread.
    comments: false,
    plugins: [{ name: 'ascii', generateBundle: (_, files) => Object.values(files).forEach(toAscii) }],
  })
  await build.close()
  const files = output.map(({ fileName }) => fileName)
  const made: Made = { from, files, before: last?.files ?? [] }
  // A process that still runs from the bundle before may load a part that it had no use for until now.
  removeOthers(target, new Set([...made.files, ...made.before, 'made.json']))
  fs.writeFileSync(record, JSON.stringify(made))
}

/** V8 keeps a source with one letter beyond ASCII in two bytes a letter. Such letters stand in strings, templates and expressions, which have an escape. */
function toAscii(file: OutputAsset | OutputChunk): void {
  if (file.type !== 'chunk') return
  file.code = file.code.replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Changes with every compilation of a package that changed something. */
function compiledAt(): string {
  const times = fs.readdirSync(packages).map((name) => {
    const { mtimeMs } = fs.statSync(join(packages, name, 'dist', '.tsbuildinfo'))
    return `${name} ${mtimeMs}`
  })
  const { mtimeMs } = fs.statSync(import.meta.filename)
  const locked = fs.statSync(join(dirname(packages), 'pnpm-lock.yaml')).mtimeMs
  return [...times.sort(), mtimeMs, locked].join('\n')
}

function readMade(record: string): Made | undefined {
  try {
    return JSON.parse(fs.readFileSync(record, 'utf8')) as Made
  } catch {
    return undefined
  }
}

function removeOthers(target: string, kept: ReadonlySet<string>): void {
  for (const name of fs.readdirSync(target))
    if (!kept.has(name)) fs.rmSync(join(target, name), { recursive: true })
}
