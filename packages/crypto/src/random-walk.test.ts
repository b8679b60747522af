// A random walk of the builders: whatever they make is accepted by the judge, also by one that reads everything back from bytes; whatever
// is made of it by changing a bit, or by putting it elsewhere, is refused.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codeOf } from './bytes-mutations.vectors.ts'
import { certifyDevice } from './certificate.ts'
import { decodeEntry } from './entry.ts'
import { makeChange, makeCheckpoint, makeConfig, makeDrop, makePrune } from './entry-build.ts'
import { publicKeysOf } from './identity.ts'
import type { Invitation } from './invitation.ts'
import { advance, type LogState } from './log-state.ts'
import { decodeLogState, encodeLogState } from './log-state-codec.ts'
import { person, SampleLog, type Person } from './sample-log.vectors.ts'
import { seededRandom } from './seeded-random.vectors.ts'
import type { KeyPairs } from './sign.ts'
import { compareRoles, identityRoleOf, recipientsOf, roleOf } from './spine.ts'
import { makeCancel } from './spine-build-invite.ts'
import { makeRecover, makeRekey, makeRenew, makeRevoke, makeRole } from './spine-build-member.ts'
import { epochKeysFor } from './spine-keys.ts'
import { roles } from './header.ts'

/** Numbers that choose: which of the possible steps, which member, which role. */
type Choice = readonly [step: number, who: number, what: number]

class Walk {
  readonly log: SampleLog
  readonly pairs: KeyPairs[]
  readonly people: Person[]
  invitations: Invitation[] = []

  constructor(seed: number) {
    this.log = new SampleLog(seededRandom(`walk ${seed}`))
    this.people = [this.log.alice, ...[1, 2].map(() => person(this.log.random))]
    this.pairs = [this.log.laptop]
  }

  get state(): LogState {
    return this.log.state
  }

  #devices(least: 'reader' | 'writer' | 'owner'): KeyPairs[] {
    return this.pairs.filter(({ sign }) => {
      const role = roleOf(this.state.spine, sign.publicKey)
      return role !== undefined && compareRoles(role, least) >= 0
    })
  }

  #identities(): KeyPairs[] {
    const { spine } = this.state
    return this.people
      .map(({ identity }) => identity)
      .filter(({ sign }) => identityRoleOf(spine, sign.publicKey) !== undefined)
  }

  #isGenesis({ sign }: KeyPairs): boolean {
    return Buffer.compare(sign.publicKey, this.state.spine.genesisIdentity) === 0
  }

  #open(): Invitation[] {
    return this.invitations.filter(({ sign }) =>
      this.state.spine.invites.has(Buffer.from(sign.publicKey).toString('hex')),
    )
  }

  #newDevice(): KeyPairs {
    const device = this.log.alice.device()
    this.pairs.push(device)
    return device
  }

  /** Does one of the steps that are possible now. */
  step([step, who, what]: Choice): void {
    const possible = this.#steps(who, what)
    possible[step % possible.length]!()
  }

  #steps(who: number, what: number): (() => void)[] {
    const pick = <T>(from: readonly T[]): T | undefined => from[who % Math.max(1, from.length)]
    const owner = pick([
      ...this.#devices('owner'),
      ...this.#identities().filter((identity) => this.#isGenesis(identity)),
    ])!
    const steps = [...this.#ownerSteps(owner, what), ...this.#identitySteps(pick(this.#identities())!, what)]
    const writer = pick(this.#devices('writer'))
    const ownerDevice = pick(this.#devices('owner'))
    const invitation = pick(this.#open())
    if (writer !== undefined) steps.push(...this.#writerSteps(writer))
    if (ownerDevice !== undefined) steps.push(...this.#ownerDeviceSteps(ownerDevice, what))
    if (invitation !== undefined)
      steps.push(...Array.from({ length: 6 }, () => () => this.#accept(invitation, what)))
    return steps
  }

  #accept(invitation: Invitation, what: number): void {
    const identity = [undefined, ...this.people.map((one) => one.identity)][what % (this.people.length + 1)]
    const renewed =
      identity &&
      this.state.spine.identities.get(Buffer.from(identity.sign.publicKey).toString('hex'))?.renewedBy
    const device = this.#newDevice()
    this.log.accept('walk', {
      invitation,
      device,
      ...(identity !== undefined && renewed === undefined && { identity }),
    })
  }

  #ownerSteps(owner: KeyPairs, what: number): (() => void)[] {
    const { log } = this
    const by = () => log.by(owner)
    const role = roles[what % 3]!
    const others = recipientsOf(this.state.spine).filter(({ kind, keys }) => {
      const isSelf = Buffer.compare(keys.sign, owner.sign.publicKey) === 0
      return kind !== 'invite' && !isSelf && Buffer.compare(keys.sign, this.state.spine.genesisIdentity) !== 0
    })
    const other = others[what % Math.max(1, others.length)]
    const open = this.#open()
    const steps = [
      () => {
        log.add('rekey', makeRekey(by()))
      },
      () => {
        this.invitations.push(log.invite('invite', role, owner))
      },
    ]
    steps.push(...steps.slice(1))
    if (open.length > 0)
      steps.push(() => {
        log.add('cancel', makeCancel({ ...by(), invites: open.map(({ sign }) => sign.publicKey) }))
      })
    if (other !== undefined)
      steps.push(
        () => {
          this.#leave(owner, other)
        },
        () => {
          this.#role(owner, other.keys.sign, role)
        },
      )
    return steps
  }

  #leave(owner: KeyPairs, { kind, keys }: ReturnType<typeof recipientsOf>[number]): void {
    const along =
      kind === 'identity' &&
      this.#devicesOf(keys.sign).some((key) => Buffer.compare(key, owner.sign.publicKey) === 0)
    if (along) return
    const going = kind === 'device' ? { devices: [keys.sign] } : { identities: [keys.sign] }
    this.log.add('revoke', makeRevoke({ ...this.log.by(owner), ...going }))
  }

  #devicesOf(identity: Uint8Array) {
    return [...this.state.spine.devices.values()]
      .filter(
        (device) =>
          device.until === undefined &&
          device.identity !== undefined &&
          Buffer.compare(device.identity, identity) === 0,
      )
      .map(({ keys }) => keys.sign)
  }

  #role(owner: KeyPairs, member: KeyPairs['sign']['publicKey'], role: (typeof roles)[number]): void {
    const { spine } = this.state
    const isIdentity = identityRoleOf(spine, member) !== undefined
    const held = isIdentity
      ? [identityRoleOf(spine, member), ...this.#devicesOf(member).map((key) => roleOf(spine, key))]
      : [roleOf(spine, member)]
    if (held.every((one) => one === role)) return
    this.log.add('role', makeRole({ ...this.log.by(owner), member, role }))
  }

  #identitySteps(identity: KeyPairs, what: number): (() => void)[] {
    const { log } = this
    const recover = () => {
      const device = this.#newDevice()
      const own = this.#isGenesis(identity)
        ? this.pairs
            .filter(({ sign }) => roleOf(this.state.spine, sign.publicKey) !== undefined)
            .map(({ sign }) => sign.publicKey)
        : this.#devicesOf(identity.sign.publicKey)
      const revoked = own.filter((_, i) => (what >> i) % 2 === 0)
      log.add(
        'recover',
        makeRecover({
          ...log.by(identity),
          certificate: certifyDevice(identity, publicKeysOf(device)),
          revoked,
        }),
      )
    }
    const renew = () => {
      const next = person(log.random)
      log.add('renew', makeRenew({ ...log.by(identity), identity: next.identity }))
      this.people.push(next)
    }
    return [recover, renew]
  }

  #writerSteps(writer: KeyPairs): (() => void)[] {
    const { log } = this
    const payload = () => log.payload(writer, { operations: [], index: [] })
    const change = () => {
      const added = [log.pack(writer, log.random.bytes(9))]
      log.add('change', makeChange({ ...log.by(writer), added, payload: payload() }))
    }
    const restore = () => {
      const claims = log.packs.map(({ id, bytes, epoch }) => ({ id, sizeBytes: bytes.length, epoch }))
      log.add(
        'change',
        makeChange({ ...log.by(writer), added: [], restored: claims.slice(0, 2), payload: payload() }),
      )
    }
    const checkpoint = () => {
      log.add(
        'checkpoint',
        makeCheckpoint({ ...log.by(writer), added: [], payload: payload(), holds: this.state.head.sequence }),
      )
    }
    return [change, restore, checkpoint]
  }

  #ownerDeviceSteps(owner: KeyPairs, what: number): (() => void)[] {
    const { log } = this
    const steps = [
      () => {
        log.add('config', makeConfig({ ...log.by(owner), retentionMs: what, name: 'walk' }))
      },
    ]
    const ids = log.packs.map(({ id }) => id)
    if (ids.length > 0)
      steps.push(() => {
        log.add('drop', makeDrop({ ...log.by(owner), packs: ids }))
      })
    const checkpoint = this.state.checkpoints.at(-1)
    const before = this.state.spine.prune?.through ?? -1
    if (checkpoint !== undefined && checkpoint.holds > before)
      steps.push(() => {
        log.add('prune', makePrune({ ...log.by(owner), checkpoint }))
      })
    return steps
  }
}

test('what the builders make is accepted, and nothing that is made of it', () => {
  const choice = fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(1000))
  fc.assert(
    fc.property(fc.nat(), fc.array(choice, { minLength: 5, maxLength: 40 }), (seed, choices) => {
      const walk = new Walk(seed)
      for (const one of choices) walk.step(one)
      const { steps } = walk.log
      let state: LogState | undefined
      for (const [i, { entry }] of steps.entries()) {
        const [step, who, what] = choices[i % choices.length]!
        const flipped = entry.bytes.slice()
        flipped[(step * 1009 + who) % flipped.length]! ^= 1 << (what % 8)
        const before = state
        expect(codeOf(() => advance(before, decodeEntry(flipped)))).not.toBe('none')
        const elsewhere = steps[(i + 1 + who) % steps.length]!
        if (elsewhere.entry !== entry)
          expect(codeOf(() => advance(before, elsewhere.entry))).toBe('chain-broken')
        state = advance(before, decodeEntry(entry.bytes))
        state = decodeLogState(encodeLogState(state))
      }
      expect(state).toEqual(walk.state)
      for (const pairs of [...walk.pairs, ...walk.people.map(({ identity }) => identity)]) {
        const member = recipientsOf(walk.state.spine).some(
          ({ keys }) => Buffer.compare(keys.sign, pairs.sign.publicKey) === 0,
        )
        const code = codeOf(() =>
          expect([...epochKeysFor({ ...walk.state, pairs }).keys()]).toEqual(
            walk.state.spine.epochs.map(({ number }) => number),
          ),
        )
        expect(code).toBe(member ? 'none' : 'no-right')
      }
    }),
    { numRuns: 30 },
  )
})
