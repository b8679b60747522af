#!/usr/bin/env node
// A second reader of Grenier's archives, written from docs/FORMAT.md (the numbers in § are its sections) and from nothing else. It shares no code
// with the packages of the project and takes its primitives from other libraries, so that two programs that never met agree on the format.
//
//   node decrypt.mjs NAME.grenier WORDS.txt            lists what is in it
//   node decrypt.mjs NAME.grenier WORDS.txt DIRECTORY  unpacks it into a new directory
//
// It needs Node 24 and, beside this file, `npm install @noble/ciphers @noble/curves @noble/hashes @noble/post-quantum bip39`. It checks hashes,
// signatures, the chain, rights, commitments, and the id of each chunk. It keeps the tree in memory. A file of which a part is damaged it names and
// leaves out, and exits with 3; where the log is damaged it stops. The `grenier decrypt` of the project reads on, and brings what is left of a file.
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import process, { argv } from 'node:process'
import { pathToFileURL } from 'node:url'
import { constants, zstdDecompressSync } from 'node:zlib'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ed25519 } from '@noble/curves/ed25519.js'
import { blake2b } from '@noble/hashes/blake2.js'
import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js'
import bip39 from 'bip39'

/** What is wrong, with a code of §12. */
export class Fault extends Error {
  constructor(code, message = code) {
    super(`${code}: ${message}`)
    this.code = code
  }
}
const check = (holds, code, message) => {
  if (!holds) throw new Fault(code, message)
}

// ---------------------------------------------------------------- §2 notation

const hex = (bytes) => Buffer.from(bytes).toString('hex')
const equal = (a, b) => Buffer.compare(a, b) === 0
const join = (...parts) => new Uint8Array(Buffer.concat(parts))
const label = (text) => Buffer.from(`${text}\0`)
const u64 = (value) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}
export const H = (name, ...m) => blake2b(join(label(name), ...m), { dkLen: 32 })
export const K = (key, name, ...m) => blake2b(join(label(name), ...m), { dkLen: 32, key })
export const K512 = (key, name, ...m) => blake2b(join(label(name), ...m), { dkLen: 64, key })
const noNonce = new Uint8Array(12)
export function unbox(key, boxed, nonce = noNonce) {
  try {
    return chacha20poly1305(key, nonce).decrypt(boxed)
  } catch {
    throw new Fault('seal-broken')
  }
}
export function verify(key, name, signature, ...m) {
  let holds = false
  try {
    holds = ed25519.verify(signature, join(label(name), ...m), key, { zip215: false })
  } catch {
    // A key or signature that is none.
  }
  check(holds, 'signature-wrong', name)
}

// ---------------------------------------------------------------- §4 CBOR

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The value of deterministic CBOR: integers as numbers or, where those do not hold them, as BigInt; maps as Map. */
export function decodeCbor(bytes) {
  let at = 0
  const take = (length) => {
    check(length <= bytes.length - at, 'malformed', 'ends early')
    at += length
    return bytes.subarray(at - length, at)
  }
  const argument = (info) => {
    if (info < 24) return BigInt(info)
    check(info < 28, 'malformed', 'indefinite or reserved')
    const value = BigInt(`0x${hex(take(1 << (info - 24)))}`)
    const least = [24n, 1n << 8n, 1n << 16n, 1n << 32n][info - 24]
    check(value >= least, 'malformed', 'not in the shortest form')
    return value
  }
  const number = (value) =>
    BigInt(Number(value)) === value && Number.isSafeInteger(Number(value)) ? Number(value) : value
  const length = (value) => {
    check(value <= BigInt(bytes.length), 'malformed', 'ends early')
    return Number(value)
  }
  const value = (depth) => {
    check(depth <= 32, 'limit', 'too deep')
    const [first] = take(1)
    const [major, info] = [first >> 5, first & 31]
    if (major === 7) {
      check(info >= 20 && info <= 22, 'malformed', 'a float or simple value')
      return [false, true, null][info - 20]
    }
    const count = argument(info)
    if (major === 0) return number(count)
    if (major === 1) return number(-1n - count)
    if (major === 2) return Uint8Array.from(take(length(count)))
    if (major === 3) return string(take(length(count)))
    check(major !== 6, 'malformed', 'a tag')
    if (major === 4) return Array.from({ length: length(count) }, () => value(depth + 1))
    return map(length(count), depth)
  }
  const string = (raw) => {
    try {
      return text.decode(raw)
    } catch {
      throw new Fault('malformed', 'text that is no UTF-8')
    }
  }
  const map = (count, depth) => {
    const out = new Map()
    let before
    // What an entry takes, for the limit on keys that are kept (§18).
    out.sizes = new Map()
    for (let i = 0; i < count; i += 1) {
      const start = at
      const key = value(depth + 1)
      check(typeof key === 'string', 'malformed', 'a key that is no text')
      const encoded = bytes.subarray(start, at)
      check(before === undefined || Buffer.compare(before, encoded) < 0, 'malformed', 'keys out of order')
      before = encoded
      out.set(key, value(depth + 1))
      out.sizes.set(key, at - start)
    }
    return out
  }
  const result = value(1)
  check(at === bytes.length, 'malformed', 'something follows')
  return result
}

/** Encodes what `decodeCbor` gives: to hash a public part without its proof (§12). */
export function encodeCbor(value) {
  const head = (major, count) => {
    const big = BigInt(count)
    if (big < 24n) return Buffer.from([(major << 5) | Number(big)])
    const width = big < 1n << 8n ? 0 : big < 1n << 16n ? 1 : big < 1n << 32n ? 2 : 3
    const digits = big.toString(16).padStart(2 << width, '0')
    return Buffer.from(((major << 5) | (24 + width)).toString(16) + digits, 'hex')
  }
  if (value === false || value === true || value === null)
    return Buffer.from([{ false: 0xf4, true: 0xf5, null: 0xf6 }[value]])
  if (typeof value === 'number' || typeof value === 'bigint')
    return value < 0 ? head(1, -1n - BigInt(value)) : head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value])
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(encodeCbor)])
  const entries = [...value].map(([key, inner]) => [encodeCbor(key), encodeCbor(inner)])
  entries.sort(([a], [b]) => Buffer.compare(a, b))
  return Buffer.concat([head(5, entries.length), ...entries.flat()])
}

// ---------------------------------------------------------------- §5 phrase and identity, §6 certificates

/** The words of a text without capitals and accents; by their numbers, if they have any. */
function inOrder(text) {
  const tokens = text.match(/\d+|[^\s,;\d]+/gu) ?? []
  if (!tokens.some((token) => /\d/u.test(token))) return tokens
  const words = []
  for (let at = 0; at < tokens.length; at += 2) words[Number(tokens[at]) - 1] = tokens[at + 1]
  const isWhole =
    words.length * 2 === tokens.length && !Array.from(words).some((word) => !/^\D+$/u.test(word ?? '1'))
  if (!isWhole) throw new Error('the numbers are not those of the words')
  return words
}

/** The 32 bytes of 24 words, or the 16 of 12, of any list; case, accents, white space, commas and numbers before the words as they come. */
export function entropyOf(phrase) {
  const plain = (word) =>
    word
      .normalize('NFKD')
      .replace(/[\u0300-\u036f]/g, '')
      .toLowerCase()
  const words = inOrder(plain(phrase).replace(/(\d)[.):]/gu, '$1 '))
  const found = new Set()
  for (const list of Object.values(bip39.wordlists)) {
    const known = new Map(list.map((word, index) => [plain(word), index]))
    if (!words.every((word) => known.has(word))) continue
    const bits = words.map((word) => known.get(word).toString(2).padStart(11, '0')).join('')
    const entropyBits = (bits.length * 32) / 33
    if (entropyBits !== 256 && entropyBits !== 128) continue
    const bytes = Buffer.from(
      bits
        .slice(0, entropyBits)
        .match(/.{8}/g)
        .map((byte) => Number.parseInt(byte, 2)),
    )
    const sum = createHash('sha256').update(bytes).digest()[0].toString(2).padStart(8, '0')
    if (sum.startsWith(bits.slice(entropyBits))) found.add(hex(bytes))
  }
  check(found.size === 1, 'phrase-wrong')
  return new Uint8Array(Buffer.from([...found][0], 'hex'))
}

/** Key pairs from the words (or, with other labels, from the secret of an invitation). */
export function identityOf(entropy, of = 'identity') {
  const signSeed = K(entropy, `grenier/v1/${of}-sign`)
  const kemSeed = K(entropy, `grenier/v1/${of}-kem`)
  return { signSeed, kemSeed, sign: ed25519.getPublicKey(signSeed), kem: xwing.keygen(kemSeed).publicKey }
}

export function certificateOf(bytes) {
  check(bytes.length === 1376, 'malformed', 'a certificate')
  const identity = bytes.subarray(0, 32)
  verify(identity, 'grenier/v1/device-certificate', bytes.subarray(1312), bytes.subarray(32, 1312))
  return {
    identity,
    kemHash: bytes.subarray(32, 64),
    sign: bytes.subarray(64, 96),
    kem: bytes.subarray(96, 1312),
  }
}

// ---------------------------------------------------------------- §7 seals, §8 vault keys

/** Opens a seal. `kind`: 1 device, 2 identity, 3 invitation. */
export function openSeal(seal, { kemSeed, kind, binding, epoch, blob = false }) {
  check(blob ? seal.length >= 1168 : seal.length === 1200, 'seal-broken')
  const [ciphertext, commitment, boxed] = [
    seal.subarray(0, 1120),
    seal.subarray(1120, 1152),
    seal.subarray(1152),
  ]
  const pair = xwing.keygen(kemSeed)
  let shared
  try {
    shared = xwing.decapsulate(ciphertext, pair.secretKey)
  } catch {
    throw new Fault('seal-broken')
  }
  const name = blob ? 'grenier/v1/seal-blob' : 'grenier/v1/seal'
  const derived = K512(shared, name, ciphertext, pair.publicKey, Uint8Array.of(kind), binding, u64(epoch))
  check(equal(derived.subarray(32), commitment), 'seal-broken')
  return unbox(derived.subarray(0, 32), boxed)
}

/** The blob in the plain of a sealed one. */
export function blobOf(plain) {
  const length = Buffer.from(plain).readUInt32BE(0)
  const padded = Math.max(1024, padme(4 + length))
  check(plain.length === padded && plain.subarray(4 + length).every((byte) => byte === 0), 'seal-broken')
  return plain.subarray(4, 4 + length)
}

export const epochCommitment = (key, binding, epoch) =>
  K(key, 'grenier/v1/epoch-commitment', binding, u64(epoch))

export function openEarlier(sealed, { vault, newKey, newEpoch, oldEpoch }) {
  check(sealed.length === 112, 'seal-broken')
  const place = join(vault, u64(newEpoch), u64(oldEpoch))
  const name = sealed.subarray(0, 32)
  const derived = K512(newKey, 'grenier/v1/earlier-key', place, name)
  check(equal(derived.subarray(32), sealed.subarray(32, 64)), 'seal-broken')
  const key = unbox(derived.subarray(0, 32), sealed.subarray(64))
  check(equal(K(key, 'grenier/v1/earlier-key-name', place), name), 'seal-broken')
  return key
}

export const packKey = (key, binding, epoch) => K(key, 'grenier/v1/pack-key', binding, u64(epoch))
export const payloadKey = (key, binding, epoch) => K(key, 'grenier/v1/payload-key', binding, u64(epoch))
export const chunkIdKey = (key, vault) => K(key, 'grenier/v1/chunk-id-key', vault, u64(0))
export const chunkId = (key, chunk) => K(key, 'grenier/v1/chunk', chunk)

// ---------------------------------------------------------------- §9 containers, §10 sizes

/** The epoch that a container names, in clear. */
function containerEpoch(bytes, type) {
  check(
    bytes.length >= 78 && Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'GRNR',
    'malformed',
    'no container',
  )
  check(bytes[4] === 1, 'version-unknown', 'a container')
  check(bytes[5] === type, 'malformed', 'a container of another type')
  const epoch = Buffer.from(bytes).readBigUInt64BE(6)
  check(epoch <= BigInt(Number.MAX_SAFE_INTEGER), 'malformed', 'an epoch')
  const cells = bytes.length - 78
  check(
    cells > 16 && (cells % 65552 === 0 || cells % 65552 > 16),
    'malformed',
    'a size that no container has',
  )
  return Number(epoch)
}

/** The whole plaintext, with its zeros. `type`: 1 pack, 2 payload. `key`: the pack or payload key of the epoch. */
export function openContainer(bytes, { type, key, binding }) {
  containerEpoch(bytes, type)
  const derived = K512(key, 'grenier/v1/container', binding, bytes.subarray(0, 46))
  check(equal(derived.subarray(32), bytes.subarray(46, 78)), 'seal-broken')
  const count = Math.ceil((bytes.length - 78) / 65552)
  const cells = []
  for (let cell = 0; cell < count; cell += 1) {
    const nonce = join(new Uint8Array(3), u64(cell), Uint8Array.of(cell === count - 1 ? 1 : 0))
    const start = 78 + cell * 65552
    cells.push(unbox(derived.subarray(0, 32), bytes.subarray(start, start + 65552), nonce))
  }
  return join(...cells)
}

export function padme(n) {
  if (n < 8) return n
  const e = Math.floor(Math.log2(n))
  const granule = 2 ** (e - (Math.floor(Math.log2(e)) + 1))
  return Math.ceil(n / granule) * granule
}

/** Exactly one zstd frame, of exactly that length. */
function inflate(bytes, length) {
  let inflated
  try {
    const params = { [constants.ZSTD_d_windowLogMax]: 25 }
    inflated = zstdDecompressSync(bytes, { maxOutputLength: length, params, info: true })
  } catch {
    throw new Fault('malformed', 'no zstd frame of that length')
  }
  const { buffer, engine } = inflated
  check(
    buffer.length === length && engine.bytesWritten === bytes.length,
    'malformed',
    'no zstd frame of that length',
  )
  return new Uint8Array(buffer)
}

// ---------------------------------------------------------------- §12 entries

/** Shape and hashes of an entry; nothing is judged yet. */
export function decodeEntry(bytes) {
  check(bytes.length <= 1048576 + 65536 + 128, 'limit', 'an entry')
  const parts = decodeCbor(bytes)
  check(
    Array.isArray(parts) && parts.length === 3 && parts.every((part) => part instanceof Uint8Array),
    'malformed',
    'an entry',
  )
  const [headerBytes, payload, signature] = parts
  check(headerBytes.length <= 1048576 && payload.length <= 65536, 'limit', 'an entry')
  check(signature.length === 64, 'malformed', 'a signature')
  const header = decodeCbor(headerBytes)
  check(header instanceof Map, 'malformed', 'a header')
  check(header.get('version') === 1, 'version-unknown', 'an entry')
  const kind = header.get('kind')
  check(kinds.has(kind), 'kind-unknown', String(kind))
  const hashes = [H('grenier/v1/header', headerBytes), H('grenier/v1/payload', payload)]
  const bodyHash = H('grenier/v1/body', ...hashes, signature)
  return { header, kind, payload, signature, hashes, bodyHash, part: header.get('public') }
}
const spineKinds = new Set(['genesis', 'member', 'config', 'prune'])
const kinds = new Set([...spineKinds, 'drop', 'change', 'checkpoint'])
export const entryHash = (previous, bodyHash) => H('grenier/v1/entry', previous, bodyHash)
const claimsOf = ({ header }) =>
  [...header.get('added'), ...header.get('restored')].map(([pack, size, epoch]) => ({ pack, size, epoch }))

// ---------------------------------------------------------------- §13–15 the judge and the spine

const rank = { reader: 0, writer: 1, owner: 2 }

/** A log as far as it was read: its chain, who its members are, and what holds its keys. */
export class Log {
  vault = undefined
  head = { sequence: -1, hash: new Uint8Array(32), at: 0 }
  spineHash = undefined
  /** By signing key in hex; `out`: not a member any more. */
  devices = new Map()
  identities = new Map()
  invites = new Map()
  epochs = []
  payloadVersionMax = 1
  /** The public part of the latest prune. */
  prune = undefined

  /** Takes the next entry. @throws Fault */
  take(entry) {
    const { header, kind } = entry
    const isFirst = this.vault === undefined
    check(isFirst === (kind === 'genesis'), 'chain-broken', 'a genesis stands first and nowhere else')
    check(header.get('sequence') === this.head.sequence + 1, 'chain-broken', 'the sequence')
    if (!isFirst) {
      check(equal(header.get('vault'), this.vault), 'chain-broken', 'another vault')
      check(equal(header.get('previous'), this.head.hash), 'chain-broken', 'the previous hash')
      check(equal(header.get('spine'), this.spineHash), 'chain-broken', 'the spine hash')
      check(header.get('at') >= this.head.at, 'chain-broken', 'the time')
      check(this.#mayedBy(header.get('device'), entry), 'no-right', kind)
    }
    verify(header.get('device'), 'grenier/v1/entry-signature', entry.signature, ...entry.hashes)
    const previous = this.head.hash
    this.head = {
      sequence: header.get('sequence'),
      hash: entryHash(previous, entry.bodyHash),
      at: header.get('at'),
    }
    if (isFirst) this.#found(entry)
    else if (kind === 'member') this.#member(entry, previous)
    else if (kind === 'config')
      this.payloadVersionMax = entry.part.get('payloadVersionMax') ?? this.payloadVersionMax
    else if (kind === 'prune') this.prune = entry.part
    if (spineKinds.has(kind)) this.spineHash = this.head.hash
    const { number } = this.epochs.at(-1)
    if (entry.payload.length > 0)
      check(
        containerEpoch(entry.payload, 2) === number,
        'public-part-wrong',
        'the payload is of another epoch',
      )
    for (const [, , epoch] of header.get('added'))
      check(epoch === number, 'public-part-wrong', 'a pack of another epoch')
  }

  /** Takes the body hash of an entry that the relay retired. */
  takeRetired(bodyHash) {
    check(this.vault !== undefined, 'chain-broken', 'a log that begins with a retired entry')
    const { sequence, hash, at } = this.head
    this.head = { sequence: sequence + 1, hash: entryHash(hash, bodyHash), at }
  }

  #mayedBy(signer, { kind, part }) {
    const key = hex(signer)
    const device = this.devices.get(key)
    const role = device === undefined || device.out ? undefined : device.role
    if (kind === 'change' || kind === 'checkpoint') return role === 'writer' || role === 'owner'
    const action = kind === 'member' ? part.get('action') : undefined
    if (action === 'accept') return this.invites.has(key)
    const isIdentity = this.identities.get(key)?.out === false
    if (action === 'recover' || action === 'renew') return isIdentity
    return role === 'owner' || (kind === 'member' && isIdentity && key === this.genesisIdentity)
  }

  #found({ header, part }) {
    const certificate = certificateOf(part.get('certificate'))
    const kem = part.get('identityKem')
    check(
      equal(certificate.sign, header.get('device')),
      'public-part-wrong',
      'another device than the certificate’s',
    )
    check(
      equal(certificate.kemHash, H('grenier/v1/kem-key', kem)),
      'public-part-wrong',
      'another identity than the certificate’s',
    )
    this.vault = this.head.hash
    this.nonce = header.get('nonce')
    this.genesisIdentity = hex(certificate.identity)
    this.#join('devices', certificate, 'owner', hex(certificate.identity))
    this.#join('identities', { sign: certificate.identity, kem }, 'owner')
    this.#open(part.get('epoch'), this.nonce)
  }

  #join(among, { sign, kem }, role, identity) {
    this[among].set(hex(sign), { kem, role, identity, out: false })
  }

  #open(opening, binding = this.vault) {
    if (opening === undefined) return
    const number = opening.get('number')
    check(number > (this.epochs.at(-1)?.number ?? -1), 'public-part-wrong', 'an epoch that is no new one')
    const seals = new Map(
      opening.get('seals').map(([recipient, seal]) => [hex(recipient), { seal, binding }]),
    )
    this.epochs.push({
      number,
      commitment: opening.get('commitment'),
      earlier: opening.get('earlier'),
      seals,
    })
  }

  #leave(among, key) {
    const member = this[among].get(hex(key))
    check(member?.out === false, 'public-part-wrong', 'not a member')
    member.out = true
  }

  #proof(part, proof, name, key, previous) {
    const rest = new Map([...part].filter(([field]) => field !== proof))
    const digest = H('grenier/v1/public-part', encodeCbor(rest))
    verify(key, name, part.get(proof), this.vault, previous, digest)
  }

  #member({ header, part }, previous) {
    const signer = hex(header.get('device'))
    const action = part.get('action')
    if (action === 'invite')
      this.invites.set(hex(part.get('invitee').get('sign')), {
        role: part.get('role'),
        seal: part.get('seal'),
      })
    else if (action === 'accept') this.#accept(part, signer, previous)
    else if (action === 'cancel') for (const key of part.get('invites')) this.invites.delete(hex(key))
    else if (action === 'revoke') this.#revoke(part)
    else if (action === 'role') this.#setRole(part)
    else if (action === 'recover') this.#recover(part, signer)
    else if (action === 'renew') this.#renew(part, signer, previous)
    else check(action === 'rekey', 'kind-unknown', action)
    this.#open(part.get('epoch'))
  }

  #accept(part, signer, previous) {
    const device = { sign: part.get('device').get('sign'), kem: part.get('device').get('kem') }
    this.#proof(part, 'signature', 'grenier/v1/accept', device.sign, previous)
    const { role } = this.invites.get(signer)
    this.invites.delete(signer)
    let identity
    if (part.has('identity')) {
      const certificate = certificateOf(part.get('identity').get('certificate'))
      const kem = part.get('identity').get('kem')
      check(
        equal(certificate.sign, device.sign) && equal(certificate.kem, device.kem),
        'public-part-wrong',
        'another device',
      )
      check(equal(certificate.kemHash, H('grenier/v1/kem-key', kem)), 'public-part-wrong', 'another identity')
      identity = hex(certificate.identity)
      const known = this.identities.get(identity)
      const isMember = known?.out === false
      const higher = isMember && rank[known.role] > rank[role] ? known.role : role
      this.#join('identities', { sign: certificate.identity, kem: known?.kem ?? kem }, higher)
    }
    this.#join('devices', device, role, identity)
    const { seals } = this.epochs.at(-1)
    for (const [recipient, seal] of part.get('seals'))
      seals.set(hex(recipient), { seal, binding: this.vault })
  }

  #revoke(part) {
    for (const key of part.get('devices')) this.#leave('devices', key)
    for (const key of part.get('identities')) {
      check(hex(key) !== this.genesisIdentity, 'public-part-wrong', 'the genesis identity')
      this.#leave('identities', key)
      for (const device of this.devices.values()) if (device.identity === hex(key)) device.out = true
    }
    this.invites.clear()
  }

  #setRole(part) {
    const key = hex(part.get('member'))
    const role = part.get('role')
    const own = [...this.devices.values()].filter((device) => device.identity === key && !device.out)
    const changed = this.identities.has(key) ? [this.identities.get(key), ...own] : [this.devices.get(key)]
    check(
      changed.every((member) => member?.out === false),
      'public-part-wrong',
      'not a member',
    )
    if (changed.some((member) => rank[role] < rank[member.role])) this.invites.clear()
    for (const member of changed) member.role = role
  }

  #recover(part, signer) {
    const certificate = certificateOf(part.get('certificate'))
    check(hex(certificate.identity) === signer, 'public-part-wrong', 'another identity')
    const revoked = part.get('revoked')
    for (const key of revoked) {
      const isOwn = this.devices.get(hex(key))?.identity === signer
      check(isOwn || signer === this.genesisIdentity, 'public-part-wrong', 'a device of somebody else')
      this.#leave('devices', key)
    }
    if (revoked.length > 0) this.invites.clear()
    this.#join('devices', certificate, this.identities.get(signer).role, signer)
  }

  #renew(part, signer, previous) {
    const [sign, kem] = [part.get('identity').get('sign'), part.get('identity').get('kem')]
    this.#proof(part, 'signature', 'grenier/v1/renew', sign, previous)
    for (const bytes of part.get('certificates')) {
      const certificate = certificateOf(bytes)
      check(equal(certificate.identity, sign), 'public-part-wrong', 'another identity')
      const device = this.devices.get(hex(certificate.sign))
      check(device?.identity === signer && !device.out, 'public-part-wrong', 'no device of this identity')
      device.identity = hex(sign)
    }
    const old = this.identities.get(signer)
    old.out = true
    this.#join('identities', { sign, kem }, old.role)
    if (signer === this.genesisIdentity) this.genesisIdentity = hex(sign)
  }

  /** §16: vault keys by epoch, for whoever has this signing key and KEM seed. `kind`: as in `openSeal`. */
  keysFor({ sign, kemSeed, kind = 2 }) {
    const keys = new Map()
    const isKey = (key, epoch) =>
      equal(
        epochCommitment(key, epoch.number === 0 ? this.nonce : this.vault, epoch.number),
        epoch.commitment,
      )
    for (const epoch of [...this.epochs].reverse()) {
      const sealed = keys.has(epoch.number) ? undefined : epoch.seals.get(hex(sign))
      if (sealed !== undefined) {
        const key = openSeal(sealed.seal, { kemSeed, kind, binding: sealed.binding, epoch: epoch.number })
        check(isKey(key, epoch), 'seal-broken', 'a key that was not committed to')
        keys.set(epoch.number, key)
      }
      const newKey = keys.get(epoch.number)
      if (newKey === undefined) continue
      for (const [oldEpoch, bytes] of epoch.earlier) {
        const old = this.epochs.find(({ number }) => number === oldEpoch)
        if (old === undefined || keys.has(oldEpoch)) continue
        try {
          const key = openEarlier(bytes, { vault: this.vault, newKey, newEpoch: epoch.number, oldEpoch })
          if (isKey(key, old)) keys.set(oldEpoch, key)
        } catch (error) {
          // Passed over: a later epoch may hold the same key, sealed rightly.
          if (!(error instanceof Fault)) throw error
        }
      }
    }
    return keys
  }
}

// ---------------------------------------------------------------- §17 payloads

const bodyBytesMax = 32 * 1024 * 1024

/** The body that a frame holds; of codec 2 the pointer. */
export function openFrame(plain, versionMax = 1, codecMax = 2) {
  check(plain.length >= 10, 'malformed', 'a frame')
  const view = Buffer.from(plain)
  const [version, codec, bodyBytes, storedBytes] = [
    view[0],
    view[1],
    view.readUInt32BE(2),
    view.readUInt32BE(6),
  ]
  check(version > 0 && version <= versionMax, 'malformed', 'a version that is not allowed')
  check(version === 1, 'version-unknown', 'a payload')
  check(codec <= codecMax, 'malformed', 'a codec')
  check(bodyBytes <= bodyBytesMax, 'limit', 'a body')
  check(
    storedBytes <= plain.length - 10 && (codec === 1 || storedBytes === bodyBytes),
    'malformed',
    'lengths',
  )
  check(
    plain.subarray(10 + storedBytes).every((byte) => byte === 0),
    'malformed',
    'something follows',
  )
  const stored = plain.subarray(10, 10 + storedBytes)
  return { body: codec === 1 ? inflate(stored, bodyBytes) : stored, isPointer: codec === 2 }
}

/** The body of an entry's payload. `openPack`: gives the plaintext of one of the packs that the entry adds. */
export function payloadBody(plain, { versionMax = 1, openPack }) {
  const { body, isPointer } = openFrame(plain, versionMax)
  if (!isPointer) return body
  const pointer = decodeCbor(body)
  const length = pointer.get('plainBytes')
  check(length <= bodyBytesMax + 10, 'limit', 'a payload')
  const plains = pointer.get('packs').map(openPack)
  const held = join(...plains)
  check(
    plains.length === Math.ceil(length / 4193202) && held.length >= length,
    'malformed',
    'other packs than that takes',
  )
  check(
    held.subarray(length).every((byte) => byte === 0),
    'malformed',
    'something follows',
  )
  const frame = held.subarray(0, length)
  check(equal(H('grenier/v1/payload-packs', frame), pointer.get('hash')), 'malformed', 'another payload')
  const view = Buffer.from(frame)
  check(view.readUInt32BE(6) === frame.length - 10, 'malformed', 'lengths')
  return openFrame(frame, versionMax, 1).body
}

// ---------------------------------------------------------------- §18 the state

const known = {
  file: ['op', 'parent', 'name', 'replaces', 'kind', 'mode', 'mtime', 'size', 'depth', 'chunks'],
  directory: ['op', 'parent', 'name', 'replaces', 'kind', 'mode'],
  link: ['op', 'parent', 'name', 'replaces', 'kind', 'mtime', 'target'],
}
class Void extends Error {}
const must = (holds, why) => {
  if (!holds) throw new Void(why)
}

/** The tree and the places of chunks, folded entry by entry. Names are strings of one character a byte. */
export class State {
  nodes = new Map([['root', { kind: 'directory', children: new Map() }]])
  /** By chunk id: every place that is claimed, the latest last. */
  places = new Map()
  voids = []
  #undo = []

  /** A change. `body`: undefined for one that does not open: void. */
  change(entry, body) {
    const sequence = entry.header.get('sequence')
    let index = []
    try {
      must(body !== undefined, 'unreadable')
      const change = decodeCbor(body)
      index = indexOf(change.get('index'), claimsOf(entry))
      const own = new Set(index.flatMap(({ chunks }) => chunks.map(({ id }) => hex(id))))
      change.get('operations').forEach((operation, i) => this.#apply(operation, { sequence, i, index, own }))
      this.#undo = []
    } catch (error) {
      if (!(error instanceof Void || error instanceof Fault)) throw error
      for (const undo of this.#undo.reverse()) undo()
      this.#undo = []
      this.voids.push({ sequence, why: error.message })
      return
    }
    this.claim(index, sequence)
  }

  claim(index, sequence) {
    for (const { claim, chunks } of index) {
      let offset = claim.from ?? 0
      for (const chunk of chunks) {
        const list = this.places.get(hex(chunk.id)) ?? []
        list.push({ ...claim, ...chunk, offset, sequence })
        this.places.set(hex(chunk.id), list)
        offset += chunk.stored
      }
    }
  }

  drop(packs) {
    const gone = new Set(packs.map(hex))
    for (const [id, list] of this.places) {
      const kept = list.filter(({ pack }) => !gone.has(hex(pack)))
      if (kept.length === 0) this.places.delete(id)
      else this.places.set(id, kept)
    }
  }

  /** Becomes the state that these bytes say (§19). */
  load(bytes) {
    const claims = new Map()
    const nodes = []
    let [open, ends] = [undefined, undefined]
    for (const item of itemsIn(bytes)) {
      check(ends === undefined, 'malformed', 'something follows the state')
      if (open !== undefined && open.ids.length < open.count) {
        const [id, plain, stored] = item
        this.claim(
          [{ claim: { ...open.claim, from: open.bytes }, chunks: [{ id, plain, stored }] }],
          open.sequence,
        )
        open.bytes += stored
        open.ids.push(id)
      } else if (item[0] === 0) check(item[1] === 1, 'version-unknown', 'a state')
      else if (item[0] === 1) {
        const [, sequence, position, pack, size, epoch, , count] = item
        open = { claim: { pack, size, epoch }, sequence, count, ids: [], bytes: 0 }
        claims.set(`${sequence}.${position}`, open)
      } else if (item[0] === 2) nodes.push(item)
      else ends = item
    }
    check(
      ends?.[1] === claims.size && ends[2] === nodes.length,
      'malformed',
      'other counts than the state says',
    )
    this.#loadNodes(nodes, claims)
  }

  #loadNodes(nodes, claims) {
    const idIn = (where) => {
      if (where instanceof Uint8Array) return where
      const id = claims.get(`${where[0]}.${where[1]}`)?.ids[where[2]]
      check(id !== undefined, 'malformed', 'a place that the state does not list')
      return id
    }
    const valueOf = ([tag, ...rest]) => {
      if (tag === 1) return { kind: 'directory', mode: rest[0], children: new Map() }
      if (tag === 2) return { kind: 'link', mtime: BigInt(rest[0]), target: rest[1] }
      const [mode, mtime, size, depth, chunks] = rest
      return { kind: 'file', mode, mtime: BigInt(mtime), size, depth, chunks: chunks.map(idIn) }
    }
    for (const [, sequence, operation, parent, name, ...value] of nodes)
      this.nodes.set(`${sequence}.${operation}`, {
        ...valueOf(value),
        parent: parent.length === 0 ? 'root' : parent.join('.'),
        name: Buffer.from(name).toString('latin1'),
      })
    for (const [id, { parent, name }] of this.nodes) {
      if (id === 'root') continue
      const children = this.nodes.get(parent)?.children
      check(children !== undefined && !children.has(name), 'malformed', 'a node that has no place')
      children.set(name, id)
      for (let [up, depth] = [parent, 0]; up !== 'root'; up = this.nodes.get(up).parent, depth += 1)
        check(depth < 4096 && this.nodes.has(up), 'malformed', 'a node below itself')
    }
  }

  #apply(operation, at) {
    const op = operation.get('op')
    if (op === 'put') this.#put(operation, at)
    else if (op === 'remove') this.#remove(this.#existing(operation.get('node'), at))
    else if (op === 'move') this.#move(operation, at)
    else throw new Void('an operation that is none')
  }

  #put(operation, at) {
    const target = this.#target(operation, at)
    const kind = operation.get('kind')
    const holder = target.parent.children.get(target.name)
    const value = this.#valueOf(operation, at)
    const unknown = [...operation.keys()].filter((key) => !known[kind].includes(key))
    const unknownBytes = unknown.reduce(
      (sum, key) => sum + operation.sizes.get(key),
      unknown.length < 24 ? 1 : unknown.length < 256 ? 2 : 3,
    )
    must(unknown.length === 0 || unknownBytes <= 65536, 'too much that is not known')
    if (holder !== undefined && !operation.has('replaces') && this.nodes.get(holder).kind === kind) {
      const before = this.nodes.get(holder)
      this.#set(holder, { ...before, ...value })
      return
    }
    this.#clear(target, operation, at)
    const id = `${at.sequence}.${at.i}`
    this.#set(id, {
      ...value,
      parent: target.id,
      name: target.name,
      ...(kind === 'directory' ? { children: new Map() } : {}),
    })
    this.#link(target.parent, target.name, id)
  }

  #move(operation, at) {
    const id = this.#existing(operation.get('node'), at)
    const target = this.#target(operation, at)
    must(!this.#isWithin(target.id, id), 'below itself')
    const holder = target.parent.children.get(target.name)
    must(holder === undefined || !this.#isWithin(id, holder), 'over itself or a directory above')
    this.#clear(target, operation, at)
    const node = this.nodes.get(id)
    this.#link(this.nodes.get(node.parent), node.name, undefined)
    this.#set(id, { ...node, parent: target.id, name: target.name })
    this.#link(target.parent, target.name, id)
  }

  #target(operation, at) {
    const parent = operation.get('parent')
    const id = parent === null ? 'root' : this.#idOf(parent, at)
    const node = this.nodes.get(id)
    must(node?.kind === 'directory', 'no such parent')
    let depth = 0
    for (let up = id; up !== 'root'; up = this.nodes.get(up).parent) depth += 1
    must(depth <= 4096, 'too deep')
    const given = operation.get('name')
    const bytes = Buffer.from(given)
    must(bytes.length >= 1 && bytes.length <= 255 && !bytes.includes(0) && !bytes.includes(0x2f), 'no name')
    const name = bytes.toString('latin1')
    must(name !== '.' && name !== '..' && !(id === 'root' && name === '.grenier'), 'no name')
    must(typeof given === 'string' || !isUtf8(bytes), 'a name that should be a text')
    return { id, parent: node, name }
  }

  /** The name becomes free: who has it is named as replaced, and goes with all below. */
  #clear({ parent, name }, operation, at) {
    const holder = parent.children.get(name)
    const replaces = operation.has('replaces') ? this.#idOf(operation.get('replaces'), at) : undefined
    must(replaces === holder, holder === undefined ? 'nothing to replace' : 'the name is taken')
    if (holder !== undefined) this.#remove(holder)
  }

  #remove(id) {
    const { parent, name, children } = this.nodes.get(id)
    for (const child of [...(children?.values() ?? [])]) this.#remove(child)
    this.#link(this.nodes.get(parent), name, undefined)
    this.#set(id, undefined)
  }

  #existing(ref, at) {
    const id = this.#idOf(ref, at)
    must(id !== 'root' && this.nodes.has(id), 'no such node')
    return id
  }

  #idOf(ref, { sequence, i }) {
    must(typeof ref !== 'number' || ref < i, 'an operation that comes later')
    return typeof ref === 'number' ? `${sequence}.${ref}` : `${ref[0]}.${ref[1]}`
  }

  #isWithin(id, around) {
    for (let at = id; at !== undefined; at = this.nodes.get(at)?.parent) if (at === around) return true
    return false
  }

  #valueOf(operation, { index, own }) {
    const kind = operation.get('kind')
    must(Object.hasOwn(known, kind), 'a kind that is none')
    const [mode, mtime] = [operation.get('mode'), operation.get('mtime')]
    if (kind === 'directory') return { kind, mode }
    if (kind === 'link') return { kind, mtime: BigInt(mtime), target: operation.get('target') }
    const chunks = operation.get('chunks').map((chunk) => {
      if (!(chunk instanceof Uint8Array)) {
        const id = index[chunk[0]]?.chunks[chunk[1]]?.id
        must(id !== undefined, 'no such chunk')
        return id
      }
      must(own.has(hex(chunk)) || this.places.has(hex(chunk)), 'a chunk without a place')
      return chunk
    })
    return {
      kind,
      mode,
      mtime: BigInt(mtime),
      size: operation.get('size'),
      depth: operation.get('depth'),
      chunks,
    }
  }

  #set(id, node) {
    const before = this.nodes.get(id)
    this.#undo.push(() => (before === undefined ? this.nodes.delete(id) : this.nodes.set(id, before)))
    if (node === undefined) this.nodes.delete(id)
    else this.nodes.set(id, node)
  }

  #link({ children }, name, id) {
    const before = children.get(name)
    this.#undo.push(() => (before === undefined ? children.delete(name) : children.set(name, before)))
    if (id === undefined) children.delete(name)
    else children.set(name, id)
  }
}

// ---------------------------------------------------------------- §19 checkpoints

/** The hash of state bytes: of the hashes of its parts of 1 MiB. */
function stateHash(bytes) {
  const parts = []
  for (let at = 0; at < bytes.length; at += 1048576)
    parts.push(H('grenier/v1/state-part', bytes.subarray(at, at + 1048576)))
  return H('grenier/v1/state', ...parts)
}

/** The items of a CBOR sequence, one by one: arrays of integers, byte strings and arrays. */
function* itemsIn(bytes) {
  for (let at = 0; at < bytes.length;) {
    const length = itemBytes(bytes, at)
    yield decodeCbor(bytes.subarray(at, at + length))
    at += length
  }
}

/** How long the item is that begins there. */
function itemBytes(bytes, start) {
  check(start < bytes.length, 'malformed', 'a state that ends early')
  const [major, info] = [bytes[start] >> 5, bytes[start] & 31]
  check(info < 28, 'malformed', 'an item of the state')
  const width = info < 24 ? 0 : 1 << (info - 24)
  const count = width === 0 ? info : Number(`0x${hex(bytes.subarray(start + 1, start + 1 + width))}`)
  let at = start + 1 + width
  if (major === 2) at += count
  else if (major === 4) for (let i = 0; i < count; i += 1) at += itemBytes(bytes, at)
  else check(major < 2, 'malformed', 'an item of the state')
  return at - start
}

function isUtf8(bytes) {
  try {
    text.decode(bytes)
    return true
  } catch {
    return false
  }
}

/** The lists of an index, with the claims that they are of. */
function indexOf(lists, claims) {
  return lists.map(([position, ids, lengths]) => {
    const claim = claims[position]
    check(
      claim !== undefined && ids.length > 0 && ids.length % 32 === 0 && lengths.length === ids.length / 16,
      'malformed',
      'an index',
    )
    const chunks = Array.from({ length: ids.length / 32 }, (_, i) => {
      const [plain, stored] = [lengths[2 * i], lengths[2 * i + 1]]
      check(stored >= 1 && stored <= plain && plain <= 1048576, 'malformed', 'lengths')
      return { id: ids.subarray(32 * i, 32 * i + 32), plain, stored }
    })
    return { claim, chunks }
  })
}

// ---------------------------------------------------------------- §24 a sealed export

const mark = Buffer.from([0xf7, 0x47, 0x72, 0x6e, 0x72, 0x0d, 0x0a, 0x1a])
const sha256 = (bytes) => createHash('sha256').update(bytes).digest()
const recordTypes = [undefined, 'entry', 'retired', 'pack', 'index', 'end']

/** All that is in the file, found by its heads: entries in memory, packs by where they lie. */
export function readArchive(path) {
  const fd = fs.openSync(path, 'r')
  const at = (offset, length) => {
    const bytes = Buffer.alloc(length)
    const read = fs.readSync(fd, bytes, 0, length, offset)
    return new Uint8Array(bytes.subarray(0, read))
  }
  const front = at(0, 56)
  check(Buffer.from(front.subarray(0, 8)).toString('latin1') === 'GRENIER\n', 'malformed', 'no sealed export')
  check(
    equal(sha256(front.subarray(0, 48)).subarray(0, 8), front.subarray(48)),
    'malformed',
    'a damaged front',
  )
  check(front[8] === 1, 'version-unknown', 'a sealed export')
  const archive = {
    vault: front.subarray(16, 48),
    entries: [],
    retired: [],
    packs: new Map(),
    end: undefined,
  }
  const { size } = fs.fstatSync(fd)
  for (let offset = 56; offset < size;) {
    const head = Buffer.from(at(offset, 64))
    check(head.length === 64 && head.subarray(0, 8).equals(mark), 'malformed', `no record at ${offset}`)
    check(
      sha256(head.subarray(0, 56)).subarray(0, 8).equals(head.subarray(56)),
      'malformed',
      `a damaged head at ${offset}`,
    )
    const [type, length, number] = [
      recordTypes[head[8]],
      head.readUInt32BE(12),
      Number(head.readBigUInt64BE(16)),
    ]
    if (type === 'pack')
      archive.packs.set(head.subarray(24, 56).toString('hex'), { offset: offset + 64, length })
    else if (type !== 'index') {
      const body = at(offset + 64, length)
      check(sha256(body).equals(head.subarray(24, 56)), 'malformed', `a damaged record at ${offset}`)
      if (type === 'entry') archive.entries[number] = body
      else if (type === 'retired') archive.retired[number] = body
      else if (type === 'end')
        archive.end = { sequence: Number(Buffer.from(body).readBigUInt64BE(0)), hash: body.subarray(8, 40) }
    }
    offset += 64 + length
  }
  archive.pack = (name) => {
    const found = archive.packs.get(hex(name))
    check(found !== undefined, 'pack-unavailable', hex(name))
    const bytes = at(found.offset, found.length)
    check(equal(sha256(bytes), name), 'malformed', `a damaged pack, ${hex(name)}`)
    return bytes
  }
  archive.close = () => fs.closeSync(fd)
  return archive
}

// ---------------------------------------------------------------- §23 reading an archive

/** Opens an archive with an identity. Gives its log, its state, and how to read a file. */
export function openArchive(archive, identity) {
  const log = new Log()
  const spineAt = []
  const entries = []
  let retired = -1
  const last = Math.max(archive.entries.length, archive.retired.length) - 1
  for (let sequence = 0; sequence <= last; sequence += 1) {
    const bytes = archive.entries[sequence]
    if (bytes === undefined) {
      check(archive.retired[sequence] !== undefined, 'chain-broken', `entry ${sequence} is missing`)
      log.takeRetired(archive.retired[sequence])
      retired = sequence
    } else {
      entries[sequence] = decodeEntry(bytes)
      log.take(entries[sequence])
    }
    spineAt.push({ epoch: log.epochs.at(-1).number, versionMax: log.payloadVersionMax })
  }
  check(
    log.vault !== undefined && equal(log.vault, archive.vault),
    'chain-broken',
    'the genesis of another vault',
  )
  check(
    archive.end !== undefined && archive.end.sequence === last && equal(archive.end.hash, log.head.hash),
    'chain-broken',
    'the archive does not end where it says',
  )
  const keys = log.keysFor(identity)
  check(keys.size > 0, 'no-right', 'the words are not those of a member')
  const keyOf = (epoch) => {
    check(keys.has(epoch), 'seal-broken', `the key of epoch ${epoch}`)
    return keys.get(epoch)
  }
  let atHand = { name: '', plain: undefined }
  const openPack = ({ pack, epoch }) => {
    if (atHand.name !== hex(pack)) {
      const key = packKey(keyOf(epoch), log.vault, epoch)
      atHand = {
        name: hex(pack),
        plain: openContainer(archive.pack(pack), { type: 1, key, binding: log.vault }),
      }
    }
    return atHand.plain
  }
  const state = new State()
  const folded = retired < 0 ? -1 : startFrom(log.prune)
  for (let sequence = folded + 1; sequence <= last; sequence += 1)
    foldEntry(state, entries[sequence], () => bodyOf(entries[sequence], sequence))
  return { log, keys, state, readFile: (node) => contentOf(node) }

  function bodyOf(entry, sequence) {
    const { epoch, versionMax } = spineAt[sequence]
    const plain = openContainer(entry.payload, {
      type: 2,
      key: payloadKey(keyOf(epoch), log.vault, epoch),
      binding: log.vault,
    })
    const claims = claimsOf(entry)
    return payloadBody(plain, { versionMax, openPack: (position) => openPack(claims[position]) })
  }

  /** §19: the state that the prune names, where entries before it are retired. Gives the sequence that it holds. */
  function startFrom(prune) {
    check(
      prune !== undefined && prune.get('through') >= retired,
      'chain-broken',
      'entries that no prune retired',
    )
    const { sequence, hash } = Object.fromEntries(prune.get('checkpoint'))
    const entry = entries[sequence]
    check(entry?.kind === 'checkpoint', 'chain-broken', 'the checkpoint of the prune is missing')
    check(
      equal(entryHash(entry.header.get('previous'), entry.bodyHash), hash),
      'chain-broken',
      'another checkpoint',
    )
    const body = decodeCbor(bodyOf(entry, sequence))
    const own = new State()
    own.claim(indexOf(body.get('index'), claimsOf(entry)), sequence)
    for (const [pack, , epoch, ids, places] of body.get('earlier') ?? [])
      for (let i = 0; i < ids.length / 32; i += 1) {
        const [offset, plain, stored] = places.slice(3 * i, 3 * i + 3)
        const id = ids.subarray(32 * i, 32 * i + 32)
        own.places.set(hex(id), [
          ...(own.places.get(hex(id)) ?? []),
          { pack, epoch, offset, plain, stored, id },
        ])
      }
    const chunks = body.get('chunks').map((chunk) => {
      if (chunk instanceof Uint8Array) return chunk
      return indexOf(body.get('index'), claimsOf(entry))[chunk[0]].chunks[chunk[1]].id
    })
    const content = { depth: body.get('depth'), chunks, size: body.get('size') }
    const bytes = join(...contentOf(content, own.places))
    check(equal(stateHash(bytes), body.get('hash')), 'malformed', 'another state than the checkpoint says')
    state.load(bytes)
    return prune.get('through')
  }

  function readChunk(id, places) {
    const idKey = chunkIdKey(keyOf(0), log.vault)
    for (const place of [...(places.get(hex(id)) ?? [])].reverse()) {
      try {
        const stored = openPack(place).subarray(place.offset, place.offset + place.stored)
        const chunk = place.stored === place.plain ? stored : inflate(stored, place.plain)
        if (equal(chunkId(idKey, chunk), id)) return chunk
      } catch (error) {
        // The next place may serve.
        if (!(error instanceof Fault)) throw error
      }
    }
    throw new Fault('pack-unavailable', `chunk ${hex(id)}`)
  }

  /** The chunks of a file, one after the other. */
  function* contentOf({ depth, chunks, size }, places = state.places) {
    let ids = chunks
    for (let level = depth; level > 0; level -= 1) {
      const list = join(...ids.map((id) => readChunk(id, places)))
      ids = Array.from({ length: list.length / 32 }, (_, i) => list.subarray(32 * i, 32 * i + 32))
    }
    let sum = 0
    for (const id of ids) {
      const chunk = readChunk(id, places)
      sum += chunk.length
      yield chunk
    }
    check(sum === size, 'malformed', 'a file of another length than it says')
  }
}

function foldEntry(state, entry, bodyOf) {
  const sequence = entry.header.get('sequence')
  if (entry.kind === 'drop') state.drop(entry.part.get('packs'))
  else if (entry.kind === 'change') {
    let body
    try {
      body = bodyOf()
    } catch (error) {
      // Void, unless what it needs is simply not here.
      if (!(error instanceof Fault) || error.code === 'pack-unavailable') throw error
    }
    state.change(entry, body)
  } else if (entry.kind === 'checkpoint')
    state.claim(indexOf(decodeCbor(bodyOf()).get('index'), claimsOf(entry)), sequence)
}

/** Every node below the root, directories first; paths are strings of one character a byte. */
export function* walk(state, id = 'root', path = '') {
  const children = [...state.nodes.get(id).children].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [name, child] of children) {
    const node = state.nodes.get(child)
    const own = path === '' ? name : `${path}/${name}`
    yield [own, node]
    if (node.kind === 'directory') yield* walk(state, child, own)
  }
}

/** Permissions and nothing else (§17): no archive makes a program that runs as another user. */
function bitsOf({ mode }) {
  check(Number.isInteger(mode) && mode >= 0 && mode <= 0o777, 'malformed', 'a mode')
  return mode
}

/** A write may take less than it was given. */
function writeAll(fd, bytes) {
  for (let done = 0; done < bytes.length;) done += fs.writeSync(fd, bytes, done, bytes.length - done)
}

function unpack({ state, readFile }, directory) {
  fs.mkdirSync(directory)
  const place = (path) =>
    Buffer.concat([Buffer.from(directory), Buffer.from('/'), Buffer.from(path, 'latin1')])
  // As text: Node takes a negative number for `now`.
  const seconds = (mtime) => {
    const digits = String(mtime < 0n ? -mtime : mtime).padStart(10, '0')
    return `${mtime < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`
  }
  const modes = []
  let damaged = 0
  for (const [path, node] of walk(state)) {
    if (node.kind === 'directory') {
      fs.mkdirSync(place(path), 0o700)
      modes.push([path, bitsOf(node)])
    } else if (node.kind === 'link') {
      fs.symlinkSync(Buffer.from(node.target), place(path))
      fs.lutimesSync(place(path), seconds(node.mtime), seconds(node.mtime))
    } else {
      const fd = fs.openSync(place(path), 'wx', 0o600)
      try {
        for (const chunk of readFile(node)) writeAll(fd, chunk)
        fs.fchmodSync(fd, bitsOf(node))
        fs.futimesSync(fd, seconds(node.mtime), seconds(node.mtime))
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        // Nobody shall take a part of it for the file.
        fs.rmSync(place(path))
        console.error(`damaged: ${JSON.stringify(Buffer.from(path, 'latin1').toString())} (${error.message})`)
        damaged += 1
      } finally {
        fs.closeSync(fd)
      }
    }
  }
  for (const [path, mode] of modes.reverse()) fs.chmodSync(place(path), mode)
  return damaged
}

function main([file, words, directory]) {
  if (words === undefined) throw new Error('node decrypt.mjs NAME.grenier WORDS.txt [DIRECTORY]')
  const archive = readArchive(file)
  const opened = openArchive(archive, identityOf(entropyOf(fs.readFileSync(words, 'utf8'))))
  for (const { sequence, why } of opened.state.voids) console.error(`entry ${sequence} is void: ${why}`)
  let damaged = 0
  if (directory !== undefined) damaged = unpack(opened, directory)
  else
    for (const [path, { kind, size }] of walk(opened.state))
      console.log(kind, size ?? '-', JSON.stringify(path))
  archive.close()
  return damaged > 0 ? 3 : 0
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(fs.realpathSync(argv[1])).href) {
  try {
    // Not `exit`, which would drop what a pipe has not taken yet.
    process.exitCode = main(argv.slice(2))
  } catch (error) {
    console.error(`error: ${error.message}`)
    process.exitCode = 1
  }
}
