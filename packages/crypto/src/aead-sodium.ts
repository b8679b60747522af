// ChaCha20-Poly1305 (IETF) by libsodium: the portable back end, where there is no node:crypto.
import type { Aead, PreparedKey } from './aead.ts'
import { sodium } from './sodium.ts'

/** The back end of libsodium. */
export const sodiumAead: Aead = {
  prepare: (key) => key,

  seal({ key, nonce }, plain, sealed) {
    sealed.set(sodium.crypto_aead_chacha20poly1305_ietf_encrypt(plain, null, null, nonce, bytesOf(key)))
  },

  open({ key, nonce }, sealed, plain) {
    let opened: Uint8Array
    try {
      opened = sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, sealed, null, nonce, bytesOf(key))
    } catch {
      return false
    }
    plain.set(opened)
    return true
  },
}

function bytesOf(key: PreparedKey): Uint8Array {
  return key instanceof Uint8Array ? key : key.export()
}
