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
