// Pure functions of the library of primitives, remembered over the runs of one process: in a simulation the same signatures are checked, and
// the same seals opened, thousands of times. Answers are the same ones; only a simulation asks for this, never the product.
import { nodeAead } from '@grenier/crypto'
import { sodium } from '../../packages/crypto/src/sodium.ts'

/** Answers remembered of one function. */
const answersMax = 3_000
/** Longer ones are not worth the memory. */
const sealedMax = 8192

let done = false

/** Makes checking signatures and opening seals remember. Once a process. */
export function quickenCrypto(): void {
  if (done) return
  done = true
  quickenAead()
  const verify = sodium.crypto_sign_verify_detached.bind(sodium)
  const decapsulate = sodium.crypto_kem_xwing_dec.bind(sodium)
  const sign = sodium.crypto_sign_detached.bind(sodium)
  const rights = new Map<string, boolean>()
  const secrets = new Map<string, Uint8Array>()
  Object.assign(sodium, {
    crypto_sign_verify_detached: (signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean =>
      remembered(rights, keyOf(signature, message, key), () => verify(signature, message, key)),
    // What was just signed checks out: the one who checks need not find out again.
    crypto_sign_detached: (message: Uint8Array, secret: Uint8Array): Uint8Array => {
      const signature = sign(message, secret)
      rights.set(keyOf(signature, message, secret.subarray(32)), true)
      return signature
    },
    crypto_kem_xwing_dec: (ciphertext: Uint8Array, secret: Uint8Array): Uint8Array =>
      remembered(secrets, keyOf(ciphertext, secret), () => decapsulate(ciphertext, secret)).slice(),
  })
}

/** Seals and opens the same; what was sealed or opened once is not opened again. */
function quickenAead(): void {
  const seal = nodeAead.seal.bind(nodeAead)
  const open = nodeAead.open.bind(nodeAead)
  const plains = new Map<string, Uint8Array>()
  const keep = (key: string, plain: Uint8Array): void => {
    if (plains.size >= answersMax) plains.clear()
    plains.set(key, plain.slice())
  }
  Object.assign(nodeAead, {
    prepare: (key: Uint8Array): Uint8Array => key,
    seal: (by: { key: Uint8Array; nonce: Uint8Array }, plain: Uint8Array, sealed: Uint8Array): void => {
      // Where it is sealed in place, the plain bytes are gone afterwards.
      const kept = sealed.length <= sealedMax ? plain.slice() : undefined
      seal(by, plain, sealed)
      if (kept !== undefined) keep(keyOf(by.key, by.nonce, sealed), kept)
    },
    open: (by: { key: Uint8Array; nonce: Uint8Array }, sealed: Uint8Array, plain: Uint8Array): boolean => {
      if (sealed.length > sealedMax) return open(by, sealed, plain)
      const key = keyOf(by.key, by.nonce, sealed)
      const known = plains.get(key)
      if (known !== undefined) plain.set(known)
      else if (open(by, sealed, plain)) keep(key, plain)
      else return false
      return true
    },
  })
}

function remembered<T>(answers: Map<string, T>, key: string, ask: () => T): T {
  const known = answers.get(key)
  if (known !== undefined) return known
  if (answers.size >= answersMax) answers.clear()
  const answer = ask()
  answers.set(key, answer)
  return answer
}

function keyOf(...parts: readonly Uint8Array[]): string {
  return parts
    .map((part) => Buffer.from(part.buffer, part.byteOffset, part.length).toString('latin1'))
    .join(`|${parts.length}|`)
}
