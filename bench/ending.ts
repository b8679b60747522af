// What was started and what was made for a run goes when the run ends, however it ends: Ctrl-C, too, leaves nothing running and nothing lying.
import type { ChildProcess } from 'node:child_process'
import { rmSync, statfsSync } from 'node:fs'
import { constants } from 'node:os'

const children = new Map<ChildProcess, number>()
const places = new Set<string>()
/** Places that are of no use any more, and lie on. */
const left: string[] = []
/** With less room than this on the disk, nothing lies on. */
const roomLeastBytes = 16e9

/** Ends this process with ours, should it still run then; with `group`, all of the process group that it leads. */
export function endWithUs(child: ChildProcess, how: { group: boolean } = { group: false }): void {
  if (child.pid === undefined) return
  children.set(child, how.group ? -child.pid : child.pid)
  child.once('close', () => children.delete(child))
}

/** Removes this place with our end, unless it is removed before. */
export function removeWithUs(place: string): void {
  places.add(place)
}

/** Removes a place now. */
export function removeNow(place: string): void {
  rmSync(place, { recursive: true, force: true, maxRetries: 3 })
  places.delete(place)
}

/**
 * Leaves a place for our end, as long as the disk has room. Some disks pass over the place of each file that was deleted in the last minutes, so that
 * whoever makes many files after it would pay for it.
 */
export function removeLater(place: string): void {
  left.push(place)
  const { bavail, bsize } = statfsSync(place)
  if (bavail * bsize < roomLeastBytes) for (const one of left.splice(0)) removeNow(one)
}

function killNow(target: number): void {
  try {
    process.kill(target, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => process.exit(128 + constants.signals[signal]))

process.once('exit', () => {
  for (const target of children.values()) killNow(target)
  for (const place of places) removeNow(place)
})
