// What two trees agree on: base follows it, field by field. Used by the planner, and by whoever writes base after an action.
import { sameContent, type FileValue, type LinkValue, type NodeValue, type Row } from './tree.ts'

/** The rows of one node in the three trees. */
export interface Rows {
  readonly base?: Row | undefined
  readonly local?: Row | undefined
  readonly remote?: Row | undefined
}

/**
 * The base row that follows from these rows of one node: each field (place, bits, time, content) that local and remote agree on
 * is taken over, every other one stays as it was. Where there was no base, local's stands in for it, so that remote's wins later.
 * Gone on both sides: undefined. Gone on one: as it was.
 */
export function agreedBase({ base, local, remote }: Rows): Row | undefined {
  if (local === undefined || remote === undefined)
    return local === undefined && remote === undefined ? undefined : base
  if (local.value.kind !== remote.value.kind) return base
  const before = base?.value.kind === remote.value.kind ? base : undefined
  const value = agreedValue(before?.value, local.value, remote.value)
  if (value === undefined) return before
  const place = samePlace(local, remote) ? remote : (before ?? local)
  return { parent: place.parent, name: place.name, value }
}

/** What two sides may say of a node, each by itself. */
export type Field = 'place' | 'substance' | 'mode' | 'time'

/**
 * What of a row that is to be sent the log says already, and neither base nor this disk does: it was merged into it, and is yet to be applied. Nothing
 * of a node that the log has no more, or base never knew.
 */
export function mergedIn(row: Row, { base, local, remote }: Rows): Field[] {
  if (base === undefined || remote === undefined) return []
  const fields: [Field, (one: Row, other: Row) => boolean][] = [
    ['place', samePlace],
    ['substance', (one, other) => sameSubstance(one.value, other.value)],
    ['mode', (one, other) => modeOf(one.value) === modeOf(other.value)],
    ['time', (one, other) => timeOf(one.value) === timeOf(other.value)],
  ]
  return fields.flatMap(([field, isSame]) => {
    const isHere = local !== undefined && isSame(row, local)
    return isSame(row, remote) && !isSame(row, base) && !isHere ? [field] : []
  })
}

/**
 * What base becomes when a value of this device went into the log, field by field: what was sent is agreed on, also where local changed
 * since, and be it back to what it was. What was merged is not: it has yet to be applied.
 */
export function committedBase(
  { base, remote }: { readonly base: Row | undefined; readonly remote: Row },
  merged: readonly Field[] = [],
): Row {
  if (base === undefined || base.value.kind !== remote.value.kind) return remote
  const of = (field: Field): Row => (merged.includes(field) ? base : remote)
  const { parent, name } = of('place')
  const mode = modeOf(of('mode').value)
  const mtimeNs = timeOf(of('time').value)
  const { value } = of('substance')
  if (value.kind === 'directory') return { parent, name, value: { ...value, mode: mode ?? value.mode } }
  const marked = { ...value, mtimeNs: mtimeNs ?? value.mtimeNs }
  return { parent, name, value: marked.kind === 'file' ? { ...marked, mode: mode ?? marked.mode } : marked }
}

/** Whether two rows are at one place. */
export function samePlace(a: Pick<Row, 'parent' | 'name'>, b: Pick<Row, 'parent' | 'name'>): boolean {
  return a.parent === b.parent && a.name === b.name
}

/** Whether two nodes of one kind hold the same: bytes of a file, target of a link. Directories always do; unread content never. */
export function sameSubstance(a: NodeValue, b: NodeValue): boolean {
  if (a.kind === 'file') return b.kind === 'file' && sameContent(a, b)
  if (a.kind === 'link') return b.kind === 'link' && Buffer.compare(a.target, b.target) === 0
  return b.kind === 'directory'
}

function agreedValue(
  base: NodeValue | undefined,
  local: NodeValue,
  remote: NodeValue,
): NodeValue | undefined {
  if (remote.kind === 'directory') {
    const before = modeOf(base) ?? modeOf(local)
    return modeOf(local) === remote.mode || before === undefined ? remote : { ...remote, mode: before }
  }
  const same = sameSubstance(local, remote)
  const from = same ? remote : base?.kind === 'directory' ? undefined : base
  return from === undefined ? undefined : agreedMarks(from, { base, local, remote })
}

type Values = Record<'local' | 'remote', NodeValue> & { readonly base: NodeValue | undefined }

/** The value, with each mark (bits, time) as agreed. */
function agreedMarks(value: FileValue | LinkValue, { base, local, remote }: Values): NodeValue {
  const agreed = <T>(of: (value: NodeValue) => T | undefined, own: T): T =>
    of(local) === of(remote) ? (of(remote) ?? own) : (of(base ?? local) ?? own)
  const mtimeNs = agreed(timeOf, value.mtimeNs)
  if (value.kind === 'link') return { ...value, mtimeNs }
  return { ...value, mtimeNs, mode: agreed(modeOf, value.mode) }
}

/** Bits, where a kind has them. */
export function modeOf(value: NodeValue | undefined): number | undefined {
  return value === undefined || value.kind === 'link' ? undefined : value.mode
}

/** Time, where a kind has one. */
export function timeOf(value: NodeValue | undefined): bigint | undefined {
  return value === undefined || value.kind === 'directory' ? undefined : value.mtimeNs
}
