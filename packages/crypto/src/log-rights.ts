// Who may sign what: devices by role, identities for members only, one-time keys for their accept. Judged from the spine before the entry.
import { equal, toHex } from './bytes.ts'
import { CryptoError } from './errors.ts'
import type { LinkedHeader, MemberHeader } from './header.ts'
import { compareRoles, identityRoleOf, roleOf, type Spine } from './spine.ts'

/** @throws CryptoError `no-right` unless the signer may sign an entry of this kind here */
export function requireRight(spine: Spine, header: LinkedHeader): void {
  if (!mayDo(spine, header))
    throw new CryptoError('no-right', `the signer has no right to a ${header.kind} here`, {
      data: { sequence: header.sequence, signer: toHex(header.device) },
    })
}

function mayDo(spine: Spine, header: LinkedHeader): boolean {
  const role = roleOf(spine, header.device)
  switch (header.kind) {
    case 'change':
    case 'checkpoint':
      return role !== undefined && compareRoles(role, 'writer') >= 0
    case 'config':
    case 'prune':
    case 'drop':
      return role === 'owner'
    case 'member':
      return mayChangeMembers(spine, header)
  }
}

/** Members are the business of owners' devices and of the genesis identity; the rest is what one may do about oneself alone. */
function mayChangeMembers(spine: Spine, { part, device }: MemberHeader): boolean {
  switch (part.action) {
    case 'accept':
      return spine.invites.has(toHex(device))
    case 'recover':
    case 'renew':
      return identityRoleOf(spine, device) !== undefined
    case 'invite':
    case 'cancel':
    case 'revoke':
    case 'role':
    case 'rekey':
      return roleOf(spine, device) === 'owner' || equal(device, spine.genesisIdentity)
  }
}
