// Whom an entry of the log brought, took out, or gave another role. Pure: from the entry and the spine after it.
import { toHex, type Entry, type Spine, type SpineDevice, type SpineIdentity } from '@grenier/crypto'
import type { MemberRow } from './history-query.ts'

/** Those who came, those who went, then those whose role changed; an identity that came or went with devices of its own is not named apart. */
export function membersTouched(sequence: number, spine: Spine, { header }: Entry): MemberRow[] {
  if (header.kind !== 'member') return []
  const { part } = header
  // New words: the same person still.
  if (part.action === 'renew') return []
  const isIn = ({ since }: SpineDevice | SpineIdentity): boolean => since === sequence
  const isOut = ({ until }: SpineDevice | SpineIdentity): boolean => until === sequence
  const joined = touched(spine, 'joined', isIn)
  const left = touched(spine, 'left', isOut)
  if (part.action !== 'role') return [...joined, ...left]
  const member = toHex(part.member)
  return touched(spine, 'role', ({ keys }) => toHex(keys.sign) === member)
}

function touched(
  { devices, identities }: Spine,
  did: MemberRow['did'],
  isMeant: (member: SpineDevice | SpineIdentity) => boolean,
): MemberRow[] {
  const own = [...devices.values()].filter(isMeant)
  const hasDevice = (id: string): boolean =>
    own.some(({ identity }) => identity !== undefined && toHex(identity) === id)
  const alone = [...identities.entries()].filter(([id, identity]) => isMeant(identity) && !hasDevice(id))
  return [
    ...own.map(({ keys, role }) => ({ did, kind: 'device' as const, id: toHex(keys.sign), role })),
    ...alone.map(([id, { role }]) => ({ did, kind: 'identity' as const, id, role })),
  ]
}
