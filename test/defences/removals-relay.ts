// Defences of keys, packs and what leaves a client, against the relay.
import type { Edit, Removal } from './attack.ts'

const crypto = 'packages/crypto/src'
const client = 'packages/client/src'

const chunkId: Edit = {
  file: `${client}/content/work.ts`,
  find: 'if (plain === undefined || !equal(chunkIdOf(keys.chunkIdKey, plain), chunk.id)) return undefined\n',
  replace: 'if (plain === undefined) return undefined\n',
}
const commitment: Edit = {
  file: `${crypto}/committed-key.ts`,
  find: '  if (found.length === commitmentBytes && sodium.memcmp(derived.commitment, found)) return\n',
  replace: '  if (found.length === commitmentBytes) return\n',
}
const tag: Edit = {
  file: `${crypto}/aead-node.ts`,
  find: '    } catch {\n      return false\n    }\n',
  replace: '    } catch {\n      plain.set(unchecked)\n      return true\n    }\n',
}
const counter: Edit = {
  file: `${crypto}/container.ts`,
  find: 'nonce.byteOffset).writeUIntBE(cell, 5, 6)',
  replace: 'nonce.byteOffset).writeUIntBE(cell * 0, 5, 6)',
}
const packName: Edit = {
  file: `${client}/content/bring.ts`,
  find: "  if (!equal(packIdOf(whole), run.pack)) return () => 'corrupt'\n",
  replace: '',
}

export const relayRemovals: readonly Removal[] = [
  {
    attacks: [2],
    gone: 'the MAC under the secret of the code',
    edits: [
      {
        file: `${crypto}/invitation.ts`,
        find: 'const same = equal(mac, invite.mac) && equal(',
        replace: 'const same = mac.length > 0 && equal(',
      },
    ],
  },
  {
    attacks: [1],
    gone: 'what a seal is bound to: vault, epoch, and what the recipient is',
    edits: [
      {
        file: `${crypto}/kem-seal.ts`,
        find: '    Uint8Array.of(kindBytes[bound.kind]),\n    bound.binding,\n    u64Bytes(bound.epoch),\n',
        replace: '',
      },
    ],
    tests: [`${crypto}/kem-seal.test.ts`],
  },
  {
    attacks: [2],
    gone: 'that the device which joins signs too',
    edits: [
      {
        file: `${crypto}/spine-member.ts`,
        find: "  verifySignature(part.device.sign, part.signature, 'grenier/v1/accept', vault, previous, partDigest(part))\n",
        replace: '',
      },
    ],
    tests: [`${crypto}/spine.test.ts`],
  },
  {
    attacks: [3],
    gone: 'the tag of each cell, and the chunk ids (either alone is enough)',
    edits: [tag, chunkId],
  },
  {
    attacks: [3],
    gone: 'that a pack is known by its name to be the relay’s doing, and not a member’s',
    edits: [packName],
  },
  {
    attacks: [3],
    gone: 'the name of a pack, for payloads',
    edits: [
      {
        file: `${client}/log/payload-reader.ts`,
        find: 'if (!equal(packIdOf(bytes), claim.id)) {',
        replace: 'if (bytes.length === 0) {',
      },
    ],
  },
  {
    attacks: [4],
    gone: 'the number in the nonce of a cell, and the chunk ids (either alone is enough)',
    edits: [counter, chunkId],
  },
  {
    attacks: [9],
    gone: 'that a box which does not open fails as all else does',
    edits: [
      {
        file: `${crypto}/kem-seal.ts`,
        find: '  if (plain === undefined) throw sealBroken()\n',
        replace: "  if (plain === undefined) throw new CryptoError('malformed', 'the box does not open')\n",
      },
    ],
  },
  { attacks: [10], gone: 'the commitment to one key', edits: [commitment] },
  {
    attacks: [11],
    gone: 'the fresh salt of each pack',
    edits: [
      {
        file: `${client}/content/pack-writer.ts`,
        find: '    const salt = random.bytes(32)\n',
        replace: '    const salt = random.bytes(32).fill(0)\n',
      },
    ],
  },
  {
    attacks: [11],
    gone: 'the fresh salt of each payload',
    edits: [
      {
        file: `${crypto}/payload.ts`,
        find: 'random.bytes(saltBytes)',
        replace: 'random.bytes(saltBytes).fill(0)',
      },
    ],
  },
  {
    attacks: [12],
    gone: 'Padmé: a pack is as long as what is in it',
    edits: [
      {
        file: `${crypto}/sizes.ts`,
        find: 'nextReachable(Math.max(packBytesMin, padme(storedBytesFor(plainBytes))), padmeGranule)',
        replace: 'nextReachable(Math.max(packBytesMin, storedBytesFor(plainBytes)), () => 1)',
      },
      {
        file: `${crypto}/sizes.ts`,
        find: 'export function isAllowedPackSize(storedBytes: number): boolean {\n',
        replace:
          'export function isAllowedPackSize(storedBytes: number): boolean {\n  if (storedBytes > 0) return true\n',
      },
    ],
  },
  {
    attacks: [12],
    gone: 'that the last pack of a run is as coarse as the run is long',
    edits: [
      {
        file: `${client}/content/pack-writer.ts`,
        find: '    const isAlone = this.#bulkBytes === 0\n',
        replace: '    const isAlone = this.#bulkBytes >= 0\n',
      },
    ],
  },
  {
    attacks: [13],
    gone: 'the vault’s key in the ids of chunks',
    edits: [
      {
        file: `${crypto}/chunk-id.ts`,
        find: 'chunkId(keyedHash(key, chunkIdLabel, plain))',
        replace: 'chunkId(keyedHash(new Uint8Array(key.length), chunkIdLabel, plain))',
      },
    ],
  },
  {
    attacks: [13],
    gone: 'the vault’s key in where files are cut',
    edits: [
      {
        file: `${client}/content/chunker.ts`,
        find: "const bytes = keyedHash(chunkerKey, 'grenier/v1/gear'",
        replace: "const bytes = keyedHash(new Uint8Array(chunkerKey.length), 'grenier/v1/gear'",
      },
    ],
  },
  {
    attacks: [14],
    gone: 'the cipher: what is sealed stays readable',
    edits: [
      {
        file: `${crypto}/aead-node.ts`,
        find: '    sealed.set(encrypted, 0)\n',
        replace: '    sealed.set(plain, 0)\n',
      },
      {
        file: `${crypto}/aead-node.ts`,
        find: '    const unchecked = decipher.update(sealed.subarray(0, sealed.length - tagBytes))\n    try {\n      decipher.final()\n    } catch {\n      return false\n    }\n',
        replace:
          '    decipher.update(sealed.subarray(0, sealed.length - tagBytes))\n    const unchecked = sealed.subarray(0, sealed.length - tagBytes)\n',
      },
    ],
  },
  {
    attacks: [16],
    gone: 'the audit’s look at what the relay holds',
    edits: [
      {
        file: `${client}/engine/audit.ts`,
        find: "    if (bytes === undefined) return 'lacking'\n",
        replace: "    if (bytes === undefined) return 'good'\n",
      },
    ],
    tests: ['test/healing/verify.test.ts'],
  },
  {
    attacks: [16],
    gone: 'the audit’s comparison with the name of a pack, and with the chunks in it (either alone is enough)',
    edits: [
      {
        file: `${client}/engine/audit.ts`,
        find: "    if (!equal(packIdOf(bytes), id)) return 'wrong'\n",
        replace: "    if (bytes.length > 0) return 'good'\n",
      },
    ],
    tests: ['test/healing/verify.test.ts'],
  },
  {
    attacks: [16],
    gone: 'that a head which the device had acknowledged is missed',
    edits: [
      {
        file: `${client}/log/vault-log.ts`,
        find: "    if (head.sequence < known.sequence) return 'older'\n",
        replace: "    if (head.sequence < known.sequence) return 'same'\n",
      },
    ],
  },
  {
    attacks: [17],
    gone: 'the new key of the epoch that a revocation opens',
    edits: [
      {
        file: `${crypto}/spine-build.ts`,
        find: '  const key = random.bytes(32)\n',
        replace: '  const key = keyInForce(on).slice()\n',
      },
    ],
  },
  {
    attacks: [17],
    gone: 'that a payload is of the epoch in force',
    edits: [
      {
        file: `${crypto}/log-state.ts`,
        find: "  if (payload.length > 0 && containerEpoch(payload, 'payload') !== number)\n",
        replace: "  if (payload.length > 0 && containerEpoch(payload, 'payload') > number)\n",
      },
    ],
  },
  {
    attacks: [17],
    gone: 'that an added pack is of the epoch in force',
    edits: [
      {
        file: `${crypto}/log-state.ts`,
        find: 'if (header.added.some(({ epoch }) => epoch !== number)) wrong(',
        replace: 'if (header.added.some(({ epoch }) => epoch > number)) wrong(',
      },
    ],
  },
  {
    attacks: [17],
    gone: 'that a revocation voids open invitations',
    edits: [
      {
        file: `${crypto}/spine-draft.ts`,
        find: '  for (const hex of draft.invites.keys()) draft.seals.delete(hex)\n  if (draft.invites.size > 0) draft.rekeyDue = true\n  draft.invites.clear()\n',
        replace: '  if (draft.invites.size > 0) draft.rekeyDue = true\n',
      },
      {
        file: `${crypto}/spine-build-member.ts`,
        find: "  return recipients.filter(({ kind }) => kind !== 'invite')\n",
        replace: '  return [...recipients]\n',
      },
    ],
  },
  {
    attacks: [18],
    gone: 'the relay’s nonce under the signature of a login',
    edits: [
      {
        file: 'packages/protocol/src/login.ts',
        find: '  out.set(facts.relayNonce, at)\n',
        replace: '',
      },
    ],
  },
  {
    attacks: [18],
    gone: 'the relay’s address under the signature of a login',
    edits: [
      {
        file: 'packages/protocol/src/login.ts',
        find: '  const origin = new TextEncoder().encode(facts.origin)\n',
        replace: "  const origin = new TextEncoder().encode(facts.origin.replace(/./g, '-'))\n",
      },
    ],
  },
  {
    attacks: [18],
    gone: 'that a challenge ends after half a minute',
    edits: [
      {
        file: 'packages/relay/src/session/session.ts',
        find: "    this.#stranger = clock.after(limits.loginMs, () => this.#cut('did not log in'))\n",
        replace: '    this.#stranger = clock.after(limits.loginMs, () => undefined)\n',
      },
      {
        file: 'packages/relay/src/session/session.ts',
        find: '    this.#watchSilence(limits.silenceMs)\n',
        replace: '',
      },
    ],
  },
  {
    attacks: [19],
    gone: 'the lattice half of the key exchange: X25519 alone',
    edits: [
      {
        file: `${crypto}/kem-seal.ts`,
        find: '    return sodium.crypto_kem_xwing_enc_deterministic(to.recipient, seed)\n',
        replace: `    const own = seed.subarray(0, 32)
    const ciphertext = concat([new Uint8Array(1088), sodium.crypto_scalarmult_base(own)])
    return { ciphertext, sharedSecret: sodium.crypto_scalarmult(own, to.recipient.subarray(1184)) }
`,
      },
    ],
  },
  {
    attacks: [20],
    gone: 'that what an older relay lost is put back',
    edits: [
      {
        file: `${client}/engine/receiver.ts`,
        find: "if (heal === undefined || error.code !== 'relay-rollback' ||",
        replace: "if (heal === undefined || error.code === 'relay-rollback' ||",
      },
    ],
  },
  {
    attacks: [21],
    gone: 'that the certificate in a genesis is signed by its identity',
    edits: [
      {
        file: `${crypto}/spine-genesis.ts`,
        find: '  verifyCertificate(certificate)\n',
        replace: '',
      },
    ],
  },
  {
    attacks: [21],
    gone: 'that a vault which is not the identity’s is refused',
    edits: [
      {
        file: `${client}/engine/recovery-sight.ts`,
        find: "  if (known === undefined) return 'planted'\n",
        replace: '  if (known === undefined) return undefined\n',
      },
    ],
  },
  {
    attacks: [21],
    gone: 'that a vault which others list, and the relay does not show, is named',
    edits: [
      {
        file: `${client}/engine/recovery-sight.ts`,
        find: '    if (!shown.has(id)) found.set(id, { id, name, relay: at })\n',
        replace: '    if (shown.size === 0) found.set(id, { id, name, relay: at })\n',
      },
    ],
  },
]
