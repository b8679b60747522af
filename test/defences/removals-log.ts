// Defences of the log, as every device and the relay judge it.
import type { Edit, Removal } from './attack.ts'

const crypto = 'packages/crypto/src'
const client = 'packages/client/src'

const signature: Edit = {
  file: `${crypto}/log-state.ts`,
  find: '  requireRight(state.spine, header)\n  verifyEntrySignature(entry)\n',
  replace: '  requireRight(state.spine, header)\n',
}
const previous: Edit = {
  file: `${crypto}/log-state.ts`,
  find: "  if (!equal(header.previous, head.hash)) throw chainBroken('the previous hash is another', header.sequence)\n",
  replace: '',
}
const sequence: Edit = {
  file: `${crypto}/log-state.ts`,
  find: '  if (header.sequence !== head.sequence + 1)\n    throw chainBroken',
  replace: '  if (header.sequence < 0)\n    throw chainBroken',
}
const retired: Edit = {
  file: `${crypto}/log-state.ts`,
  find: 'if (retired !== undefined && (spine.prune === undefined || retired > spine.prune.through))',
  replace: 'if (retired !== undefined && retired < 0 && spine.prune === undefined)',
}
const spineHash: Edit = {
  file: `${crypto}/log-state.ts`,
  find: "  if (!equal(header.spine, spine.head)) throw chainBroken('the spine hash is another', header.sequence)\n",
  replace: '',
}
/** Payloads and packs alike. */
const epochInForce: readonly Edit[] = [
  {
    file: `${crypto}/log-state.ts`,
    find: "  if (payload.length > 0 && containerEpoch(payload, 'payload') !== number)\n",
    replace: "  if (payload.length > 0 && containerEpoch(payload, 'payload') < 0)\n",
  },
  {
    file: `${crypto}/log-state.ts`,
    find: 'if (header.added.some(({ epoch }) => epoch !== number)) wrong(',
    replace: 'if (header.added.some(({ epoch }) => epoch < 0)) wrong(',
  },
]
const right: Edit = {
  file: `${crypto}/log-state.ts`,
  find: '  requireRight(state.spine, header)\n  verify',
  replace: '  verify',
}
const vaultId: Edit = {
  file: `${client}/log/vault-log.ts`,
  find: '    if (!equal(state.vault, this.vault)) throw contradiction',
  replace: '    if (sequence < 0) throw contradiction',
}
const genesisAnchor: Edit = {
  file: `${client}/log/vault-log.ts`,
  find: 'if (known?.sequence === head.sequence && !equal(known.hash, head.hash))',
  replace:
    'if (known !== undefined && head.sequence !== 0 && known.sequence === head.sequence && !equal(known.hash, head.hash))',
}

export const logRemovals: readonly Removal[] = [
  { attacks: [1], gone: 'the signature of entries', edits: [signature] },
  {
    attacks: [1],
    gone: 'that a vault id is the hash of the genesis, in the log and where the head is remembered (either alone is enough)',
    edits: [vaultId, genesisAnchor],
  },
  { attacks: [3], gone: 'the signature of entries', edits: [signature] },
  {
    attacks: [4],
    gone: 'the previous hash and the sequence in each entry (either alone is enough against one that is left out)',
    edits: [previous, sequence],
  },
  { attacks: [5], gone: 'the signature over header and payload', edits: [signature] },
  { attacks: [6], gone: 'the signature of entries', edits: [signature] },
  { attacks: [6, 22, 25], gone: 'that the signer has the right at that place', edits: [right] },
  { attacks: [32], gone: 'that only an owner’s entry leads elsewhere', edits: [right] },
  {
    attacks: [32],
    gone: 'that nothing behind the entry that leads away is taken from the relay that was left',
    edits: [
      {
        file: `${client}/engine/receiver.ts`,
        find: '    if (goesTo === undefined) return\n    this.#pushed.clear()',
        replace: '    if (goesTo === undefined || this.#count >= 0) return\n    this.#pushed.clear()',
      },
    ],
  },
  {
    attacks: [32],
    gone: 'that who takes a vault further is an owner where it was taken, too',
    edits: [
      {
        file: `${client}/engine/going-on.ts`,
        find: "      return last !== undefined && roleOf(last.state.spine, signer) !== 'owner'\n",
        replace: '      return false\n',
      },
    ],
  },
  {
    attacks: [32],
    gone: 'that who goes on at a mirror, on another branch, is an owner by the log that the device knows',
    edits: [
      {
        file: `${client}/engine/promotion.ts`,
        find: "roleOf(log.state.spine, found.entry.header.device) === 'owner'",
        replace: 'true',
      },
    ],
  },
  {
    attacks: [32],
    gone: 'that an entry takes a vault on only at the mirror that it names',
    edits: [
      {
        file: `${client}/engine/promotion.ts`,
        find: 'if (sameRelay(leads, relay)) found = { entry, to: leads }',
        replace: "if (leads !== '') found = { entry, to: relay }",
      },
    ],
  },
  {
    attacks: [6],
    gone: 'that an invitation is used once',
    edits: [
      {
        file: `${crypto}/spine-member.ts`,
        find: '  draft.invites.delete(toHex(signer))\n  draft.seals.delete(toHex(signer))\n',
        replace: '',
      },
    ],
  },
  { attacks: [7], gone: 'the previous hash in each entry', edits: [previous] },
  {
    attacks: [7, 20],
    gone: 'that a shorter log than the one seen before is recognised',
    edits: [
      {
        file: `${client}/log/vault-log.ts`,
        find: "    if (head.sequence < known.sequence) return 'older'\n",
        replace: "    if (head.sequence < known.sequence) return 'same'\n",
      },
    ],
  },
  {
    attacks: [7],
    gone: 'that another last entry of the same length is recognised',
    edits: [
      {
        file: `${client}/log/vault-log.ts`,
        find: "    if (equal(head.hash, known.hash)) return head.sequence < this.nextSequence ? 'same' : 'longer'\n",
        replace:
          "    if (head.hash.length > 0) return head.sequence < this.nextSequence ? 'same' : 'longer'\n",
      },
    ],
  },
  {
    attacks: [7],
    gone: 'that a shorter log with another last entry is no older one',
    edits: [
      {
        file: `${client}/log/vault-log.ts`,
        find: 'const isOther = last !== undefined && kept !== undefined && (came',
        replace: 'const isOther = last === undefined && kept !== undefined && (came',
      },
      {
        file: `${client}/engine/healing.ts`,
        find: '    if (head !== undefined && !equal(await this.#hashAt(head.sequence), head.hash)) throw fault\n',
        replace: '',
      },
    ],
  },
  {
    attacks: [7],
    gone: 'the spine hash in each entry, that only a prune retires, and that what is added is of the epoch in force (each alone is enough)',
    edits: [spineHash, retired, ...epochInForce],
  },
  {
    attacks: [7],
    gone: 'that the head which the relay states is in its log',
    edits: [
      {
        file: `${client}/log/vault-log.ts`,
        find: '    const place = judged?.state.head ?? this.state.head\n',
        replace:
          '    const place = judged?.state.head ?? this.state.head\n    if (place.sequence >= 0) return\n',
      },
    ],
  },
  {
    attacks: [7],
    gone: 'that who joined remembers where',
    edits: [
      {
        file: `${client}/log/log-anchor.ts`,
        find: '  return bytes === undefined ? { sequence: 0',
        replace: '  return bytes === undefined || bytes.length > 0 ? { sequence: 0',
      },
    ],
  },
  {
    attacks: [7],
    gone: 'that a join which was cut off is held to the log that it saw',
    edits: [
      {
        file: `${client}/engine/folder-join.ts`,
        find: '    log.assertReaches()\n    if (isIn)',
        replace: '    if (isIn)',
      },
    ],
    tests: ['test/folder/joining.test.ts'],
  },
  {
    attacks: [8],
    gone: 'that what is not known asks for an update only where a member signed it',
    edits: [
      {
        file: `${client}/log/log-fault.ts`,
        find: 'if (isUnknown && at.isAuthentic?.() !== false) {',
        replace: 'if (isUnknown) {',
      },
    ],
  },
  {
    attacks: [8],
    gone: 'that a field which is not known is refused',
    edits: [
      {
        file: `${crypto}/fields.ts`,
        find: 'if (!keys.includes(key))',
        replace: "if (!keys.includes(key) && key === '')",
      },
    ],
  },
  { attacks: [22], gone: 'that only a prune retires entries', edits: [retired] },
  {
    attacks: [22],
    gone: 'that each attempt at an invitation draws a fresh secret',
    edits: [
      {
        file: `${crypto}/spine-build-invite.ts`,
        find: '  const secret = random.bytes(invitationSecretBytes)\n',
        replace: '  const secret = new Uint8Array(invitationSecretBytes)\n',
      },
    ],
  },
  {
    attacks: [22],
    gone: 'that a checkpoint is compared with what one folded oneself',
    edits: [
      {
        file: `${client}/engine/receiver.ts`,
        find: "    if (agrees === false) this.#warn(entry, 'state-differs')\n",
        replace: '',
      },
    ],
    tests: ['test/engine/checkpoint.test.ts'],
  },
]
