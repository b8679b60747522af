// ChaCha20-Poly1305 (IETF) by libsodium: the portable back end, where there is no node:crypto.
import type { Aead } from './aead.ts'
import { sodium } from './sodium.ts'

/** The back end of libsodium. */
export const sodiumAead: Aead = {
  seal({ key, nonce }, plain, sealed) {
    sealed.set(sodium.crypto_aead_chacha20poly1305_ietf_encrypt(plain, null, null, nonce, key))
  },

  open({ key, nonce }, sealed, plain) {
    let opened: Uint8Array
    try {
      opened = sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, sealed, null, nonce, key)
    } catch {
      return false
    }
    plain.set(opened)
    return true
  },
}
