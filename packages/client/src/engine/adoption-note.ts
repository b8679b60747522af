// What a device that went on after a fork still has to say on the branch that it took: kept in its state until it is said, so that nothing else is
// written there before.
import {
  compareRoles,
  currentEpoch,
  decodeCbor,
  encodeCbor,
  equal,
  fromHex,
  signingKey,
  toHex,
  type LogState,
  type Role,
  type SigningKey,
  type Spine,
} from '@grenier/crypto'
import { otherKey } from '../state/state-keys.ts'
import type { StateRows, StateRowsWriter } from '../state/state-rows.ts'

/** A role that was lowered on the branch that was left. */
export interface Lowered {
  readonly member: SigningKey
  readonly role: Role
}

/** Of the branch that was left: its head, its newest epoch, and who lost what on it. Hashes and keys: 32 bytes. */
export interface AdoptionNote {
  readonly head: { readonly sequence: number; readonly hash: Uint8Array }
  readonly epoch: { readonly number: number; readonly commitment: Uint8Array }
  readonly devices: readonly SigningKey[]
  readonly identities: readonly SigningKey[]
  readonly lowered: readonly Lowered[]
  /** Invitations that were open where the branches part, and were used, cancelled or void on it. */
  readonly invites: readonly SigningKey[]
}

const key = otherKey('adopted')
const rowBytesMax = 1 << 20
const roleNames = ['reader', 'writer', 'owner'] as const satisfies readonly Role[]

/** What is to be said again of the branch that ends with `left`. `base`: the last state that both branches have. */
export function noteOf(left: LogState, base: LogState): AdoptionNote {
  const { spine, head } = left
  const { number, commitment } = currentEpoch(spine)
  // New words in the place of the old ones are no removal.
  const goneSince = ({ until, renewedBy }: { until: number | undefined; renewedBy?: unknown }): boolean =>
    until !== undefined && until > base.head.sequence && renewedBy === undefined
  const keysOf = (members: Spine['devices'] | Spine['identities']): SigningKey[] =>
    [...members.values()].filter(goneSince).map(({ keys }) => keys.sign)
  const { sequence, hash } = head
  return {
    head: { sequence, hash },
    epoch: { number, commitment },
    devices: keysOf(spine.devices),
    identities: keysOf(spine.identities),
    lowered: [
      ...loweredIn(spine.devices, base.spine.devices),
      ...loweredIn(spine.identities, base.spine.identities),
    ],
    invites: [...base.spine.invites]
      .filter(([hex]) => !spine.invites.has(hex))
      .map(([, { keys }]) => keys.sign),
  }
}

function loweredIn(
  now: ReadonlyMap<string, { readonly role: Role; readonly until: number | undefined }>,
  before: ReadonlyMap<string, { readonly role: Role }>,
): Lowered[] {
  return [...now].flatMap(([hex, { role, until }]) => {
    const had = before.get(hex)?.role
    const isLower = until === undefined && had !== undefined && compareRoles(role, had) < 0
    return isLower ? [{ member: signingKey(fromHex(hex)), role }] : []
  })
}

/** Whether the epoch in force is one that this device may seal under: above all that it has seen, or the very same. */
export function mayBeSealedUnder({ epoch }: AdoptionNote, spine: Spine): boolean {
  const { number, commitment } = currentEpoch(spine)
  return number > epoch.number || (number === epoch.number && equal(commitment, epoch.commitment))
}

/** What is still to be said; undefined when nothing is. */
export function adoptionIn(rows: StateRows): AdoptionNote | undefined {
  const bytes = rows.other(key)
  if (bytes === undefined) return undefined
  const items = listOf(decodeCbor(bytes, { maxBytes: rowBytesMax }))
  const [head, epoch, devices, identities, lowered, invites] = items
  const [sequence, hash] = listOf(head)
  const [number, commitment] = listOf(epoch)
  if (typeof sequence !== 'number' || typeof number !== 'number') return undefined
  if (!(hash instanceof Uint8Array && commitment instanceof Uint8Array)) return undefined
  return {
    head: { sequence, hash },
    epoch: { number, commitment },
    devices: keysIn(devices),
    identities: keysIn(identities),
    lowered: listOf(lowered).flatMap((item) => {
      const [member, role] = listOf(item)
      const name = roleNames.find((one) => one === role)
      return member instanceof Uint8Array && name !== undefined
        ? [{ member: signingKey(member), role: name }]
        : []
    }),
    // Of a version that had none.
    invites: keysIn(invites),
  }
}

/** Two notes as one: what a branch left earlier had, where nothing was said of it yet, and what one left later has. */
function merged(earlier: AdoptionNote, later: AdoptionNote): AdoptionNote {
  const lowered = [...earlier.lowered, ...later.lowered]
  const isLowest = ({ member, role }: Lowered): boolean =>
    lowered.every((other) => !equal(other.member, member) || compareRoles(role, other.role) <= 0)
  return {
    head: later.head,
    epoch: above(earlier.epoch, later.epoch),
    devices: unique([...earlier.devices, ...later.devices]),
    identities: unique([...earlier.identities, ...later.identities]),
    lowered: [...new Map(lowered.filter(isLowest).map((one) => [toHex(one.member), one])).values()],
    invites: unique([...earlier.invites, ...later.invites]),
  }
}

/** Of two epochs of one number that are not the same, neither is good enough: no key has the commitment that is given then, of 0 bytes. */
function above(one: AdoptionNote['epoch'], other: AdoptionNote['epoch']): AdoptionNote['epoch'] {
  if (one.number !== other.number) return one.number > other.number ? one : other
  return equal(one.commitment, other.commitment) ? one : { ...one, commitment: new Uint8Array(0) }
}

function unique(keys: readonly SigningKey[]): SigningKey[] {
  return [...new Map(keys.map((one) => [toHex(one), one])).values()]
}

/** Keeps it, beside what is still to be said of branches that were left before, `owed`. */
export function keepAdoption(
  rows: StateRowsWriter,
  last: AdoptionNote,
  owed: AdoptionNote | undefined,
): void {
  const note = owed === undefined ? last : merged(owed, last)
  const { head, epoch, devices, identities, lowered, invites } = note
  const row = encodeCbor([
    [head.sequence, head.hash],
    [epoch.number, epoch.commitment],
    [...devices],
    [...identities],
    lowered.map(({ member, role }) => [member, role]),
    [...invites],
  ])
  rows.put(key, row)
}

/** All is said. */
export function forgetAdoption(rows: StateRowsWriter): void {
  rows.del(key)
}

/** Of a list of keys, those that are members of this map now. */
export function membersAmong(
  keys: readonly SigningKey[],
  members: ReadonlyMap<string, { readonly until: number | undefined }>,
): SigningKey[] {
  return keys.filter((one) => {
    const found = members.get(toHex(one))
    return found !== undefined && found.until === undefined
  })
}

function keysIn(value: unknown): SigningKey[] {
  return listOf(value).flatMap((item) => (item instanceof Uint8Array ? [signingKey(item)] : []))
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
