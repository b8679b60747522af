// The catalogue in English: what is about members.
import type { MembersCatalogue } from './catalogue-members.ts'
import { englishForm as some } from './plurals.ts'

export const englishMembers: MembersCatalogue = {
  joinHistory: () => 'Who joins can read the retained history of the vault, too.',
  inviteCode: () => 'Give this code to one person, by a way you trust. It works once.',
  inviteWords: () => 'The same to read out: the relay’s address and these twelve words',
  inviteQr: () => 'The same to scan:',
  inviteUntil: ({ role, until }) => `It gives the role of ${role}, and expires ${until}.`,

  errorDeviceRevoked: ({ by, when }) =>
    `this device was taken out of the vault${when === undefined ? '' : ` on ${when}`}${by === undefined ? '' : `, by ${by}`}`,
  byIdentity: ({ id }) => `somebody’s 24 words (identity ${id})`,
  codeNone: () => 'this is no invitation code: nothing was asked of any relay',
  codeCount: ({ count }) =>
    `twelve words are needed after the address of the relay, and there ${count === 1 ? 'is' : 'are'} ${count}: nothing was asked of any relay`,
  codeMistyped: () =>
    'one of the twelve words is mistyped, or they are not in their order: nothing was asked of any relay',
  hintCodeMistyped: () =>
    'the whole code is one argument: wss://HOST#invite=…, or in quotes the address and twelve words; `-` reads it from standard input. It is as good as before',
  hintDeviceRevoked: () =>
    'its files stay as they are, and nothing is synced any more. Was it a mistake? An owner can invite this machine again: `grenier forget FOLDER`, then `grenier join CODE FOLDER --home OTHER_DIR`',
  errorWithdrawn: () =>
    'the relay says that your identity withdrew this device from its account. That is the relay’s word alone: no signed entry of this vault says so',
  hintWithdrawn: () =>
    'the files stay as they are. Ask on another device (`grenier devices FOLDER`) whether this one was given up; if nobody did that, ask the hoster',
  errorRejoin: () => 'this device was taken out of that vault before, and its keys are never let in again',
  hintRejoin: () =>
    'join as a new device, with keys of its own: `grenier join CODE FOLDER --home OTHER_DIR`; the code is still good',
  memberRefused: {
    'no-right': {
      error: () => 'only an owner may do that, and this device is none',
      hint: '`grenier devices FOLDER` shows the owners',
    },
    unknown: {
      error: () => 'no such member or open invitation, or not any more',
      hint: '`grenier devices FOLDER` lists them',
    },
    self: {
      error: () => 'a device cannot take itself out: who stays must make the new keys',
      hint: 'do it on another owner’s device; or `grenier forget FOLDER`, to stop syncing here',
    },
    genesis: {
      error: () => 'that identity made the vault: it stays an owner, and cannot be taken out',
      hint: 'its devices can, one by one',
    },
    'last-owner': {
      error: () => 'no device would be left that is an owner',
      hint: 'make another one an owner first: `grenier role FOLDER DEVICE owner`',
    },
    'same-role': { error: () => 'it has that role already' },
    'too-many': { error: () => 'the vault has as many members as it can hold' },
  },
  stateRevoked: () => 'taken out of the vault: nothing is synced any more',

  devicesHead: ({ count, role }) => `${count} ${some(count, 'device', 'devices')}; this one: ${role}`,
  deviceLine: ({ name, role, at, inviter, id, identity, isThis }) =>
    [
      `  ${name}${isThis ? ' (this device)' : ''}: ${role}${at === undefined ? '' : `, since ${at}`}`,
      ...(inviter === undefined ? [] : [`invited by ${inviter}`]),
      `id ${id}`,
      ...(identity === undefined ? [] : [`of identity ${identity}`]),
    ].join(', '),
  deviceNameless: () => '(no name)',
  identitiesHead: () => 'identities (the 24 words of a person)',
  identityLine: ({ id, role, madeVault, held }) =>
    `  ${id}: ${role}${madeVault ? ', made the vault' : ''}, ${held.length === 0 ? 'no device here' : held.join(', ')}`,
  invitationsHead: ({ count }) => `${count} open ${some(count, 'invitation', 'invitations')}`,
  invitationLine: ({ id, role, until, inviter }) =>
    `  ${id}: role ${role}, until ${until}, made by ${inviter} (\`grenier invite FOLDER --cancel ${id}\`)`,
  devicesStale: () => 'The relay cannot be reached: this is what this device last knew.',
  askRevoke: ({ name, id, others }) =>
    `Take ${name} (id ${id})${others.length === 0 ? '' : `, and with it ${others.join(', ')},`} out of the vault for good? [y/N]`,
  revokeDone: ({ revoked, voided }) =>
    `${revoked.join(', ')}: out of the vault. The keys are new${voided === 0 ? '' : `; ${voided} open ${some(voided, 'invitation is', 'invitations are')} void`}.`,
  revokeKeeps: () =>
    'What was synced there before stays there; nothing that is committed from now on can be read with its keys.',
  identityStays: ({ id, role, verb, rest }) =>
    `The person’s identity ${id} stays in the vault as ${role}: a device that its 24 words bring in has that role. If the person is meant as well: \`grenier ${verb} FOLDER ${rest}\``,
  makerStays: ({ id }) =>
    `The identity ${id} made the vault: it stays an owner, and a device that its 24 words bring in is one.`,
  roleDone: ({ name, role }) => `${name}: ${role} from now on.`,
  roleReads: ({ name }) => `${name} can still read everything: only \`grenier revoke\` ends that.`,
  roleVoided: ({ voided }) => `${voided} open ${some(voided, 'invitation is', 'invitations are')} void.`,
  cancelDone: ({ id }) => `The invitation ${id} works no more.`,
  roleOwner: () => 'owner',
  roleWriter: () => 'writer',
  roleReader: () => 'reader',

  helpInvite: () => 'print a code with which one more device joins',
  helpInviteRole: () => 'owner, writer or reader; writer if not given',
  helpInviteExpires: () => 'how long the code works: 30m, 7d…; 24h if not given',
  helpInviteQr: () => 'show the code as a QR code, too',
  helpInviteCancel: () => 'take back an open invitation, by its id in `grenier devices FOLDER`',
  helpDevices: () => 'who is in a vault: devices, identities, open invitations',
  helpRevoke: () => 'take a device (or an identity with all its devices) out of a vault, and change the keys',
  helpRole: () => 'give a device or an identity another role: owner, writer or reader',
}
