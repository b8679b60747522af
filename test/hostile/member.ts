// A member with a hostile client: reads the log as it is, and appends what it likes, rightly signed.
import {
  advance,
  advanceRetired,
  bodyHash,
  certifyDevice,
  currentEpoch,
  decodeEntry,
  encodeCbor,
  encodeChange,
  encodeCheckpoint,
  epochKeysFor,
  framePayload,
  hash,
  invitationOf,
  makeAccept,
  makeChange,
  makeCheckpoint,
  makeInvite,
  packIdOf,
  packKeyOf,
  payloadKeyOf,
  publicKeysOf,
  sealContainer,
  sealFrame,
  sign,
  signEntry,
  storedBytesFor,
  packBytesAlone,
  type Certificate,
  type EpochKeys,
  type Identity,
  type KeyPairs,
  type LogState,
  type PackClaim,
  type PackId,
  type PublicKeys,
  type Role,
  type SealedBytes,
  type VaultId,
} from '@grenier/crypto'
import { parseRelayUrl, type KeyKind } from '@grenier/protocol'
import { connectSession, type ConnectedSession } from '../../packages/client/src/relay/session.ts'
import { relayUrl, within, type Machine } from '../simulation/world.ts'
import type { HostileWorld } from './hostile-world.ts'

/** A pack that lies at the relay, or will. */
export interface MadePack {
  readonly id: PackId
  readonly bytes: SealedBytes
  readonly claim: PackClaim
}

/** One device's keys in wrong hands. */
export class HostileMember {
  readonly vault: VaultId
  readonly device: KeyPairs
  readonly #world: HostileWorld
  #session: ConnectedSession | undefined
  #state: LogState | undefined

  /** `device`: other keys than those of the machine. */
  constructor(world: HostileWorld, machine: Machine, device: KeyPairs = machine.home.device) {
    this.#world = world
    this.vault = world.relay.vaultOf(machine)
    this.device = device
  }

  /** The log as it stands. */
  async read(): Promise<LogState> {
    let state: LogState | undefined
    for (const given of await this.#world.relay.log(this.vault)) {
      if ('entry' in given) state = advance(state, decodeEntry(given.entry))
      else if (state !== undefined) state = advanceRetired(state, given.sequence, bodyHash(given.bodyHash))
    }
    if (state === undefined) throw new RangeError('no log')
    this.#state = state
    return state
  }

  get state(): LogState {
    if (this.#state === undefined) throw new RangeError('read the log first')
    return this.#state
  }

  get epoch(): number {
    return currentEpoch(this.state.spine).number
  }

  get keys(): EpochKeys {
    return epochKeysFor({ vault: this.vault, spine: this.state.spine, pairs: this.device })
  }

  get key(): Uint8Array {
    const key = this.keys.get(this.epoch)
    if (key === undefined) throw new RangeError('no key')
    return key
  }

  /** What builders of entries want. */
  get on(): {
    state: LogState
    signer: KeyPairs
    at: number
    random: HostileWorld['random']
    epochKeys: EpochKeys
  } {
    const { state, device: signer, keys: epochKeys } = this
    return { state, signer, at: state.head.at, random: this.#world.random, epochKeys }
  }

  /** Seals a frame as a payload; `bytes` of any kind inside. */
  payload(frame: Uint8Array): SealedBytes {
    const { epoch, vault: binding } = this
    const payloadKey = payloadKeyOf(this.key, epoch, binding)
    return sealFrame(frame, { payloadKey, binding, epoch, bulk: false, random: this.#world.random })
  }

  /** A sealed pack with these bytes inside. */
  pack(plain: Uint8Array): MadePack {
    const bytes = sealContainer({
      type: 'pack',
      key: packKeyOf(this.key, this.epoch, this.vault),
      binding: this.vault,
      epoch: this.epoch,
      salt: this.#world.random.bytes(32),
      plain: [plain],
      storedBytes: Math.max(packBytesAlone(plain.length), storedBytesFor(plain.length)),
    })
    return this.named(bytes)
  }

  /** Any bytes, as a pack with its right name. */
  named(bytes: Uint8Array): MadePack {
    const id = packIdOf(bytes)
    return { id, bytes: bytes as SealedBytes, claim: { id, sizeBytes: bytes.length, epoch: this.epoch } }
  }

  /** Appends a change with this frame (or, sealed already, this payload), over these packs. */
  async change(
    given: { frame: Uint8Array } | { payload: SealedBytes },
    packs: readonly MadePack[] = [],
  ): Promise<number> {
    await this.read()
    const added = packs.map(({ claim }) => claim)
    const payload = 'frame' in given ? this.payload(given.frame) : given.payload
    const { entry } = makeChange({ ...this.on, added, payload })
    return await this.append(entry.bytes, packs)
  }

  /** Appends a change whose body is this value. */
  async says(body: Parameters<typeof encodeCbor>[0], packs: readonly MadePack[] = []): Promise<number> {
    await this.read()
    return await this.change({ frame: framePayload(encodeCbor(body)) }, packs)
  }

  /** Lets a device in, by an owner's invitation and the joiner's accept; `identity`: with the words that it has. */
  async letIn(device: KeyPairs, role: Role, identity?: Identity): Promise<void> {
    await this.read()
    const invited = makeInvite({ ...this.on, role, expiresAt: this.state.head.at + 3_600_000 })
    await this.append(invited.entry.bytes)
    const invitation = invitationOf(invited.secret)
    const { at, random, epochKeys } = this.on
    const state = await this.read()
    const on = { state, at, random, epochKeys, invitation, device, deviceName: 'let in' }
    const accept = makeAccept({ ...on, identity: identity && certified(identity, device) })
    const session = await this.#logIn('one-time', invitation)
    await this.#wait(session.append(this.vault, accept.entry.bytes), 'the accept')
    await session.close()
  }

  /** A change at the head, signed by whoever. */
  forged(signer: KeyPairs): Uint8Array {
    const { state } = this
    const header = {
      kind: 'change',
      vault: state.vault,
      previous: state.head.hash,
      spine: state.spine.head,
      sequence: state.head.sequence + 1,
      device: signer.sign.publicKey,
      at: state.head.at,
      added: [],
      restored: [],
    } as const
    const payload = this.payload(framePayload(encodeChange({ operations: [], index: [] })))
    return signEntry({ header, payload, secretKey: signer.sign.secretKey }).bytes
  }

  /** Appends a checkpoint whose state is none. Its sequence, and up to where it says that it holds. */
  async namesNoState(): Promise<{ readonly sequence: number; readonly holds: number }> {
    const holds = (await this.read()).head.sequence
    const body = encodeCheckpoint({
      stateHash: this.#world.random.bytes(32),
      stateBytes: 0,
      content: { depth: 0, chunks: [] },
      index: [],
      earlier: [],
    })
    const payload = this.payload(framePayload(body))
    const { entry } = makeCheckpoint({ ...this.on, added: [], payload, holds })
    return { sequence: await this.append(entry.bytes), holds }
  }

  /** It is gone from the line. */
  async leave(): Promise<void> {
    await this.#session?.close()
    this.#session = undefined
  }

  /** Sends packs and an entry to the real relay, which must take them. Its sequence. */
  async append(entry: Uint8Array, packs: readonly MadePack[] = []): Promise<number> {
    this.#session ??= await this.#logIn('device', this.device)
    const session = this.#session
    for (const pack of packs) await this.#wait(session.put(this.vault, pack), 'the put')
    const answer = await this.#wait(session.append(this.vault, entry), 'the append')
    if (answer !== 'appended') throw new Error('the relay did not take it')
    return decodeEntry(entry).header.sequence
  }

  async #logIn(keyKind: KeyKind, pairs: KeyPairs): Promise<ConnectedSession> {
    const { scheduler, random } = this.#world
    const session = connectSession({
      dial: () => Promise.resolve(this.#world.connect()),
      url: parseRelayUrl(relayUrl),
      credentials: {
        keyKind,
        key: pairs.sign.publicKey,
        sign: (label, bytes) => sign(pairs.sign.secretKey, label, bytes),
      },
      clock: scheduler.clockOf({ alive: () => true, skewMs: 0 }),
      random,
    })
    return await this.#wait(session, 'the login')
  }

  async #wait<T>(promise: Promise<T>, what: string): Promise<T> {
    return await within(this.#world, promise, what)
  }
}

/** What a joiner says of its identity. */
function certified(identity: Identity, device: KeyPairs): { keys: PublicKeys; certificate: Certificate } {
  return { keys: publicKeysOf(identity), certificate: certifyDevice(identity, publicKeysOf(device)) }
}

/** An entry with some parts of it exchanged; signed anew by `signer`, if there is one. */
export function reassembled(
  bytes: Uint8Array,
  parts: { header?: Uint8Array; payload?: Uint8Array },
  signer?: KeyPairs,
): Uint8Array {
  const entry = decodeEntry(bytes)
  const header = parts.header ?? entry.headerBytes
  const payload = parts.payload ?? entry.payload
  const signature =
    signer === undefined
      ? entry.signature
      : sign(
          signer.sign.secretKey,
          'grenier/v1/entry-signature',
          hash('grenier/v1/header', header),
          hash('grenier/v1/payload', payload),
        )
  return encodeCbor([header, payload, signature])
}
