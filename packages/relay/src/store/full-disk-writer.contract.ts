// The process that full-disk.test.ts starts with a limit on the size of files: it appends until a write fails, lifts the limit, appends
// a little more, and says on standard output what was acknowledged, and what failed. Argument: the folder.
import { spawnSync } from 'node:child_process'
import { writeSync } from 'node:fs'
import { systemRandom } from '@grenier/crypto/verify'
import { RelayError } from '../errors.ts'
import { append, start } from './store-samples.contract.ts'
import { openStores } from './stores-embedded.ts'

const [folder = ''] = process.argv.slice(2)
const stores = await openStores({ folder, random: systemRandom, now: start })
const say = (line: string): void => void writeSync(1, `${line}\n`)
const bytes = new Uint8Array(200_000).fill(7)

let failures = 0
for (let sequence = 0, after = 0; after < 5;) {
  try {
    const { result } = await stores.logs.append(append('v', sequence, { bytes }))
    if (result !== 'appended') throw new Error(result)
    say(`entry ${sequence++}`)
    if (failures > 0) after++
  } catch (error) {
    say(`failed ${error instanceof RelayError ? error.code : String(error)}`)
    if (++failures > 10) process.exit(1)
    spawnSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited'])
  }
}
// No clean stop: what was acknowledged needs none.
process.kill(process.pid, 'SIGKILL')
