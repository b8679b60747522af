// Entries that break a rule of the log or the spine, rightly formed and (unless that is the rule) rightly signed: each with the code that
// `advance` must answer. For frozen vectors and tests.
import { concat, entryHash, vaultId } from './bytes.ts'
import type { Entry } from './entry.ts'
import type { CryptoErrorCode } from './errors.ts'
import {
  accept,
  acceptWithIdentity,
  genesis,
  invite,
  prune,
  recover,
  renew,
  resigned,
  revoke,
} from './forged-entries.vectors.ts'
import type { ForgedWorld } from './forged-world.vectors.ts'
import { publicKeysOf } from './identity.ts'
import type { KeyPairs } from './sign.ts'
import { currentEpoch } from './spine.ts'

/** `first`: before any genesis; else after the world's log. */
export interface Violation {
  readonly name: string
  readonly code: CryptoErrorCode
  readonly first?: boolean
  readonly make: (world: ForgedWorld) => Entry
}

const change = { kind: 'change' } as const
const zeros = new Uint8Array(32)

const chain: readonly Violation[] = [
  {
    name: 'a sequence that skips',
    code: 'chain-broken',
    make: (w) => w.sign(w.laptop, { ...change, sequence: w.state.head.sequence + 2 }),
  },
  {
    name: 'a sequence that repeats',
    code: 'chain-broken',
    make: (w) => w.sign(w.laptop, { ...change, sequence: w.state.head.sequence }),
  },
  {
    name: 'another previous hash',
    code: 'chain-broken',
    make: (w) => w.sign(w.laptop, { ...change, previous: entryHash(zeros) }),
  },
  {
    name: 'another spine hash',
    code: 'chain-broken',
    make: (w) => w.sign(w.laptop, { ...change, spine: w.state.head.hash }),
  },
  {
    name: 'another vault',
    code: 'chain-broken',
    make: (w) => w.sign(w.laptop, { ...change, vault: vaultId(zeros) }),
  },
  {
    name: 'a time that goes back',
    code: 'chain-broken',
    make: (w) => w.sign(w.laptop, { ...change, at: w.state.head.at - 1 }),
  },
  { name: 'a genesis that is not first', code: 'chain-broken', make: (w) => w.log.steps[0]!.entry },
  {
    name: 'a log that starts without a genesis',
    code: 'chain-broken',
    first: true,
    make: (w) => w.sign(w.laptop, change),
  },
  {
    name: 'a signature by another key than the header names',
    code: 'signature-wrong',
    make: (w) => w.sign(w.desk, { ...change, device: w.laptop.sign.publicKey }),
  },
  {
    name: 'the payload of another entry',
    code: 'signature-wrong',
    make: (w) => resigned(w.sign(w.laptop, change), { payload: w.payload() }),
  },
  {
    name: 'the signature of another entry',
    code: 'signature-wrong',
    make: (w) => resigned(w.sign(w.laptop, change), { signature: w.log.steps[1]!.entry.signature }),
  },
]

const rekeyBy = (signer: (w: ForgedWorld) => KeyPairs) => (w: ForgedWorld) =>
  w.member(signer(w), { action: 'rekey', epoch: w.opening() })

const rights: readonly Violation[] = [
  { name: 'a change by a reader', code: 'no-right', make: (w) => w.sign(w.tablet, change) },
  { name: 'a change by a revoked device', code: 'no-right', make: (w) => w.sign(w.revoked, change) },
  { name: 'a change by a stranger', code: 'no-right', make: (w) => w.sign(w.device(), change) },
  {
    name: 'a change by the genesis identity',
    code: 'no-right',
    make: (w) => w.sign(w.alice.identity, change),
  },
  { name: 'a change by an open invitation', code: 'no-right', make: (w) => w.sign(w.open, change) },
  {
    name: 'a checkpoint by a reader',
    code: 'no-right',
    make: (w) => w.sign(w.tablet, { kind: 'checkpoint', part: { holds: 0 } }),
  },
  {
    name: 'a config by a writer',
    code: 'no-right',
    make: (w) => w.sign(w.desk, { kind: 'config', part: {} }),
  },
  {
    name: 'a config by the genesis identity',
    code: 'no-right',
    make: (w) => w.sign(w.alice.identity, { kind: 'config', part: {} }),
  },
  {
    name: 'a drop by a writer',
    code: 'no-right',
    make: (w) => w.sign(w.desk, { kind: 'drop', part: { packs: [w.claim().id] } }),
  },
  {
    name: 'a prune by a writer',
    code: 'no-right',
    make: (w) => prune(w, {}, w.desk),
  },
  { name: 'a rekey by a writer', code: 'no-right', make: rekeyBy((w) => w.desk) },
  {
    name: 'a rekey by an identity that is not of the genesis',
    code: 'no-right',
    make: rekeyBy((w) => w.bob.identity),
  },
  { name: 'a rekey by a revoked owner', code: 'no-right', make: rekeyBy((w) => w.revoked) },
  { name: 'an accept with a used invitation', code: 'no-right', make: (w) => accept(w, { by: w.used }) },
  {
    name: 'an accept with a cancelled invitation',
    code: 'no-right',
    make: (w) => accept(w, { by: w.cancelled }),
  },
  { name: 'an accept by an owner', code: 'no-right', make: (w) => accept(w, { by: w.laptop }) },
  {
    name: 'a recovery by an identity that is no member',
    code: 'no-right',
    make: (w) => recover(w, { by: w.stranger.identity }),
  },
  {
    name: 'a recovery by a device',
    code: 'no-right',
    make: (w) => recover(w, { by: w.laptop, identity: w.alice.identity }),
  },
  {
    name: 'a renewal by an identity that is no member',
    code: 'no-right',
    make: (w) => renew(w, { by: w.stranger.identity }),
  },
]

const epochs: readonly Violation[] = [
  {
    name: 'an epoch whose number stays',
    code: 'public-part-wrong',
    make: (w) => w.rekey({ number: currentEpoch(w.state.spine).number }),
  },
  {
    name: 'an epoch whose number rises too far',
    code: 'public-part-wrong',
    make: (w) => w.rekey({ number: 70_000 }),
  },
  {
    name: 'an epoch without the previous key',
    code: 'public-part-wrong',
    make: (w) => w.rekey({ earlier: [] }),
  },
  {
    name: 'an epoch with the key of one that never was',
    code: 'public-part-wrong',
    make: (w) => w.rekey({ earlier: [...w.opening().earlier, { epoch: 99, sealed: new Uint8Array(112) }] }),
  },
  {
    name: 'an epoch that leaves a member out',
    code: 'public-part-wrong',
    make: (w) => w.rekey({ seals: w.opening({ lost: [publicKeysOf(w.tablet)] }).seals }),
  },
  {
    name: 'an epoch that leaves an open invitation out',
    code: 'public-part-wrong',
    make: (w) => w.rekey({ seals: w.opening({ invites: false }).seals }),
  },
  {
    name: 'an epoch that is sealed to a revoked device too',
    code: 'public-part-wrong',
    make: (w) =>
      w.rekey({ seals: w.opening({ more: [{ kind: 'device', keys: publicKeysOf(w.revoked) }] }).seals }),
  },
  {
    name: 'an epoch that is sealed to a stranger instead of a member',
    code: 'public-part-wrong',
    make: (w) =>
      w.rekey({
        seals: w.opening({
          lost: [publicKeysOf(w.tablet)],
          more: [{ kind: 'device', keys: publicKeysOf(w.device()) }],
        }).seals,
      }),
  },
  {
    name: 'a payload of the epoch before',
    code: 'public-part-wrong',
    make: (w) =>
      w.sign(w.laptop, change, w.log.steps.find(({ name }) => name === 'accept: desk')!.entry.payload),
  },
  {
    name: 'a pack of the epoch before',
    code: 'public-part-wrong',
    make: (w) => w.sign(w.laptop, { ...change, added: [w.claim({ epoch: 0 })] }),
  },
  {
    name: 'a pack of an epoch to come',
    code: 'public-part-wrong',
    make: (w) => w.sign(w.laptop, { ...change, added: [w.claim({ epoch: 50 })] }),
  },
  {
    name: 'a restored pack of an epoch that never was',
    code: 'public-part-wrong',
    make: (w) => w.sign(w.laptop, { ...change, restored: [w.claim({ epoch: 50 })] }),
  },
  {
    name: 'a pack that is added twice',
    code: 'public-part-wrong',
    make: (w) => {
      const claim = w.claim()
      return w.sign(w.laptop, { ...change, added: [claim, claim] })
    },
  },
  {
    name: 'a pack that is added and restored',
    code: 'public-part-wrong',
    make: (w) => {
      const claim = w.claim()
      return w.sign(w.laptop, { ...change, added: [claim], restored: [claim] })
    },
  },
  {
    name: 'an entry that opens an epoch and adds a pack of the one before',
    code: 'public-part-wrong',
    make: (w) =>
      w.sign(w.laptop, { kind: 'member', part: { action: 'rekey', epoch: w.opening() }, added: [w.claim()] }),
  },
]

const invitations: readonly Violation[] = [
  {
    name: 'an invite of a key that is a member',
    code: 'public-part-wrong',
    make: (w) => invite(w, w.desk),
  },
  {
    name: 'an invite of a key that was revoked',
    code: 'public-part-wrong',
    make: (w) => invite(w, w.revoked),
  },
  { name: 'an invite of a key that is invited', code: 'public-part-wrong', make: (w) => invite(w, w.open) },
  {
    name: 'an accept that the new device did not sign',
    code: 'signature-wrong',
    make: (w) => accept(w, { signature: new Uint8Array(64) }),
  },
  {
    name: 'an accept for a device that is a member',
    code: 'public-part-wrong',
    make: (w) => accept(w, { device: w.tablet }),
  },
  {
    name: 'an accept for a device that was revoked',
    code: 'public-part-wrong',
    make: (w) => accept(w, { device: w.revoked }),
  },
  {
    name: 'an accept without a seal',
    code: 'public-part-wrong',
    make: (w) => accept(w, { part: { seals: [] } }),
  },
  {
    name: 'an accept with a seal for a new identity left out',
    code: 'public-part-wrong',
    make: (w) => acceptWithIdentity(w, { identity: w.stranger.identity, sealed: false }),
  },
  {
    name: 'an accept with a seal for an identity that has one',
    code: 'public-part-wrong',
    make: (w) => acceptWithIdentity(w, { identity: w.bob.identity }),
  },
  {
    name: 'an accept with a certificate of another device',
    code: 'public-part-wrong',
    make: (w) => acceptWithIdentity(w, { identity: w.stranger.identity, certified: w.desk }),
  },
  {
    name: 'an accept with a certificate that the identity did not sign',
    code: 'signature-wrong',
    make: (w) => acceptWithIdentity(w, { identity: w.stranger.identity, forge: true }),
  },
  {
    name: "an accept with another KEM key than the certificate's",
    code: 'public-part-wrong',
    make: (w) => acceptWithIdentity(w, { identity: w.stranger.identity, kem: w.desk }),
  },
  {
    name: 'a cancel of an invitation that is not open',
    code: 'public-part-wrong',
    make: (w) => w.member(w.laptop, { action: 'cancel', invites: [w.used.sign.publicKey] }),
  },
]

const members: readonly Violation[] = [
  {
    name: 'a revocation of the genesis identity',
    code: 'public-part-wrong',
    make: (w) => revoke(w, { identities: [w.alice.identity], lost: [w.laptop] }),
  },
  {
    name: 'a revocation of who is no member',
    code: 'public-part-wrong',
    make: (w) => revoke(w, { devices: [w.revoked] }),
  },
  {
    name: 'a revocation of an identity that is no member',
    code: 'public-part-wrong',
    make: (w) => revoke(w, { identities: [w.stranger.identity] }),
  },
  {
    name: 'a device that revokes itself',
    code: 'public-part-wrong',
    make: (w) => revoke(w, { devices: [w.laptop] }),
  },
  {
    name: 'a revocation that is sealed to open invitations',
    code: 'public-part-wrong',
    make: (w) => revoke(w, { devices: [w.tablet], invites: true }),
  },
  {
    name: "a revoked identity's device that keeps its seal",
    code: 'public-part-wrong',
    make: (w) => revoke(w, { identities: [w.bob.identity] }),
  },
  {
    name: 'a role of the genesis identity',
    code: 'public-part-wrong',
    make: (w) =>
      w.member(w.laptop, { action: 'role', member: w.alice.identity.sign.publicKey, role: 'reader' }),
  },
  {
    name: 'a role that is held already',
    code: 'public-part-wrong',
    make: (w) => w.member(w.laptop, { action: 'role', member: w.tablet.sign.publicKey, role: 'reader' }),
  },
  {
    name: 'a role of who is no member',
    code: 'public-part-wrong',
    make: (w) => w.member(w.laptop, { action: 'role', member: w.revoked.sign.publicKey, role: 'reader' }),
  },
  {
    name: "a recovery with another identity's certificate",
    code: 'public-part-wrong',
    make: (w) => recover(w, { by: w.bob.identity, identity: w.stranger.identity }),
  },
  {
    name: "a recovery that revokes another's device",
    code: 'public-part-wrong',
    make: (w) => recover(w, { by: w.bob.identity, revoked: [w.laptop] }),
  },
  {
    name: 'a recovery that revokes a device without identity',
    code: 'public-part-wrong',
    make: (w) => recover(w, { by: w.bob.identity, revoked: [w.tablet] }),
  },
  {
    name: 'a recovery of a device that was revoked',
    code: 'public-part-wrong',
    make: (w) => recover(w, { by: w.bob.identity, device: w.revoked }),
  },
  {
    name: 'a renewal without a certificate for a device',
    code: 'public-part-wrong',
    make: (w) => renew(w, { certified: [] }),
  },
  {
    name: "a renewal with a certificate for another's device",
    code: 'public-part-wrong',
    make: (w) => renew(w, { certified: [w.laptop] }),
  },
  {
    name: 'a renewal that the new identity did not sign',
    code: 'signature-wrong',
    make: (w) => renew(w, { forge: true }),
  },
  {
    name: 'a renewal to an identity that is a member',
    code: 'public-part-wrong',
    make: (w) => renew(w, { to: w.alice.identity }),
  },
]

const owners: readonly Violation[] = [
  {
    name: 'a payload version that does not rise',
    code: 'public-part-wrong',
    make: (w) => w.sign(w.laptop, { kind: 'config', part: { payloadVersionMax: 1 } }),
  },
  {
    name: 'a checkpoint of its own sequence',
    code: 'public-part-wrong',
    make: (w) => w.sign(w.laptop, { kind: 'checkpoint', part: { holds: w.state.head.sequence + 1 } }),
  },
  {
    name: 'a prune that names no checkpoint',
    code: 'public-part-wrong',
    make: (w) => prune(w, { sequence: w.state.head.sequence - 1 }),
  },
  {
    name: 'a prune that names another hash',
    code: 'public-part-wrong',
    make: (w) => prune(w, { hash: entryHash(zeros) }),
  },
  {
    name: 'a prune of another sequence than the checkpoint holds',
    code: 'public-part-wrong',
    make: (w) => prune(w, { holds: 1 }),
  },
  {
    name: 'a prune beyond its checkpoint',
    code: 'public-part-wrong',
    make: (w) => prune(w, { holds: w.state.head.sequence }),
  },
  {
    name: 'a prune of itself',
    code: 'public-part-wrong',
    make: (w) => prune(w, { sequence: w.state.head.sequence + 1 }),
  },
]

const geneses: readonly Violation[] = [
  {
    name: 'a genesis that is not at 0',
    code: 'chain-broken',
    first: true,
    make: (w) => genesis(w, () => ({ sequence: 1 })),
  },
  {
    name: 'a genesis signed by another',
    code: 'signature-wrong',
    first: true,
    make: (w) => genesis(w, () => ({}), w.desk),
  },
  {
    name: 'a genesis of another device than its certificate names',
    code: 'public-part-wrong',
    first: true,
    make: (w) => genesis(w, () => ({ device: w.desk.sign.publicKey }), w.desk),
  },
  {
    name: 'a planted genesis: the identity did not certify the device',
    code: 'signature-wrong',
    first: true,
    make: (w) =>
      genesis(w, ({ part }) => ({
        part: { ...part, certificate: { ...part.certificate, signature: concat([zeros, zeros]) } },
      })),
  },
  {
    name: 'a genesis with another KEM key for its identity',
    code: 'public-part-wrong',
    first: true,
    make: (w) => genesis(w, ({ part }) => ({ part: { ...part, identityKem: w.desk.kem.publicKey } })),
  },
  {
    name: 'a genesis of epoch 1',
    code: 'public-part-wrong',
    first: true,
    make: (w) => genesis(w, ({ part }) => ({ part: { ...part, epoch: { ...part.epoch, number: 1 } } })),
  },
  {
    name: 'a genesis that is sealed to the device alone',
    code: 'public-part-wrong',
    first: true,
    make: (w) =>
      genesis(w, ({ part }) => ({
        part: { ...part, epoch: { ...part.epoch, seals: part.epoch.seals.slice(1) } },
      })),
  },
]

/** Behind all others: each draws from the one generator, and what is frozen stays as it was. */
const further: readonly Violation[] = [
  {
    name: 'an accept for a device with the one-time key',
    code: 'public-part-wrong',
    make: (w) => accept(w, { device: w.open }),
  },
  {
    name: 'an accept for an identity with the one-time key',
    code: 'public-part-wrong',
    make: (w) => acceptWithIdentity(w, { identity: w.open }),
  },
  {
    name: 'an accept for a device and an identity of one key',
    code: 'public-part-wrong',
    make: (w) =>
      acceptWithIdentity(w, { identity: w.stranger.identity, device: w.stranger.identity, sealed: false }),
  },
  {
    name: 'an accept with another KEM key than its identity has',
    code: 'public-part-wrong',
    make: (w) =>
      acceptWithIdentity(w, {
        identity: { sign: w.bob.identity.sign, kem: w.stranger.identity.kem },
        sealed: false,
      }),
  },
  {
    name: 'an accept that adds a pack',
    code: 'public-part-wrong',
    make: (w) => {
      const { header } = accept(w, {})
      if (header.kind !== 'member') throw new TypeError('an accept is a member entry')
      return w.sign(w.open, { kind: 'member', part: header.part, added: [w.claim()] })
    },
  },
  {
    name: 'a recovery with a certificate that the identity did not sign',
    code: 'signature-wrong',
    make: (w) => recover(w, { by: w.bob.identity, forge: true }),
  },
  {
    name: 'a renewal with certificates by the old identity',
    code: 'public-part-wrong',
    make: (w) => renew(w, { certifiedBy: w.bob.identity }),
  },
  {
    name: 'a prune that names an entry in between that is no checkpoint',
    code: 'public-part-wrong',
    make: (w) => prune(w, { sequence: w.state.head.sequence - 1, holds: 1 }),
  },
  {
    name: 'a genesis whose device is its identity',
    code: 'public-part-wrong',
    first: true,
    make: (w) => {
      const certificate = w.certificate(w.laptop, w.laptop)
      return genesis(w, ({ part }) => ({
        part: { ...part, certificate, identityKem: w.laptop.kem.publicKey },
      }))
    },
  },
]

/** All of them. */
export const violations: readonly Violation[] = [
  ...chain,
  ...rights,
  ...epochs,
  ...invitations,
  ...members,
  ...owners,
  ...geneses,
  ...further,
]
