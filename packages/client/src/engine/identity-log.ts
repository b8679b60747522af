// The log of a vault as the holder of an identity reads it, with no device and no state: judged whole, its names opened, and the list of the
// owner's vaults that it carries.
import {
  containerEpoch,
  CryptoError,
  decodeConfigPayload,
  decodeGenesisPayload,
  decodeMemberPayload,
  equal,
  openVaultList,
  toHex,
  type Entry,
  type KeyPairs,
  type LogState,
  type SigningKey,
  type Spine,
  type VaultId,
  type VaultListItem,
} from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { readPayload, type PackFetch } from '../log/payload-reader.ts'
import type { VaultKeys } from '../log/vault-keys.ts'
import { VaultLog } from '../log/vault-log.ts'
import type { RelaySession } from '../relay/relay-session.ts'

/** What people call things in a vault. `devices`: by signing key in hex; a device that never gave a name is not there. */
export interface VaultNames {
  readonly vault: string | undefined
  readonly devices: ReadonlyMap<string, string>
  /** The owner's vaults, as this log lists them for the owner's identity. Empty where they are not for this one. */
  readonly listed: readonly VaultListItem[]
}

/** A spine entry, with what its payload is opened by. */
interface Named {
  readonly entry: Entry
  readonly spine: Pick<Spine, 'epochs' | 'payloadVersionMax'>
}

/** One vault's log, read by an identity. `read` may be called again: it goes on from where it was. */
export class IdentityLog {
  readonly vault: VaultId
  readonly #identity: KeyPairs
  readonly #log: VaultLog
  readonly #named: Named[] = []

  /** `identity`: its keys; with those of a device it reads what is sealed to that. */
  constructor(vault: VaultId, identity: KeyPairs) {
    this.vault = vault
    this.#identity = identity
    this.#log = new VaultLog(vault, identity)
  }

  /** @throws ClientError `state-broken` before anything was read */
  get state(): LogState {
    return this.#log.state
  }

  /** The vault keys of the identity. @throws ClientError `key-withheld`, `relay-refused` if it is no member */
  get keys(): VaultKeys {
    return this.#log.keys
  }

  /** The genesis. @throws ClientError `state-broken` before anything was read */
  get genesis(): Entry {
    const [first] = this.#named
    if (first === undefined)
      throw new ClientError('state-broken', 'the log of this vault has not been read yet')
    return first.entry
  }

  /** The spine entry of this sequence. @throws ClientError `state-broken` for one that was not read, or is not of the spine */
  spineEntry(sequence: number): Entry {
    const named = this.#named.find(({ entry: { header } }) => header.sequence === sequence)
    if (named === undefined) throw new ClientError('state-broken', `entry ${sequence} was not read`)
    return named.entry
  }

  /** Who made the invitation of this one-time key, which an entry of that sequence accepts. */
  inviterOf(invitee: SigningKey, accepted: number): SigningKey | undefined {
    const made = this.#named.findLast(({ entry: { header } }) => {
      if (header.kind !== 'member' || header.part.action !== 'invite') return false
      return header.sequence < accepted && equal(header.part.invitee.sign, invitee)
    })
    return made?.entry.header.device
  }

  /** Whether this spine entry is of that key. */
  isSignedBy(sequence: number, key: SigningKey): boolean {
    return equal(this.spineEntry(sequence).header.device, key)
  }

  /** Reads what the relay has behind what was read, and judges it. @throws ClientError `relay-contradicts`, `update-needed` */
  async read(session: RelaySession): Promise<void> {
    const log = this.#log
    for await (const given of session.entries(log.vault, log.nextSequence)) {
      const judged = log.judge(given)
      log.moved(judged)
      const { entry, state } = judged
      if (entry === undefined || !['genesis', 'config', 'member'].includes(entry.header.kind)) continue
      const { epochs, payloadVersionMax } = state.spine
      this.#named.push({ entry, spine: { epochs, payloadVersionMax } })
    }
    if (log.isEmpty)
      throw new ClientError('relay-contradicts', 'the relay shows no log of a vault that it lists')
    log.complete()
  }

  /**
   * The names in this log. What does not open is passed over: names are lost, and nothing else. A device has the name that the entry by which it
   * became a member gives it: nobody renames another.
   * @throws ClientError as `keys`; `update-needed`, `relay-corrupt`
   */
  async names(session: RelaySession): Promise<VaultNames> {
    const devices = new Map<string, string>()
    const listed = new Map<string, VaultListItem>()
    let vault: string | undefined
    const fetch: PackFetch = (pack, range) => session.get(this.vault, pack, range)
    for (const named of this.#named) {
      const body = await this.#body(named, fetch)
      if (body === undefined) continue
      const said = saidIn(named.entry, body)
      vault = said.vault ?? vault
      for (const { device, name } of said.devices) {
        const since = this.state.spine.devices.get(toHex(device))?.since
        if (since === named.entry.header.sequence) devices.set(toHex(device), name)
      }
      for (const item of this.#opened(named.entry, said.vaults)) listed.set(toHex(item.vault), item)
    }
    return { vault, devices, listed: [...listed.values()] }
  }

  async #body({ entry, spine }: Named, fetch: PackFetch): Promise<Uint8Array | undefined> {
    if (entry.payload.length === 0) return undefined
    try {
      const read = await readPayload(entry, { keys: this.keys, spine, fetch })
      return 'body' in read ? read.body : undefined
    } catch (error) {
      const isLost = error instanceof ClientError && ['pack-unavailable', 'key-withheld'].includes(error.code)
      // The keys of the newest epoch are what counts; an older one out of reach, or a lost pack, costs names.
      if (isLost && this.keys.epochKeys.size > 0) return undefined
      throw error
    }
  }

  /** A list is sealed to the genesis identity of its time: to this one, or to one that it was renewed from. */
  #opened({ header, payload }: Entry, seal: Uint8Array | undefined): VaultListItem[] {
    if (seal === undefined || !equal(this.state.spine.genesisIdentity, this.#identity.sign.publicKey))
      return []
    const binding = header.kind === 'genesis' ? header.nonce : this.vault
    try {
      const epoch = containerEpoch(payload, 'payload')
      return openVaultList({ pair: this.#identity.kem, kind: 'identity', binding, epoch, seal })
    } catch (error) {
      if (error instanceof CryptoError) return []
      throw error
    }
  }
}

interface Said {
  readonly vault?: string | undefined
  readonly devices: ReturnType<typeof decodeMemberPayload>['devices']
  readonly vaults?: Uint8Array | undefined
}

function saidIn({ header }: Entry, body: Uint8Array): Said {
  try {
    if (header.kind === 'member') return decodeMemberPayload(body)
    if (header.kind === 'config') {
      const { name, vaults } = decodeConfigPayload(body)
      return { vault: name, vaults, devices: [] }
    }
    const { name, deviceName, vaults } = decodeGenesisPayload(body)
    return { vault: name, vaults, devices: [{ device: header.device, name: deviceName }] }
  } catch (error) {
    if (error instanceof CryptoError) return { devices: [] }
    throw error
  }
}
