// What `npm run bench -- --help` says, and `npm run bench -- WHAT --help`. A test holds it to what is read from the command line.
import { whats, type What } from './options.ts'

interface Usage {
  /** What stands after `npm run bench --`, options left out. */
  readonly words: string
  readonly does: string
  readonly takes: readonly Flag[]
  /** What is used where an option is not given. */
  readonly defaults?: string
}

type Flag = keyof typeof flags

/** Every option, as it is written and what it does. */
const flags = {
  only: ['--only D1,D2,D3,tree', 'these loads'],
  tools: ['--tools grenier,restic', 'these tools: grenier, restic, syncthing, rclone, borg, rsync'],
  rounds: ['--rounds N', 'so many times'],
  scale: ['--scale S', 'loads of this part of their size'],
  tree: ['--tree FOLDER', 'where the load `tree` is copied from'],
  data: ['--data FOLDER', 'where loads are made and kept'],
  svg: ['--svg FILE', 'a chart'],
  mib: ['--mib N', 'so many MiB of data'],
  files: ['--files N', 'so many files'],
  'under-load': ['--under-load', 'while large files go the same way'],
  json: ['--json [FILE]', 'figures as a document in FILE; without FILE, last: one object a line'],
  help: ['--help, -h', 'this'],
} as const

const always: readonly Flag[] = ['json', 'help']

const usages: Readonly<Record<What, Usage>> = {
  compare: {
    words: '[compare]',
    does: 'Grenier beside other tools, on the same work: hours',
    takes: ['only', 'tools', 'rounds', 'scale', 'tree', 'data', 'svg'],
    defaults: 'all loads, all tools that are installed, 5 rounds, whole loads, the data in bench/data',
  },
  micro: {
    words: 'micro',
    does: 'every stage alone, and what they add up to',
    takes: ['mib', 'files', 'rounds'],
    defaults: '64 MiB, 2000 files, 5 rounds',
  },
  path: {
    words: 'path [LOAD | FOLDER]',
    does: 'the whole path with a load (D1, D2, D3, tree), or with a folder of yours',
    takes: ['rounds', 'scale', 'tree'],
    defaults: 'D2, once',
  },
  latency: {
    words: 'latency',
    does: 'from saving here to seeing there',
    takes: ['rounds', 'under-load', 'mib'],
    defaults: '20 saves; under load, four files of 512 MiB',
  },
  large: {
    words: 'large [FILES]',
    does: 'one large vault, watched: memory, a pass, an edit, stillness',
    takes: [],
    defaults: '200000 files',
  },
  archive: {
    words: 'archive',
    does: 'a whole vault brought out: tar, sealed export, decrypt; memory and time',
    takes: ['mib'],
    defaults: '1024 MiB',
  },
  restic: {
    words: 'restic [large | small | unchanged]',
    does: 'by turns: export beside restic restore and tar; backup with no change',
    takes: ['rounds', 'scale'],
    defaults: 'all three, 5 rounds, 1 GiB, 20000 and 100000 files',
  },
  relay: { words: 'relay', does: 'the relay alone: clients write, against flushed files', takes: [] },
  line: {
    words: 'line',
    does: 'on a slow line: how busy it is kept, and an edit during an upload',
    takes: ['mib'],
    defaults: '4 MiB',
  },
}

/** The help for one measurement; for all of them where none is named. */
export function helpOf(what: What | undefined): string {
  if (what === undefined)
    return [
      'npm run bench -- [WHAT] [OPTIONS]',
      '',
      ...whats.map((one) => columns(usages[one].words, usages[one].does)),
      '',
      'Options, each for some of them (npm run bench -- WHAT --help):',
      ...Object.values(flags).map(([written, does]) => columns(written, does)),
      '',
      'GRENIER_BENCH_DIR says on which disk it works. bench/README.md says how to read the figures.',
    ].join('\n')
  const { words, does, takes, defaults } = usages[what]
  return [
    `npm run bench -- ${words} [OPTIONS]`,
    `  ${does}`,
    '',
    ...[...takes, ...always].map((name) => {
      const [written, said] = flags[name]
      return columns(written, said)
    }),
    ...(defaults === undefined ? [] : ['', `Where nothing else is said: ${defaults}.`]),
  ].join('\n')
}

function columns(left: string, right: string): string {
  return `  ${left.padEnd(26)}${right}`
}
