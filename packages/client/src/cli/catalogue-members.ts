// What the catalogue has about members: invitations, who is in a vault, and what an owner does about it.
import type { MemberRefusal } from '../engine/members.ts'
import type { Advice, Text } from './catalogue-text.ts'

type Plain = Text
type Named = Text<{ name: string }>

/** A member device, as a line: every value is a text. `inviter`: undefined for the first device; `at`: undefined where it is not known. */
interface DeviceWords {
  readonly name: string
  readonly role: string
  readonly at: string | undefined
  readonly inviter: string | undefined
  readonly id: string
  readonly identity: string | undefined
  readonly isThis: boolean
}

/** Messages about members, the same names in each language. */
export interface MembersCatalogue {
  joinHistory: Plain
  inviteCode: Plain
  inviteWords: Plain
  inviteQr: Plain
  inviteUntil: Text<{ role: string; until: string }>
  /** `by`, `when`: undefined where they are not known. */
  errorDeviceRevoked: Text<{ by: string | undefined; when: string | undefined }>
  /** Who took it out, where that was no device but somebody's words. */
  byIdentity: Text<{ id: string }>
  hintDeviceRevoked: Plain
  /** A text that is no invitation code: `codeNone` at all, or words of which there are not twelve, or of which one is wrong. */
  codeNone: Plain
  codeCount: Text<{ count: number }>
  codeMistyped: Plain
  hintCodeMistyped: Plain
  errorWithdrawn: Plain
  hintWithdrawn: Plain
  errorRejoin: Plain
  hintRejoin: Plain
  /** Why a change of members is not made. */
  memberRefused: Readonly<Record<MemberRefusal, Advice>>
  stateRevoked: Plain
  devicesHead: Text<{ count: number; role: string }>
  deviceLine: Text<DeviceWords>
  deviceNameless: Plain
  identitiesHead: Plain
  identityLine: Text<{ id: string; role: string; madeVault: boolean; held: readonly string[] }>
  invitationsHead: Text<{ count: number }>
  invitationLine: Text<{ id: string; role: string; until: string; inviter: string }>
  devicesStale: Plain
  askRevoke: Text<{ name: string; id: string; others: readonly string[] }>
  revokeDone: Text<{ revoked: readonly string[]; voided: number }>
  revokeKeeps: Plain
  /** `verb`, `rest`: of the command that is about the identity, before and after the folder. */
  identityStays: Text<{ id: string; role: string; verb: string; rest: string }>
  makerStays: Text<{ id: string }>
  roleDone: Text<{ name: string; role: string }>
  roleReads: Named
  roleVoided: Text<{ voided: number }>
  cancelDone: Text<{ id: string }>
  roleOwner: Plain
  roleWriter: Plain
  roleReader: Plain
  helpInvite: Plain
  helpInviteRole: Plain
  helpInviteExpires: Plain
  helpInviteQr: Plain
  helpInviteCancel: Plain
  helpDevices: Plain
  helpRevoke: Plain
  helpRole: Plain
}
