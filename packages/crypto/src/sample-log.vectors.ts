// A small log with an entry of every kind and action, from fixed randomness: for frozen vectors and tests. Two people, Alice who founds the
// vault and Bob who is invited with his identity, and a tablet that joins without one.
import { packIdOf } from './hash.ts'
import { chunkId, type PackId, type SealedBytes } from './bytes.ts'
import { certifyDevice } from './certificate.ts'
import { sealContainer } from './container.ts'
import { makeDevice } from './device.ts'
import { makeChange, makeCheckpoint, makeConfig, makeDrop, makePrune } from './entry-build.ts'
import type { Entry } from './entry.ts'
import { hash } from './hash.ts'
import type { PackClaim } from './header.ts'
import { identityFromEntropy, publicKeysOf } from './identity.ts'
import { invitationOf, type Invitation } from './invitation.ts'
import type { LogState } from './log-state.ts'
import { framePayload, sealFrame, sealPayload } from './payload.ts'
import { encodeChange, type ChangePayload } from './payload-change.ts'
import { encodeCheckpoint } from './payload-checkpoint.ts'
import type { Random } from './random.ts'
import type { KeyPairs } from './sign.ts'
import { packBytesAlone } from './sizes.ts'
import { currentEpoch } from './spine.ts'
import type { Built } from './spine-build.ts'
import { makeGenesis } from './spine-build-genesis.ts'
import { makeAccept, makeCancel, makeInvite } from './spine-build-invite.ts'
import { makeRecover, makeRekey, makeRenew, makeRevoke, makeRole } from './spine-build-member.ts'
import { epochKeysFor } from './spine-keys.ts'
import { packKeyOf, payloadKeyOf } from './subkeys.ts'

/** 22 November 2026, noon UTC. */
export const noon = Date.UTC(2026, 10, 22, 12)

/** A person: identity and as many devices as needed. */
export interface Person {
  readonly identity: KeyPairs
  device(): KeyPairs
}

/** A person whose keys come from `random`. */
export function person(random: Random): Person {
  return { identity: identityFromEntropy(random.bytes(32)), device: () => makeDevice(random) }
}

/** One step of a log that is being written. */
export interface Step {
  readonly name: string
  readonly entry: Entry
  /** After the entry. */
  readonly state: LogState
  /** Opens the seals of the state after it: who, as the signer or a member. */
  readonly reader: KeyPairs
}

/** A log that is being written, entry by entry, from one source of randomness. */
export class SampleLog {
  readonly random: Random
  readonly steps: Step[] = []
  readonly alice: Person
  readonly laptop: KeyPairs
  readonly secrets: Uint8Array[] = []
  readonly packs: { id: PackId; bytes: Uint8Array; epoch: number }[] = []

  constructor(random: Random) {
    this.random = random
    this.alice = person(random)
    this.laptop = this.alice.device()
    const { identity } = this.alice
    const built = makeGenesis({
      identity: publicKeysOf(identity),
      device: this.laptop,
      certificate: certifyDevice(identity, publicKeysOf(this.laptop)),
      name: 'Photos',
      deviceName: 'laptop',
      at: noon,
      random,
      vaults: [],
    })
    this.steps.push({ name: 'genesis', entry: built.entry, state: built.state, reader: this.laptop })
  }

  get state(): LogState {
    return this.steps.at(-1)!.state
  }

  /** What a builder needs, as signed by `signer`, a second after the entry before. */
  by<S extends KeyPairs>(signer: S) {
    const { state, random } = this
    return {
      state,
      signer,
      random,
      at: state.head.at + 1000,
      epochKeys: epochKeysFor({ vault: state.vault, spine: state.spine, pairs: signer }),
    }
  }

  add<B extends Built>(name: string, built: B, reader: KeyPairs = this.laptop): B {
    this.steps.push({ name, entry: built.entry, state: built.state, reader })
    return built
  }

  /** The epoch in force, its key, and what payloads are sealed with. */
  sealing(signer: KeyPairs) {
    const { state, epochKeys, random } = this.by(signer)
    const epoch = currentEpoch(state.spine).number
    const key = epochKeys.get(epoch)!
    const payloadKey = payloadKeyOf(key, epoch, state.vault)
    return { epoch, key, place: { payloadKey, binding: state.vault, epoch, random } }
  }

  /** A pack with this content, sealed under the epoch in force. */
  pack(signer: KeyPairs, content: Uint8Array): PackClaim {
    const { epoch, key } = this.sealing(signer)
    const bytes = sealContainer({
      type: 'pack',
      key: packKeyOf(key, epoch, this.state.vault),
      binding: this.state.vault,
      epoch,
      salt: this.random.bytes(32),
      plain: [content],
      storedBytes: packBytesAlone(content.length),
    })
    const id = packIdOf(bytes)
    this.packs.push({ id, bytes, epoch })
    return { id, sizeBytes: bytes.length, epoch }
  }

  payload(signer: KeyPairs, change: ChangePayload): SealedBytes {
    // Never compressed: the bytes of zstd may differ from one of its versions to the next.
    const framed = framePayload(encodeChange(change), { compress: false })
    return sealFrame(framed, { ...this.sealing(signer).place, bulk: false })
  }

  invite(name: string, role: 'reader' | 'writer' | 'owner', owner: KeyPairs = this.laptop): Invitation {
    const built = this.add(name, makeInvite({ ...this.by(owner), role, expiresAt: noon + 86_400_000 }))
    this.secrets.push(built.secret)
    return invitationOf(built.secret)
  }

  accept(name: string, joining: { invitation: Invitation; device: KeyPairs; identity?: KeyPairs }): void {
    const { invitation, device, identity } = joining
    const joiner = identity && {
      keys: publicKeysOf(identity),
      certificate: certifyDevice(identity, publicKeysOf(device)),
    }
    const built = makeAccept({
      ...this.by(invitation),
      invitation,
      device,
      deviceName: name,
      identity: joiner,
    })
    this.add(`accept: ${name}`, built, device)
  }
}

/** A chunk id that stands for `text`, in tests. */
export function sampleChunkId(text: string) {
  return chunkId(hash('grenier/v1/test-chunk', new TextEncoder().encode(text)))
}

const bytesOf = (text: string) => new TextEncoder().encode(text)

/** Operations of every form: files with chunks by place and by id, an empty one, a raw name, a directory, a link, moves, removals. */
export function sampleChange(index: ChangePayload['index']): ChangePayload {
  const root = 'root'
  const mtimeNs = 1_795_348_800_123_456_789n
  return {
    index,
    operations: [
      { op: 'put', parent: root, name: { bytes: bytesOf('été') }, node: { kind: 'directory', mode: 0o755 } },
      {
        op: 'put',
        parent: { sequence: 'this', index: 0 },
        name: { bytes: bytesOf('a.txt') },
        node: {
          kind: 'file',
          mode: 0o644,
          mtimeNs,
          sizeBytes: 11,
          depth: 0,
          chunks: [{ pack: 0, chunk: 0 }],
        },
      },
      {
        op: 'put',
        parent: root,
        name: { bytes: Uint8Array.of(0x66, 0xff) },
        node: { kind: 'file', mode: 0o600, mtimeNs: -1n, sizeBytes: 0, depth: 0, chunks: [] },
      },
      {
        op: 'put',
        parent: root,
        name: { bytes: bytesOf('link') },
        node: { kind: 'link', mtimeNs: 0n, target: bytesOf('été/a.txt') },
      },
      {
        op: 'put',
        parent: root,
        name: { bytes: bytesOf('large') },
        node: {
          kind: 'file',
          mode: 0o644,
          mtimeNs,
          sizeBytes: 99_999_999,
          depth: 1,
          chunks: [{ id: sampleChunkId('list') }],
        },
      },
      {
        op: 'move',
        node: { sequence: 'this', index: 2 },
        parent: { sequence: 'this', index: 0 },
        name: { bytes: bytesOf('b') },
      },
      {
        op: 'put',
        parent: root,
        name: { bytes: bytesOf('link') },
        replaces: { sequence: 'this', index: 3 },
        node: { kind: 'directory', mode: 0o700 },
      },
      { op: 'remove', node: { sequence: 'this', index: 4 } },
    ],
  }
}

function contentSteps(log: SampleLog): PackClaim {
  const { laptop } = log
  const config = {
    name: 'Pictures',
    relays: ['wss://relay.example'],
    retentionMs: 7 * 86_400_000,
    payloadVersionMax: 1,
  }
  log.add('config', makeConfig({ ...log.by(laptop), ...config, payloadVersionMax: undefined }))
  const claim = log.pack(laptop, bytesOf('hello world'))
  const chunk = { id: sampleChunkId('hello world'), plainBytes: 11, storedBytes: 11 }
  const payload = log.payload(laptop, sampleChange([{ pack: 0, chunks: [chunk] }]))
  log.add('change', makeChange({ ...log.by(laptop), added: [claim], payload }))
  return claim
}

function memberSteps(log: SampleLog, bob: Person): { desk: KeyPairs; tablet: KeyPairs } {
  const { laptop } = log
  const [desk, tablet] = [bob.device(), bob.device()]
  log.accept('desk', {
    invitation: log.invite('invite: writer', 'writer'),
    device: desk,
    identity: bob.identity,
  })
  log.add('rekey', makeRekey(log.by(laptop)))
  const payload = log.payload(desk, { operations: [], index: [] })
  log.add('change: by a writer', makeChange({ ...log.by(desk), added: [], payload }), desk)
  const cancelled = log.invite('invite: reader', 'reader')
  const kept = log.invite('invite: owner', 'owner')
  log.add('cancel', makeCancel({ ...log.by(laptop), invites: [cancelled.sign.publicKey] }))
  log.accept('tablet', { invitation: kept, device: tablet })
  log.add(
    'role: lower, without an epoch',
    makeRole({ ...log.by(laptop), member: tablet.sign.publicKey, role: 'writer' }),
  )
  log.invite('invite: to be voided', 'reader')
  const member = bob.identity.sign.publicKey
  log.add('role: lower, with an epoch', makeRole({ ...log.by(laptop), member, role: 'reader' }))
  log.add('role: raise', makeRole({ ...log.by(laptop), member, role: 'writer' }))
  return { desk, tablet }
}

function garbageSteps(log: SampleLog, claim: PackClaim): void {
  const { laptop } = log
  const holds = log.state.head.sequence
  const state = {
    stateHash: hash('grenier/v1/test-state'),
    stateBytes: 5,
    content: { depth: 0, chunks: [{ pack: 0, chunk: 0 }] },
  }
  const added = [log.pack(laptop, bytesOf('state'))]
  const index = [{ pack: 0, chunks: [{ id: sampleChunkId('state'), plainBytes: 5, storedBytes: 5 }] }]
  const payload = sealPayload(encodeCheckpoint({ ...state, index, earlier: [] }), {
    ...log.sealing(laptop).place,
    bulk: true,
  })
  log.add('checkpoint', makeCheckpoint({ ...log.by(laptop), added, payload, holds }))
  log.add('prune', makePrune({ ...log.by(laptop), checkpoint: log.state.checkpoints.at(-1)! }))
  log.add('drop', makeDrop({ ...log.by(laptop), packs: [claim.id] }))
  const restoring = log.payload(laptop, { operations: [], index: [] })
  log.add(
    'change: restores',
    makeChange({ ...log.by(laptop), added: [], restored: [claim], payload: restoring }),
  )
}

function leavingSteps(log: SampleLog, bob: Person, members: { desk: KeyPairs; tablet: KeyPairs }): void {
  const { alice, laptop } = log
  log.add('revoke: a device', makeRevoke({ ...log.by(laptop), devices: [members.tablet.sign.publicKey] }))
  const newDesk = bob.device()
  const recovered = {
    certificate: certifyDevice(bob.identity, publicKeysOf(newDesk)),
    revoked: [members.desk.sign.publicKey],
    names: [{ device: newDesk.sign.publicKey, name: 'new desk' }],
  }
  log.add('recover: a member', makeRecover({ ...log.by(bob.identity), ...recovered }), newDesk)
  const renewed = person(log.random)
  log.add('renew', makeRenew({ ...log.by(alice.identity), identity: renewed.identity }), renewed.identity)
  log.add('revoke: an identity', makeRevoke({ ...log.by(laptop), identities: [bob.identity.sign.publicKey] }))
  const phone = renewed.device()
  const certificate = certifyDevice(renewed.identity, publicKeysOf(phone))
  const revoked = [laptop.sign.publicKey]
  log.add('recover: the owner', makeRecover({ ...log.by(renewed.identity), certificate, revoked }), phone)
  const continuation = {
    relay: 'wss://other.example',
    sequence: log.state.head.sequence,
    hash: log.state.head.hash,
  }
  log.add('config: continuation', makeConfig({ ...log.by(phone), continuation, vaults: [] }), phone)
}

/** The whole sample. Same randomness, same bytes. */
export function sampleLog(random: Random): SampleLog & { readonly bob: Person } {
  const log = new SampleLog(random)
  const bob = person(random)
  const claim = contentSteps(log)
  const members = memberSteps(log, bob)
  garbageSteps(log, claim)
  leavingSteps(log, bob, members)
  return Object.assign(log, { bob })
}
