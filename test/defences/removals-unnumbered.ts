// Defences against what docs/THREATS.md lists without a number: each names the tests that must notice.
import type { Removal } from './attack.ts'

const crypto = 'packages/crypto/src'
const client = 'packages/client/src'
const relay = 'packages/relay/src'

export const unnumberedRemovals: readonly Removal[] = [
  {
    attacks: [],
    gone: 'that words which take the place of others sign too',
    edits: [
      {
        file: 'packages/crypto/src/spine-member.ts',
        find: "  verifySignature(keys.sign, signature, 'grenier/v1/renew', vault, previous, partDigest(part))\n",
        replace: '',
      },
    ],
    tests: ['packages/crypto/src/spine.test.ts'],
  },
  {
    attacks: [],
    gone: 'the pin: that a relay has the key which its address names',
    edits: [
      {
        file: `${client}/relay/dial-websocket.ts`,
        find: "return key !== undefined && createHash('sha256').update(key).digest().equals(pin)",
        replace: 'return key !== undefined && pin.length > 0',
      },
    ],
    tests: ['test/tls-pin.test.ts'],
  },
  {
    attacks: [],
    gone: 'that a mirror with another history is left alone',
    edits: [
      {
        file: `${client}/engine/mirror-copy.ts`,
        find: 'if (await isTheSame({ vault, from }, session, last)) return head.sequence',
        replace: 'if ((await isTheSame({ vault, from }, session, last)) || last >= 0) return head.sequence',
      },
    ],
    tests: ['test/engine/mirror.test.ts'],
  },
  {
    attacks: [],
    gone: 'that what is put back without its packs has the word of an owner',
    edits: [
      {
        file: `${relay}/core/append.ts`,
        find: "right === 'owner' || isSigned || request.isVouchedFor === true ? 'lost' : 'refuse'",
        replace: "right !== undefined || isSigned || request.isVouchedFor === true ? 'lost' : 'refuse'",
      },
    ],
    tests: ['packages/relay/src/session/vouch.test.ts'],
  },
  {
    attacks: [],
    gone: 'that the entry which vouches for others is an owner’s',
    edits: [
      {
        file: `${relay}/session/vouch.ts`,
        find: "  if (!isOwners(spine, header.device)) throw new RelayError('no-right', 'no owner signed this')\n",
        replace: '',
      },
    ],
    tests: ['packages/relay/src/session/vouch.test.ts'],
  },
  {
    attacks: [],
    gone: 'that the entry which vouches for others stands behind them',
    edits: [
      {
        file: `${relay}/session/vouch.ts`,
        find: '  if (!equal(header.previous, hash)) throw unchained()\n',
        replace: '',
      },
    ],
    tests: ['packages/relay/src/session/vouch.test.ts'],
  },
  {
    attacks: [],
    gone: 'that a wish to delete a vault is an owner’s',
    edits: [
      {
        file: `${relay}/session/delete-vault.ts`,
        find: "  if ((await rightIn(asking, vault, request.wish)) !== 'owner')\n",
        replace: '  if ((await rightIn(asking, vault, request.wish)) === undefined)\n',
      },
    ],
    tests: ['packages/relay/src/session/delete-vault.test.ts'],
  },
  {
    attacks: [],
    gone: 'that a wish to delete a vault lapses when its signer is taken out',
    edits: [
      {
        file: `${relay}/core/deleted-vaults.ts`,
        find: "if (rightOf(live.state.spine, signer, now) !== 'owner') await deletions.lapse",
        replace: "if (rightOf(live.state.spine, signer, now) === 'reader') await deletions.lapse",
      },
    ],
    tests: ['test/healing/deleted.test.ts', 'packages/relay/src/session/delete-vault.test.ts'],
  },
  {
    attacks: [],
    gone: 'that a key to which nobody can seal keeps no epoch from being opened',
    edits: [
      {
        file: `${crypto}/kem-seal.ts`,
        find: '  } catch {\n    return undefined\n  } finally {\n    sodium.memzero(seed)',
        replace: '  } finally {\n    sodium.memzero(seed)',
      },
    ],
    tests: ['packages/crypto/src/kem-seal.test.ts'],
  },
  {
    attacks: [],
    gone: 'that patterns which take for ever are left out of `.grenierignore`',
    edits: [
      {
        file: `${client}/disk/ignore.ts`,
        find: '    if (line.length > patternLengthMax || stars > patternStarsMax) return false\n',
        replace: '    if (line.length >= 0) return true\n',
      },
    ],
    tests: ['packages/client/src/disk/ignore.test.ts'],
  },
  {
    attacks: [],
    gone: 'that final deletions stop when the clock jumps',
    edits: [
      {
        file: `${relay}/core/deletion-hold.ts`,
        find: 'if (Math.abs(jumpMs) > clockJumpMs) this.#held = true',
        replace: 'if (Math.abs(jumpMs) < 0) this.#held = true',
      },
    ],
    tests: ['packages/relay/src/core/sweep.test.ts'],
  },
  {
    attacks: [],
    gone: 'that a passphrase is stretched neither weakly nor beyond the machine',
    edits: [
      {
        file: `${crypto}/sealed-device.ts`,
        find: "  if (by === 'passphrase') checkCost(costOf(bytes))\n",
        replace: '',
      },
    ],
    tests: ['packages/crypto/src/sealed-device.test.ts', `${client}/home/device-key.test.ts`],
  },
]
