// ChaCha20-Poly1305 by node:crypto (OpenSSL): the fast back end.
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto'
import { tagBytes, type Aead } from './aead.ts'

const options = { authTagLength: tagBytes }

/** Below this the collector is cheaper. */
const givenBackBytesMin = 1024

/**
 * Node makes a new buffer for each cell, and the collector counts it against a small heap: left to it, sealing 4 MiB costs a full
 * collection every few times. What is copied and nobody else has seen is given back at once.
 */
function giveBack(bytes: Buffer): void {
  const { buffer } = bytes
  const isAlone = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length
  if (isAlone && bytes.length >= givenBackBytesMin) buffer.transfer(0)
}

/** The back end of OpenSSL. */
export const nodeAead: Aead = {
  // Given as bytes, a key costs seven times as much for each cell: Node tries first whether it is an object.
  prepare: (key) => createSecretKey(key),

  seal({ key, nonce }, plain, sealed) {
    const cipher = createCipheriv('chacha20-poly1305', key, nonce, options)
    const encrypted = cipher.update(plain)
    sealed.set(encrypted, 0)
    giveBack(encrypted)
    cipher.final()
    sealed.set(cipher.getAuthTag(), plain.length)
  },

  open({ key, nonce }, sealed, plain) {
    const decipher = createDecipheriv('chacha20-poly1305', key, nonce, options)
    decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
    const unchecked = decipher.update(sealed.subarray(0, sealed.length - tagBytes))
    try {
      decipher.final()
    } catch {
      return false
    }
    plain.set(unchecked)
    giveBack(unchecked)
    return true
  },
}
