import { describe, expect, test } from 'vitest'
import { codeOf } from './bytes-mutations.vectors.ts'
import { signingKey, toHex, type KemKey, type SigningKey } from './bytes.ts'
import { certifyDevice } from './certificate.ts'
import { makeDevice } from './device.ts'
import { CryptoError } from './errors.ts'
import { ForgedWorld } from './forged-world.vectors.ts'
import { publicKeysOf } from './identity.ts'
import { checkInvite, invitationOf } from './invitation.ts'
import { membersEverMax, recipientsMax } from './limits.ts'
import { advance, type LogState } from './log-state.ts'
import { makeRekey } from './spine-build-member.ts'
import { makeAccept, makeInvite } from './spine-build-invite.ts'
import { epochKeysFor } from './spine-keys.ts'
import { person, SampleLog, sampleLog } from './sample-log.vectors.ts'
import { seededRandom } from './seeded-random.vectors.ts'
import { currentEpoch, recipientCount, type Spine } from './spine.ts'

const log = sampleLog(seededRandom('spine-keys'))
const epochsOf = ({ spine }: LogState) => spine.epochs.map(({ number }) => number)

/** So many of the same, each with a signing key of its own, as the spine keeps them. */
function crowdOf<T extends { keys: { sign: SigningKey; kem: KemKey } }>(of: T, count: number): [string, T][] {
  return Array.from({ length: count }, (_, i) => {
    const sign = signingKey(Uint8Array.from({ length: 32 }, (__, at) => (at < 2 ? (i >> (8 * at)) & 255 : 7)))
    return [toHex(sign), { ...of, keys: { ...of.keys, sign } }]
  })
}

describe('vault keys', () => {
  test('of every epoch are reached from the newest seal, by devices, identities and invitations', () => {
    for (const { name, state, reader } of log.steps) {
      const keys = epochKeysFor({ ...state, pairs: reader })
      expect([...keys.keys()], name).toEqual(epochsOf(state))
    }
    const { state } = log.steps[0]!
    expect(epochKeysFor({ ...state, pairs: log.alice.identity })).toEqual(
      epochKeysFor({ ...state, pairs: log.laptop }),
    )
    const invited = log.steps.find(({ name }) => name === 'invite: writer')!.state
    expect([...epochKeysFor({ ...invited, pairs: invitationOf(log.secrets[0]!) }).keys()]).toEqual([0])
  })

  test('are the same for all recipients', () => {
    const { state } = log.steps.find(({ name }) => name === 'change: by a writer')!
    expect(epochKeysFor({ ...state, pairs: log.bob.identity })).toEqual(
      epochKeysFor({ ...state, pairs: log.laptop }),
    )
  })

  test('are not for who left', () => {
    expect(codeOf(() => epochKeysFor({ ...log.state, pairs: log.laptop }))).toBe('no-right')
    expect(codeOf(() => epochKeysFor({ ...log.state, pairs: log.bob.identity }))).toBe('no-right')
  })
})

describe('a seal that its signer made wrong', () => {
  const world = new ForgedWorld(seededRandom('broken-seals'))
  const { laptop, desk, tablet } = world
  const number = currentEpoch(world.state.spine).number

  test('is seen by its recipient alone, who names the signer', () => {
    const opening = world.opening()
    const seals = opening.seals.map((seal) =>
      Buffer.compare(seal.recipient, desk.sign.publicKey) === 0
        ? { ...seal, seal: new Uint8Array(1200) }
        : seal,
    )
    const state = advance(world.state, world.rekey({ ...opening, seals }))
    expect([...epochKeysFor({ ...state, pairs: tablet }).keys()]).toEqual(epochsOf(state))
    try {
      epochKeysFor({ ...state, pairs: desk })
      expect.unreachable()
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error
      expect(error.code).toBe('seal-broken')
      expect(error.data).toEqual({
        epoch: number + 1,
        signer: Buffer.from(laptop.sign.publicKey).toString('hex'),
      })
    }
    const epochKeys = epochKeysFor({ ...state, pairs: laptop })
    const repaired = makeRekey({ ...world.log.by(laptop), state, epochKeys })
    expect([...epochKeysFor({ ...repaired.state, pairs: desk }).keys()]).toEqual(epochsOf(repaired.state))
  })

  test('of another key than all others got is refused by the commitment', () => {
    const [one, other] = [world.opening(), world.opening()]
    const seals = one.seals.map((seal, i) =>
      Buffer.compare(seal.recipient, desk.sign.publicKey) === 0 ? other.seals[i]! : seal,
    )
    const state = advance(world.state, world.rekey({ ...one, seals }))
    expect(codeOf(() => epochKeysFor({ ...state, pairs: desk }))).toBe('seal-broken')
    expect(codeOf(() => epochKeysFor({ ...state, pairs: tablet }))).toBe('none')
  })

  test('over an earlier key is repaired by the next who opens an epoch', () => {
    const opening = world.opening()
    const earlier = opening.earlier.map((key) => ({ ...key, sealed: new Uint8Array(112) }))
    const state = advance(world.state, world.rekey({ ...opening, earlier }))
    const [reached] = [epochKeysFor({ ...state, pairs: desk })]
    expect([...reached.keys()]).toEqual([number + 1])
    const epochKeys = new Map([...world.log.by(laptop).epochKeys, ...reached])
    const repaired = makeRekey({ ...world.log.by(laptop), state, epochKeys })
    expect([...epochKeysFor({ ...repaired.state, pairs: desk }).keys()]).toEqual(epochsOf(repaired.state))
  })

  test('is not made by one who does not hold the key in force', () => {
    expect(codeOf(() => makeRekey({ ...world.log.by(laptop), epochKeys: new Map() }))).toBe('no-right')
    const wrong = new Map([[number, new Uint8Array(32)]])
    expect(codeOf(() => makeRekey({ ...world.log.by(laptop), epochKeys: wrong }))).toBe('no-right')
  })

  test('an epoch may be opened above that of another branch', () => {
    const above = makeRekey({ ...world.log.by(laptop), above: number + 5 })
    expect(above.epoch).toBe(number + 6)
    expect([...epochKeysFor({ ...above.state, pairs: desk }).keys()]).toEqual(epochsOf(above.state))
  })
})

describe('an invitation', () => {
  test('gives its keys by label, and nothing of another length does', () => {
    const [one, other] = [invitationOf(new Uint8Array(16)), invitationOf(new Uint8Array(16).fill(1))]
    expect(invitationOf(new Uint8Array(16))).toEqual(one)
    expect(one.sign.publicKey).not.toEqual(other.sign.publicKey)
    expect(one.macKey).not.toEqual(one.kem.secretKey)
    expect(codeOf(() => invitationOf(new Uint8Array(15)))).toBe('malformed')
  })

  const world = new ForgedWorld(seededRandom('invitations'))

  test('is found in the log that it was made for while it is open', () => {
    expect(checkInvite(world.state, world.open).role).toBe('writer')
    expect(codeOf(() => checkInvite(world.state, world.used))).toBe('no-right')
    expect(codeOf(() => checkInvite(world.state, world.cancelled))).toBe('no-right')
  })

  test('does not vouch for another history, vault or public part', () => {
    const { state } = world
    const [hex, invite] = [...state.spine.invites][0]!
    const bent = (change: Partial<typeof invite>): LogState => ({
      ...state,
      spine: { ...state.spine, invites: new Map([[hex, { ...invite, ...change }]]) },
    })
    expect(codeOf(() => checkInvite(bent({ previous: state.head.hash }), world.open))).toBe('signature-wrong')
    expect(codeOf(() => checkInvite(bent({ digest: new Uint8Array(32) }), world.open))).toBe(
      'signature-wrong',
    )
    expect(codeOf(() => checkInvite(bent({ mac: new Uint8Array(32) }), world.open))).toBe('signature-wrong')
    const other = { ...state, vault: world.log.steps[1]!.state.vault.slice() as typeof state.vault }
    other.vault[0]! ^= 1
    expect(codeOf(() => checkInvite(other, world.open))).toBe('signature-wrong')
  })

  test('brings no more recipients than an epoch is sealed to, and no more members than a vault ever has', () => {
    const crowded = new SampleLog(seededRandom('crowded'))
    const invitation = crowded.invite('invite', 'reader')
    const on = crowded.by(invitation)
    const { spine } = crowded.state
    const device = makeDevice(crowded.random)
    const stranger = person(crowded.random).identity
    const certificate = certifyDevice(stranger, publicKeysOf(device))
    const accepting = (crowd: Partial<Spine>, identity?: object) => () =>
      makeAccept({
        ...on,
        state: { ...on.state, spine: { ...spine, ...crowd } },
        invitation,
        device,
        deviceName: 'x',
        ...(identity && { identity: { keys: publicKeysOf(stranger), certificate } }),
      })
    const [open] = [...spine.invites.values()]
    const invites = new Map([...spine.invites, ...crowdOf(open!, recipientsMax - 3)])
    expect(codeOf(accepting({ invites }))).toBe('none')
    expect(codeOf(accepting({ invites }, stranger))).toBe('limit')
    const gone = { ...[...spine.devices.values()][0]!, until: 0 }
    const devices = (more: number) => new Map([...spine.devices, ...crowdOf(gone, membersEverMax - more)])
    expect(codeOf(accepting({ devices: devices(3) }))).toBe('none')
    expect(codeOf(accepting({ devices: devices(2) }))).toBe('limit')
  })

  test('cannot be open for more recipients than a header seals to', () => {
    const full = new SampleLog(seededRandom('full'))
    full.invite('invite', 'reader')
    const { spine } = full.state
    const [open] = [...spine.invites.values()]
    const invites = new Map([...spine.invites, ...crowdOf(open!, recipientsMax - 3)])
    const state = { ...full.state, spine: { ...spine, invites } }
    expect(recipientCount(state.spine)).toBe(recipientsMax)
    const more = () => makeInvite({ ...full.by(full.laptop), state, role: 'reader', expiresAt: 0 })
    expect(codeOf(more)).toBe('limit')
    const rekey = makeRekey({ ...full.by(full.laptop), state })
    expect(rekey.entry.bytes.length).toBeLessThan(400_000)
    const identity = full.alice.identity
    expect([...epochKeysFor({ ...rekey.state, pairs: identity }).keys()]).toEqual([0, 1])
  })
})
