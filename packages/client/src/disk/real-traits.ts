// What a real file system cannot tell apart or hold, found out by trying in the staging area.
import * as fs from 'node:fs'
import type { DiskTraits } from './file-system.ts'
import { ensureStaging, isCode, setTime } from './real-change.ts'
import type { OpenDirectory, RealDirectories, SystemPath } from './real-directory.ts'

/** Steps in which file systems keep times: nanoseconds (but Node sets them through a double), 100 ns, seconds, FAT's two seconds. */
const timeSteps = [1_000n, 1_000_000n, 1_000_000_000n, 2_000_000_000n] as const
/** Longest names of file systems: nearly all, eCryptfs. */
const nameLengths = [255, 143] as const

/** Probes; a folder that cannot be written to gets what is usual on this platform. */
export function probeTraits(directories: RealDirectories): DiskTraits {
  try {
    const staging = ensureStaging(directories)
    return {
      caseInsensitive: takesForOne(staging, 'probe-case', 'PROBE-CASE'),
      normalizesUnicode: takesForOne(staging, 'probe-\u00e9', 'probe-e\u0301'),
      nameBytesMax: nameLengths.find((length) => holds(staging, 'n'.repeat(length))) ?? 128,
      timeStepNs: timeStep(staging),
    }
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].some((code) => isCode(error, code))) throw error
    const folds = process.platform === 'darwin' || process.platform === 'win32'
    return {
      caseInsensitive: folds,
      normalizesUnicode: process.platform === 'darwin',
      nameBytesMax: 255,
      timeStepNs: 1_000n,
    }
  }
}

function takesForOne(staging: OpenDirectory, name: string, other: string): boolean {
  return withFile(
    staging,
    name,
    () => fs.lstatSync(staging.at(other), { throwIfNoEntry: false }) !== undefined,
  )
}

function holds(staging: OpenDirectory, name: string): boolean {
  try {
    return withFile(staging, name, () => true)
  } catch (error) {
    if (isCode(error, 'ENAMETOOLONG')) return false
    throw error
  }
}

function timeStep(staging: OpenDirectory): bigint {
  // An odd second with a fraction, in the past, so that each step shows.
  const wanted = 1_500_000_001_123_456_789n
  return withFile(staging, 'probe-time', (path) => {
    setTime(path, wanted)
    const got = fs.lstatSync(path, { bigint: true }).mtimeNs
    const off = got > wanted ? got - wanted : wanted - got
    return timeSteps.find((step) => off < step) ?? 2_000_000_000n
  })
}

function withFile<T>(staging: OpenDirectory, name: string, run: (path: SystemPath) => T): T {
  const path = staging.at(name)
  fs.writeFileSync(path, '')
  try {
    return run(path)
  } finally {
    fs.rmSync(path, { force: true })
  }
}
