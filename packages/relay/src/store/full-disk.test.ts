// A write that fails in its middle tears LevelDB's log. What is acknowledged afterwards must not hide behind the tear.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemRandom } from '@grenier/crypto/verify'
import { expect, it, onTestFinished } from 'vitest'
import { start, vault } from './store-samples.contract.ts'
import { openStores } from './stores-embedded.ts'

const writer = fileURLToPath(new URL('full-disk-writer.contract.ts', import.meta.url))

// A limit on the size of files, lifted after the first failure, stands for a disk that is full for a while. It takes Linux's `prlimit`, and is
// no multiple of LevelDB's blocks of 32 KiB: a record that is torn between two blocks hides nothing.
const noLimits = spawnSync('prlimit', ['--version']).status !== 0

it.skipIf(noLimits)('keeps what is acknowledged after writes failed and work again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'grenier-full-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const limited = `trap '' XFSZ; ulimit -S -f 2999; exec "$0" --conditions=source "$1" "$2"`
  const { stdout } = spawnSync('sh', ['-c', limited, process.execPath, writer, folder], { encoding: 'utf8' })
  const lines = stdout.split('\n').filter((line) => line !== '')
  const failure = lines.findIndex((line) => line.startsWith('failed '))
  const entries = lines.filter((line) => line.startsWith('entry '))
  expect(failure).toBeGreaterThan(0)
  expect(entries.length).toBe(failure + 5)

  const stores = await openStores({ folder, random: systemRandom, now: start })
  onTestFinished(() => stores.close())
  const kept = await stores.logs.entries(vault('v'), 0, 2 ** 40)
  expect(kept.map(({ sequence }) => `entry ${sequence}`)).toEqual(entries)
})
