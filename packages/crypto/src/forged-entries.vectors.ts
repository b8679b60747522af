// Makers of entries that no builder makes: right in all but what a test wants wrong. For frozen vectors and tests.
import { encodeCbor } from './cbor.ts'
import { decodeEntry, signEntry, type Entry } from './entry.ts'
import type { ForgedWorld } from './forged-world.vectors.ts'
import { partDigest, type AcceptPart, type GenesisHeader, type RenewPart } from './header.ts'
import { publicKeysOf } from './identity.ts'
import type { CheckpointRef } from './log-state.ts'
import { sign, type KeyPairs } from './sign.ts'
import { currentEpoch } from './spine.ts'
import { sealsTo } from './spine-build.ts'

const zeros = new Uint8Array(32)

/** The entry with a part of it exchanged, unsigned as such. */
export function resigned(
  entry: Entry,
  parts: { header?: Uint8Array; payload?: Uint8Array; signature?: Uint8Array },
): Entry {
  const { headerBytes, payload, signature } = entry
  return decodeEntry(
    encodeCbor([parts.header ?? headerBytes, parts.payload ?? payload, parts.signature ?? signature]),
  )
}

/** What is other than it should be. */
export interface Joining {
  readonly by?: KeyPairs
  readonly device?: KeyPairs
  readonly part?: Partial<AcceptPart>
  readonly signature?: Uint8Array
}

/** An accept, right unless told otherwise. */
export function accept(
  w: ForgedWorld,
  { by = w.open, device = w.device(), part = {}, signature }: Joining,
): Entry {
  const keys = publicKeysOf(device)
  const { state } = w
  const what = {
    binding: state.vault,
    epoch: currentEpoch(state.spine).number,
    secret: zeros,
    random: w.log.random,
  }
  const seals = sealsTo([{ kind: 'device', keys }], what)
  const open: AcceptPart = { action: 'accept', device: keys, seals, signature: new Uint8Array(64), ...part }
  const second = sign(
    device.sign.secretKey,
    'grenier/v1/accept',
    state.vault,
    state.head.hash,
    partDigest(open),
  )
  return w.member(by, { ...open, signature: signature ?? second })
}

/** An accept that names an identity, right unless told otherwise. */
export function acceptWithIdentity(
  w: ForgedWorld,
  joining: {
    identity: KeyPairs
    device?: KeyPairs
    certified?: KeyPairs
    forge?: boolean
    kem?: KeyPairs
    sealed?: boolean
  },
): Entry {
  const { identity, device = w.device(), forge = false, sealed = true } = joining
  const made = w.certificate(identity, joining.certified ?? device)
  const certificate = forge ? { ...made, signature: new Uint8Array(64) } : made
  const keys = publicKeysOf(identity)
  const what = {
    binding: w.state.vault,
    epoch: currentEpoch(w.state.spine).number,
    secret: zeros,
    random: w.log.random,
  }
  const own = { kind: 'device', keys: publicKeysOf(device) } as const
  const seals = sealsTo(sealed ? [own, { kind: 'identity', keys }] : [own], what)
  const kem = (joining.kem ?? identity).kem.publicKey
  return accept(w, { device, part: { identity: { certificate, kem }, seals } })
}

/** An invite of these keys. */
export function invite(w: ForgedWorld, keys: KeyPairs): Entry {
  const part = {
    action: 'invite',
    role: 'reader',
    expiresAt: 0,
    seal: new Uint8Array(1200),
    mac: zeros,
  } as const
  return w.member(w.laptop, { ...part, invitee: publicKeysOf(keys) })
}

/** Who goes. */
export interface Leaving {
  readonly devices?: readonly KeyPairs[]
  readonly identities?: readonly KeyPairs[]
  readonly lost?: readonly KeyPairs[]
  readonly invites?: boolean
}

/** A revocation; `lost` get no seal though they are not named. */
export function revoke(
  w: ForgedWorld,
  { devices = [], identities = [], lost = [], invites = false }: Leaving,
): Entry {
  const keysOf = (pairs: readonly KeyPairs[]) =>
    pairs.map(({ sign: { publicKey } }) => publicKey).sort((a, b) => Buffer.compare(a, b))
  const epoch = w.opening({ lost: [...devices, ...identities, ...lost].map(publicKeysOf), invites })
  return w.member(w.laptop, {
    action: 'revoke',
    devices: keysOf(devices),
    identities: keysOf(identities),
    epoch,
  })
}

/** A recovery of a new device. */
export function recover(
  w: ForgedWorld,
  options: {
    by: KeyPairs
    identity?: KeyPairs
    device?: KeyPairs
    revoked?: readonly KeyPairs[]
    forge?: boolean
  },
): Entry {
  const { by, identity = by, device = w.device(), revoked = [], forge = false } = options
  const more = [{ kind: 'device', keys: publicKeysOf(device) }] as const
  const epoch = w.opening({ lost: revoked.map(publicKeysOf), more, invites: revoked.length === 0 })
  const keys = revoked.map(({ sign: { publicKey } }) => publicKey)
  const made = w.certificate(identity, device)
  return w.member(by, {
    action: 'recover',
    certificate: forge ? { ...made, signature: new Uint8Array(64) } : made,
    revoked: keys,
    epoch,
  })
}

/** A renewal, right unless told otherwise. */
export function renew(
  w: ForgedWorld,
  options: {
    by?: KeyPairs
    to?: KeyPairs
    certified?: readonly KeyPairs[]
    certifiedBy?: KeyPairs
    forge?: boolean
  },
): Entry {
  const { by = w.bob.identity, to = w.stranger.identity, certified = [w.desk], forge = false } = options
  const { certifiedBy = to } = options
  const { state } = w
  const open: RenewPart = {
    action: 'renew',
    identity: publicKeysOf(to),
    certificates: certified.map((device) => w.certificate(certifiedBy, device)),
    epoch: w.opening({
      lost: [publicKeysOf(by), publicKeysOf(to)],
      more: [{ kind: 'identity', keys: publicKeysOf(to) }],
    }),
    signature: new Uint8Array(64),
  }
  const signature = sign(
    to.sign.secretKey,
    'grenier/v1/renew',
    state.vault,
    state.head.hash,
    partDigest(open),
  )
  return w.member(by, { ...open, signature: forge ? new Uint8Array(64) : signature })
}

/** A prune of the world's checkpoint, with something else in it. */
export function prune(w: ForgedWorld, other: Partial<CheckpointRef>, signer: KeyPairs = w.laptop): Entry {
  const { sequence, hash, holds } = { ...w.state.checkpoints[0]!, ...other }
  return w.sign(signer, { kind: 'prune', part: { through: holds, checkpoint: { sequence, hash } } })
}

/** A genesis that is signed anew after a change of its header. */
export function genesis(
  w: ForgedWorld,
  edit: (header: GenesisHeader) => Partial<GenesisHeader>,
  signer: KeyPairs = w.laptop,
): Entry {
  const { header, payload } = w.log.steps[0]!.entry
  if (header.kind !== 'genesis') throw new TypeError('the first entry is the genesis')
  return signEntry({ header: { ...header, ...edit(header) }, payload, secretKey: signer.sign.secretKey })
}
