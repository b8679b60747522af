// Pure functions of libraries, remembered over the runs of one process: in a simulation the same signatures are checked, and
// the same seals and payloads opened, thousands of times. Answers are the same ones; only a simulation asks for this, never the product.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import zlib from 'node:zlib'
import { equal, nodeAead } from '@grenier/crypto'
import { sodium } from '../../packages/crypto/src/sodium.ts'

/** Answers remembered of one function. */
const answersMax = 3_000
/** Longer ones are not worth the memory. */
const sealedMax = 8192

let done = false

/** Makes checking signatures, opening seals and decompressing payloads remember. Once a process. */
export function quickenCrypto(): void {
  if (done) return
  done = true
  quickenAead()
  quickenSigning()
  quickenKem()
  quickenInflating()
}

/** What a signature was checked against last. */
interface Checked {
  readonly message: Uint8Array
  readonly key: Uint8Array
  readonly right: boolean
}

function quickenSigning(): void {
  const verify = sodium.crypto_sign_verify_detached.bind(sodium)
  const checked = new Map<string, Checked>()
  const sign = sodium.crypto_sign_detached.bind(sodium)
  Object.assign(sodium, {
    crypto_sign_verify_detached: (signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean => {
      const name = textOf(signature)
      const known = checked.get(name)
      if (known !== undefined && equal(known.message, message) && equal(known.key, key)) return known.right
      const right = verify(signature, message, key)
      keep(checked, name, { message: message.slice(), key: key.slice(), right })
      return right
    },
    // What was just signed checks out: the one who checks need not find out again.
    crypto_sign_detached: (message: Uint8Array, secret: Uint8Array): Uint8Array => {
      const signature = sign(message, secret)
      keep(checked, textOf(signature), { message: message.slice(), key: secret.slice(32), right: true })
      return signature
    },
  })
}

function quickenKem(): void {
  const encapsulate = sodium.crypto_kem_xwing_enc_deterministic.bind(sodium)
  const decapsulate = sodium.crypto_kem_xwing_dec.bind(sodium)
  const pairOf = sodium.crypto_kem_xwing_seed_keypair.bind(sodium)
  const secrets = new Map<string, Uint8Array>()
  const publics = new Map<string, string>()
  Object.assign(sodium, {
    crypto_kem_xwing_enc_deterministic: (recipient: Uint8Array, seed: Uint8Array) => {
      const made = encapsulate(recipient, seed)
      remembered(secrets, keyOf(made.ciphertext, recipient), () => made.sharedSecret.slice())
      return made
    },
    crypto_kem_xwing_dec: (ciphertext: Uint8Array, secret: Uint8Array): Uint8Array => {
      const recipient = remembered(publics, textOf(secret), () => textOf(pairOf(secret).publicKey))
      const key = keyOf(ciphertext, Buffer.from(recipient, 'latin1'))
      return remembered(secrets, key, () => decapsulate(ciphertext, secret)).slice()
    },
  })
}

interface KeyAndNonce {
  readonly key: Uint8Array
  readonly nonce: Uint8Array
}

/** Seals and opens the same; what was sealed or opened once is not opened again. */
function quickenAead(): void {
  const seal = nodeAead.seal.bind(nodeAead)
  const open = nodeAead.open.bind(nodeAead)
  const opened = new Map<string, Opened>()
  Object.assign(nodeAead, {
    prepare: (key: Uint8Array): Uint8Array => key,
    seal: (by: KeyAndNonce, plain: Uint8Array, sealed: Uint8Array): void => {
      // Where it is sealed in place, the plain bytes are gone afterwards.
      const kept = sealed.length <= sealedMax ? plain.slice() : undefined
      seal(prepared(by), plain, sealed)
      if (kept !== undefined) keep(opened, nameOf(by), { sealed: sealed.slice(), plain: kept })
    },
    open: (by: KeyAndNonce, sealed: Uint8Array, plain: Uint8Array): boolean => {
      if (sealed.length > sealedMax) return open(prepared(by), sealed, plain)
      const name = nameOf(by)
      const known = opened.get(name)
      if (known !== undefined && equal(known.sealed, sealed)) {
        plain.set(known.plain)
        return true
      }
      // It may be opened in place, too.
      const kept = sealed.slice()
      if (!open(prepared(by), sealed, plain)) return false
      keep(opened, name, { sealed: kept, plain: plain.slice() })
      return true
    },
  })
}

/** Given as bytes, a key costs Node more than to make one of them. */
function prepared({ key, nonce }: KeyAndNonce): { key: KeyObject; nonce: Uint8Array } {
  return { key: createSecretKey(key), nonce }
}

/** What was sealed or opened last under a key and a nonce. */
interface Opened {
  readonly sealed: Uint8Array
  readonly plain: Uint8Array
}

function nameOf({ key, nonce }: KeyAndNonce): string {
  return textOf(key) + textOf(nonce)
}

/** What Node says of a decompression if asked for more than the bytes. */
interface Inflated {
  readonly buffer: Uint8Array
  readonly engine: { readonly bytesWritten: number }
}

/** Payloads of entries are small, and each is decompressed by all who read it: most of that is Node making a stream. What fails is not remembered. */
function quickenInflating(): void {
  const inflate = zlib.zstdDecompressSync.bind(zlib)
  const known = new Map<string, Inflated>()
  const quick = (bytes: Uint8Array, options: zlib.ZstdOptions = {}): Uint8Array | Inflated => {
    if (options.info !== true || bytes.length > sealedMax) return inflate(bytes, options)
    const { buffer, engine } = remembered(known, `${JSON.stringify(options)}${textOf(bytes)}`, () => {
      const made = inflate(bytes, options) as unknown as Inflated
      return { buffer: made.buffer, engine: { bytesWritten: made.engine.bytesWritten } }
    })
    return { buffer: Buffer.from(buffer), engine }
  }
  Object.assign(zlib, { zstdDecompressSync: quick })
  syncBuiltinESMExports()
}

/** What is known under a key; else what it is asked for, and kept. */
export function remembered<T>(answers: Map<string, T>, key: string, ask: () => T): T {
  const known = answers.get(key)
  if (known !== undefined) return known
  const answer = ask()
  keep(answers, key, answer)
  return answer
}

function keep<T>(answers: Map<string, T>, key: string, answer: T): void {
  if (answers.size >= answersMax) answers.clear()
  answers.set(key, answer)
}

function keyOf(...parts: readonly Uint8Array[]): string {
  return parts.map(textOf).join(`|${parts.length}|`)
}

/** Short arrays are copied here: V8 makes a buffer for one only once it is asked for it. */
const short = Buffer.alloc(64)

/** Each byte a character: what maps can be keyed with. */
export function textOf(bytes: Uint8Array): string {
  if (bytes.length <= short.length) {
    short.set(bytes)
    return short.toString('latin1', 0, bytes.length)
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
