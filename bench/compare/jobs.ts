// The jobs of the comparison: what is done to the load in folder A, and how to see that it has arrived in B.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import type { LoadName } from '../data.ts'
import type { Job } from '../peers/peer.ts'

/** What a job is, in words of a table. */
export const jobTitles: Readonly<Record<Job, string>> = {
  full: 'carried whole',
  prepend: 'one byte put before it',
  rename: 'renamed',
  nothing: 'a pass without a change',
}

const [big, renamed] = ['big.bin', 'renamed.bin']
const copyBytes = 4 << 20

/** The jobs of a load, in the order in which they are done. */
export function jobsOf(load: LoadName): readonly Job[] {
  return load === 'D1' ? ['full', 'prepend', 'rename'] : ['full', 'nothing']
}

/** Does to the data in A what the job wants; `coming` has the load, on the same disk. */
export function change(job: Job, data: string, coming: string): void {
  if (job === 'full') fs.renameSync(coming, data)
  if (job === 'prepend') prepend(join(data, big))
  if (job === 'rename') fs.renameSync(join(data, big), join(data, renamed))
}

/** Whether B has it as far as numbers and sizes tell: asked often, and cheap. `diff` looks at the bytes afterwards. */
export function isThere(job: Job, here: string, there: string): boolean {
  if (!fs.existsSync(there)) return false
  if (job === 'full') return count(here) === count(there)
  if (job === 'rename') return fs.existsSync(join(there, renamed)) && !fs.existsSync(join(there, big))
  return fs.statSync(join(here, big)).size === fs.statSync(join(there, big), { throwIfNoEntry: false })?.size
}

/** @throws Error when a byte or a name differs */
export function mustBeSame(here: string, there: string): void {
  execFileSync('diff', ['-r', here, there], { stdio: ['ignore', 'ignore', 'pipe'] })
}

function count(folder: string): number {
  return fs.readdirSync(folder, { recursive: true }).length
}

/** As an editor would: the new file is written beside the old one and takes its name. */
function prepend(path: string): void {
  const [from, to] = [fs.openSync(path, 'r'), fs.openSync(`${path}.new`, 'w')]
  const buffer = Buffer.alloc(copyBytes)
  fs.writeSync(to, 'X')
  for (let read = -1; read !== 0;) {
    read = fs.readSync(from, buffer)
    fs.writeSync(to, buffer, 0, read)
  }
  fs.closeSync(from)
  fs.closeSync(to)
  fs.renameSync(`${path}.new`, path)
}
