// Who may do what in a vault, as its spine says now. Every request asks here again: a right may have ended since the last one.
import { identityRoleOf, roleOf, toHex, type Role, type SigningKey, type Spine } from '@grenier/crypto/verify'
import type { Actor } from './relay-parts.ts'

/** A role, or `joiner`: the holder of an open invitation, who reads and appends one `accept`. */
export type Right = Role | 'joiner'

/** The right of a key in a vault at the relay's time `now`, ms; undefined for strangers and for those who had one. */
export function rightOf(spine: Spine, actor: Actor, now: number): Right | undefined {
  switch (actor.kind) {
    case 'device':
      return roleOf(spine, actor.key)
    case 'identity':
      return identityRoleOf(spine, actor.key)
    case 'one-time': {
      const invite = spine.invites.get(toHex(actor.key))
      return invite !== undefined && invite.expiresAt > now ? 'joiner' : undefined
    }
  }
}

/** Whether this right lets one send packs. */
export function mayPut(right: Right): boolean {
  return right === 'owner' || right === 'writer'
}

/** All keys that may read a vault, for the store's index of vaults by key: devices, identities, open invitations. */
export function readersOf(spine: Spine): SigningKey[] {
  const members = [...spine.devices.values(), ...spine.identities.values()]
  const present = members.filter(({ until }) => until === undefined).map(({ keys }) => keys.sign)
  const invited = [...spine.invites.values()].map(({ keys }) => keys.sign)
  return [...present, ...invited]
}
