// The codes of problems, to check what another process says.
import type { ProblemCode } from '../sync/action.ts'

/** A record, so that a new code cannot be left out. */
const problemCodes: Readonly<Record<ProblemCode, true>> = {
  'name-unholdable': true,
  'name-collision': true,
  'kind-unsupported': true,
  unreadable: true,
  unwritable: true,
  changing: true,
  'name-reserved': true,
  vanished: true,
  'disk-full': true,
  'pack-unavailable': true,
  'relay-corrupt': true,
  'lost-again': true,
  'entry-void': true,
  'read-only': true,
  'folder-nested': true,
  'not-overwritten': true,
  'source-unmounted': true,
  'content-differs': true,
  'archive-damaged': true,
  'not-pruned': true,
}

/** Whether it is one of them. */
export function isProblemCode(value: unknown): boolean {
  return typeof value === 'string' && Object.hasOwn(problemCodes, value)
}
