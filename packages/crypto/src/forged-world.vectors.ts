// A vault with one of everything, for entries that break a rule: an owner's laptop, a writer with an identity, a reader without, a device
// that was revoked, an invitation that is open, one that was cancelled, one that was used, two epochs, a checkpoint. For tests only.
import type { PublicKeys } from './sign.ts'
import { certifyDevice } from './certificate.ts'
import { makeDevice } from './device.ts'
import { makeCheckpoint } from './entry-build.ts'
import { signEntry, type Entry } from './entry.ts'
import type { EpochOpening, LinkedHeader, MemberPart, PackClaim } from './header.ts'
import { publicKeysOf } from './identity.ts'
import type { Invitation } from './invitation.ts'
import type { LogState } from './log-state.ts'
import type { Random } from './random.ts'
import { SampleLog, person, type Person } from './sample-log.vectors.ts'
import type { KeyPairs } from './sign.ts'
import { recipientsOf, type Recipient } from './spine.ts'
import { headerBase, newEpoch } from './spine-build.ts'
import { makeCancel } from './spine-build-invite.ts'
import { makeRevoke } from './spine-build-member.ts'

type Parts = {
  [K in LinkedHeader['kind']]: Omit<Extract<LinkedHeader, { kind: K }>, keyof ReturnType<typeof headerBase>>
}

/** A kind and its part, with whatever else of the header is to be other than it should. */
export type ForgedHeader = Parts[LinkedHeader['kind']] & Partial<ReturnType<typeof headerBase>>

/** The vault, its people, and the tools to sign what no builder would. */
export class ForgedWorld {
  readonly log: SampleLog
  readonly alice: Person
  readonly bob: Person
  readonly laptop: KeyPairs
  readonly desk: KeyPairs
  readonly tablet: KeyPairs
  readonly revoked: KeyPairs
  readonly stranger: Person
  readonly open: Invitation
  readonly cancelled: Invitation
  readonly used: Invitation

  constructor(random: Random) {
    const log = new SampleLog(random)
    const bob = person(random)
    this.log = log
    this.alice = log.alice
    this.laptop = log.laptop
    this.bob = bob
    this.stranger = person(random)
    ;[this.desk, this.tablet, this.revoked] = [bob.device(), bob.device(), bob.device()]
    this.used = log.invite('invite: writer', 'writer')
    log.accept('desk', { invitation: this.used, device: this.desk, identity: bob.identity })
    log.accept('tablet', { invitation: log.invite('invite: reader', 'reader'), device: this.tablet })
    log.accept('revoked', { invitation: log.invite('invite: owner', 'owner'), device: this.revoked })
    log.add('revoke', makeRevoke({ ...log.by(this.laptop), devices: [this.revoked.sign.publicKey] }))
    this.cancelled = log.invite('invite: to cancel', 'reader')
    log.add('cancel', makeCancel({ ...log.by(this.laptop), invites: [this.cancelled.sign.publicKey] }))
    this.open = log.invite('invite: open', 'writer')
    const holds = log.state.head.sequence
    log.add(
      'checkpoint',
      makeCheckpoint({ ...log.by(this.laptop), added: [], payload: this.payload(), holds }),
    )
  }

  get state(): LogState {
    return this.log.state
  }

  /** A payload of nothing, under the epoch in force. */
  payload() {
    return this.log.payload(this.laptop, { operations: [], index: [] })
  }

  device(): KeyPairs {
    return makeDevice(this.log.random)
  }

  /** Signs a header as it is, by the key it names or another. */
  sign(signer: KeyPairs, header: ForgedHeader, payload?: Uint8Array): Entry {
    const base = headerBase({ state: this.state, signer, at: this.state.head.at })
    const without = ['member', 'prune', 'drop'].includes(header.kind)
    return signEntry({
      header: { ...base, ...header },
      payload: payload ?? (without ? new Uint8Array(0) : this.payload()),
      secretKey: signer.sign.secretKey,
    })
  }

  member(signer: KeyPairs, part: MemberPart): Entry {
    return this.sign(signer, { kind: 'member', part })
  }

  /** A right opening for all recipients but `lost`, and for `more`, before it is changed. */
  opening(
    change: { lost?: readonly PublicKeys[]; more?: readonly Recipient[]; invites?: boolean } = {},
  ): EpochOpening {
    const { lost = [], more = [], invites = true } = change
    const gone = new Set(lost.map(({ sign }) => Buffer.from(sign).toString('hex')))
    const staying = recipientsOf(this.state.spine)
      .filter(({ keys }) => !gone.has(Buffer.from(keys.sign).toString('hex')))
      .filter(({ kind }) => invites || kind !== 'invite')
    return newEpoch(this.log.by(this.laptop), [...staying, ...more]).opening
  }

  rekey(change: Partial<EpochOpening>): Entry {
    return this.member(this.laptop, { action: 'rekey', epoch: { ...this.opening(), ...change } })
  }

  claim(change: Partial<PackClaim> = {}): PackClaim {
    return { ...this.log.pack(this.laptop, new Uint8Array(100).fill(1)), ...change }
  }

  certificate(identity: KeyPairs, device: KeyPairs) {
    return certifyDevice(identity, publicKeysOf(device))
  }
}
