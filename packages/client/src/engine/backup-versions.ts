// The versions of a backup: what each run came to, kept in the state. A version is the vault as it stood after an entry, at a time; a run that
// found nothing new is one, too.
import { numberFromKey, numberKey, otherKey } from '../state/state-keys.ts'
import type { TreesStore } from '../state/trees-store.ts'
import * as v from 'valibot'

/** What one run came to. */
export interface BackupVersion {
  /** The entry after which the vault stood so, and the time of the run by the relay's clock, ms since 1970. */
  readonly sequence: number
  readonly atMs: number
  readonly files: number
  readonly bytes: number
  readonly problems: number
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const schema = v.object({ sequence: count, atMs: count, files: count, bytes: count, problems: count })
const prefix = otherKey('backup-version!')
const firstKey = otherKey('backup-first')
/** A run a minute for two years. */
const versionsMax = 1_000_000

/** Writes a version down. Durable when it resolves. */
export async function noteVersion(trees: TreesStore, version: BackupVersion): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(version))
  const first = firstNoted(trees) ?? (await versionsIn(trees))[0]?.sequence ?? version.sequence
  await trees.write({ flush: true }, (transaction) => {
    transaction.put(firstKey, Buffer.from(numberKey(first), 'latin1'))
    transaction.put(prefix + numberKey(version.atMs), bytes)
  })
}

/** The sequence of the first version that was ever noted, also when it is forgotten since; undefined when none was. */
export function firstNoted(trees: TreesStore): number | undefined {
  const bytes = trees.other(firstKey)
  return bytes && numberFromKey(Buffer.from(bytes).toString('latin1')).value
}

/** All versions that this device knows of, the oldest first. `from`: what stood before this entry a prune has taken. */
export async function versionsIn(trees: TreesStore, from = 0): Promise<readonly BackupVersion[]> {
  await trees.settled()
  const versions: BackupVersion[] = []
  for await (const [, bytes] of trees.others(prefix)) {
    if (versions.length >= versionsMax) break
    const version = v.parse(schema, JSON.parse(new TextDecoder().decode(bytes)))
    if (version.sequence >= from) versions.push(version)
  }
  return versions
}

/** Forgets versions. */
export async function forgetVersions(trees: TreesStore, versions: readonly BackupVersion[]): Promise<void> {
  await trees.write({ flush: false }, (transaction) => {
    for (const { atMs } of versions) transaction.del(prefix + numberKey(atMs))
  })
}
