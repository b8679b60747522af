// One connection to a relay for measuring it: sends packs that are there already and reads them again, with as little work of its own
// as the protocol allows.
import { randomBytes } from 'node:crypto'
import {
  certifyDevice,
  encodeCertificate,
  identityFromEntropy,
  makeDevice,
  makeGenesis,
  publicDevice,
  publicIdentity,
  sign,
  systemRandom,
  type Device,
  type Identity,
  type PackId,
  type SigningPair,
  type VaultId,
} from '@grenier/crypto'
import {
  decodeRelayMessage,
  encodeMessage,
  limits,
  loginBytes,
  loginLabel,
  parseRelayUrl,
  protocolVersion,
  type ClientMessage,
  type ClientRequest,
  type KeyKind,
  type RelayMessage,
} from '@grenier/protocol'
import { WebSocket } from 'ws'

/** A pack that is made when it is sent: `bytes` of it is a view that is good until the next call. */
export interface ReadyPack {
  readonly name: PackId
  readonly sizeBytes: number
  bytes(from: number, until: number): Uint8Array
}

type Unnumbered<T> = T extends ClientMessage ? Omit<T, 'id'> : never
type Asked = Unnumbered<ClientRequest>
/** Says whether it has ended; throws what makes it fail. */
type Listener = (message: RelayMessage) => boolean

/** A connection that is somebody, with a vault of its own. */
export class RelayClient {
  readonly #socket: WebSocket
  readonly #listeners = new Map<number, Listener>()
  readonly #fail: (error: Error) => void
  /** Rejects when the connection ends: all that is under way with it. */
  readonly #failure: Promise<never>
  #challenged: ((nonce: Uint8Array) => void) | undefined
  #ids = 0

  private constructor(url: string) {
    const failure = Promise.withResolvers<never>()
    this.#failure = failure.promise
    this.#failure.catch(() => undefined)
    this.#fail = failure.reject
    this.#socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: limits.frameBytes })
    this.#socket.on('message', (data: Buffer) => this.#hear(decodeRelayMessage(data)))
    this.#socket.on('error', this.#fail)
    this.#socket.on('close', () => this.#fail(new Error('the relay hung up')))
  }

  /** Opens an account and a vault; gives the connection of its one device. */
  static async open(url: string): Promise<{ client: RelayClient; vault: VaultId }> {
    const identity = identityFromEntropy(randomBytes(32))
    const device = makeDevice(systemRandom)
    const certificate = certifyDevice(identity, publicDevice(device))
    const owner = await RelayClient.#connect(url, identity.sign, 'identity')
    await owner.ask({ type: 'open-account', certificate: encodeCertificate(certificate) })
    owner.close()
    const client = await RelayClient.#connect(url, device.sign, 'device')
    return { client, vault: await client.#makeVault(identity, device) }
  }

  static async #connect(url: string, pair: SigningPair, keyKind: KeyKind): Promise<RelayClient> {
    const client = new RelayClient(url)
    const relayNonce = await client.#orFail(new Promise<Uint8Array>((told) => (client.#challenged = told)))
    const clientNonce = randomBytes(32)
    const key = pair.publicKey
    const facts = { origin: parseRelayUrl(url).origin, relayNonce, clientNonce, keyKind, key }
    const signature = sign(pair.secretKey, loginLabel, loginBytes(facts))
    await client.ask({ type: 'login', version: protocolVersion, keyKind, key, clientNonce, signature })
    return client
  }

  /** Asks, and waits for `ok`. */
  ask(message: Asked): Promise<void> {
    return this.#request(message, () => false)
  }

  /** Sends a pack as credit comes; resolves when it is durable. */
  put(vault: VaultId, pack: ReadyPack): Promise<void> {
    const { name, sizeBytes } = pack
    let sent = 0
    const sendUpTo = (id: number, until: number): void => {
      for (; sent < until; sent = Math.min(sent + limits.partBytes, until)) {
        const bytes = pack.bytes(sent, Math.min(sent + limits.partBytes, until))
        this.#send({ type: 'part', id, offset: sent, bytes })
      }
    }
    const done = this.#request({ type: 'put', vault, pack: name, sizeBytes }, (message, id) => {
      if (message.type === 'credit') sendUpTo(id, message.offset + message.bytes)
      return false
    })
    sendUpTo(this.#ids, Math.min(sizeBytes, limits.putFreeBytes))
    return done
  }

  /** Reads a pack, with a credit that each part renews as a client's does. */
  get(vault: VaultId, { name, sizeBytes }: ReadyPack, windowBytes: number): Promise<void> {
    let received = 0
    let granted = Math.min(windowBytes, sizeBytes)
    const get = {
      type: 'get',
      vault,
      pack: name,
      offset: 0,
      length: sizeBytes,
      creditBytes: granted,
    } as const
    return this.#request(get, (message, id) => {
      if (message.type !== 'data') return false
      received += message.bytes.length
      const bytes = Math.min(message.bytes.length, sizeBytes - granted)
      granted += bytes
      if (bytes > 0) this.#send({ type: 'more', id, bytes })
      return received === sizeBytes
    })
  }

  close(): void {
    this.#socket.close()
  }

  async #makeVault(identity: Identity, device: Device): Promise<VaultId> {
    const certificate = certifyDevice(identity, publicDevice(device))
    const owner = { identity: publicIdentity(identity), device, certificate, random: systemRandom }
    const { entry, state } = makeGenesis({ ...owner, name: 'bench', deviceName: 'bench', at: Date.now() })
    await this.ask({ type: 'append', vault: state.vault, entry: entry.bytes })
    return state.vault
  }

  #request(message: Asked, hear: (message: RelayMessage, id: number) => boolean): Promise<void> {
    const id = (this.#ids += 1)
    const done = new Promise<void>((resolve, reject) => {
      this.#listeners.set(id, (heard) => {
        if (heard.type === 'error') reject(new Error(`${message.type}: ${heard.code}`))
        else if (heard.type === 'ok' || hear(heard, id)) resolve()
        else return false
        return true
      })
    })
    this.#send({ ...message, id })
    return this.#orFail(done)
  }

  #orFail<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#failure])
  }

  #send(message: ClientMessage): void {
    this.#socket.send(encodeMessage(message))
  }

  #hear(message: RelayMessage): void {
    if (message.type === 'challenge') this.#challenged?.(message.nonce)
    else if (!('id' in message) || message.id === undefined) this.#fail(new Error(JSON.stringify(message)))
    else if (this.#listeners.get(message.id)?.(message) === true) this.#listeners.delete(message.id)
  }
}
