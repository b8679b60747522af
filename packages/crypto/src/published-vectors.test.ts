// The primitives against what others published: Wycheproof, the X-Wing draft, BIP39. The files are not copied into the
// project: they are read from `shared/vectors` beside it. Where they are missing each test says so and runs what needs none.
import {
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  decapsulate,
  diffieHellman,
  randomBytes,
  verify,
} from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nodeAead } from './aead-node.ts'
import { sodiumAead } from './aead-sodium.ts'
import { concat, equal, fromHex, toHex } from './bytes.ts'
import { kemPairOf } from './kem-pair.ts'
import { entropyOf, phraseOf, secretOfWords, wordsOf } from './phrase.ts'
import { sign, signingPairOf, verifySignature } from './sign.ts'
import { sodium } from './sodium.ts'

const repository = join(import.meta.dirname, '..', '..', '..')

/** The parsed file, or undefined, and a line that says so. */
function published(name: string): unknown {
  for (let folder = repository; ; folder = dirname(folder)) {
    const path = join(folder, 'shared', 'vectors', `${name}.json`)
    if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'))
    if (folder === dirname(folder)) break
  }
  console.log(
    `published vectors: shared/vectors/${name}.json is not here; only what needs no file was checked`,
  )
  return undefined
}

interface Wycheproof<G, T> {
  numberOfTests: number
  testGroups: (G & { tests: (T & { tcId: number; result: string; flags?: string[] })[] })[]
}

/** Those test cases whose outcome `holds` denies. */
function failures<G, T>(
  file: Wycheproof<G, T>,
  holds: (test: T & { result: string; flags: string[] }, group: G) => boolean,
): number[] {
  const wrong: number[] = []
  let count = 0
  for (const group of file.testGroups)
    for (const test of group.tests) {
      count++
      if (!holds({ flags: [], ...test }, group)) wrong.push(test.tcId)
    }
  expect(count).toBe(file.numberOfTests)
  return wrong
}

function attempt(work: () => Uint8Array | undefined): string | undefined {
  try {
    const made = work()
    return made === undefined ? undefined : toHex(made)
  } catch {
    return undefined
  }
}

interface AeadTest {
  key: string
  iv: string
  aad: string
  msg: string
  ct: string
  tag: string
}

type Opened = Record<'key' | 'iv' | 'aad' | 'sealed', Uint8Array>

describe('ChaCha20-Poly1305', () => {
  const file = published('wycheproof-chacha20-poly1305') as Wycheproof<object, AeadTest> | undefined
  const libraries = {
    node: ({ key, iv, aad, sealed }: Opened) => {
      const opener = createDecipheriv('chacha20-poly1305', key, iv, { authTagLength: 16 })
      opener.setAAD(aad, { plaintextLength: sealed.length - 16 })
      opener.setAuthTag(sealed.subarray(-16))
      const plain = opener.update(sealed.subarray(0, -16))
      opener.final()
      return plain
    },
    sodium: ({ key, iv, aad, sealed }: Opened) =>
      sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, sealed, aad, iv, key),
  }
  const backEnds = { node: nodeAead, sodium: sodiumAead }

  test.each(['node', 'sodium'] as const)('opens in %s what Wycheproof says, and nothing else', (name) => {
    const wrong = failures(file ?? { numberOfTests: 0, testGroups: [] }, (t) => {
      const iv = fromHex(t.iv)
      const sealed = fromHex(t.ct + t.tag)
      // A nonce that is not of 12 bytes cannot come about in the format, where it is made and never read.
      if (iv.length !== 12) return t.result === 'invalid'
      const opened = attempt(() => libraries[name]({ key: fromHex(t.key), iv, aad: fromHex(t.aad), sealed }))
      return opened === (t.result === 'valid' ? t.msg : undefined)
    })
    expect(wrong).toEqual([])
  })

  test.each(['node', 'sodium'] as const)('holds in our back end of %s, sealing and opening', (name) => {
    const aead = backEnds[name]
    const wrong = failures(file ?? { numberOfTests: 0, testGroups: [] }, (t) => {
      const use = { key: fromHex(t.key), nonce: fromHex(t.iv) }
      if (use.nonce.length !== 12 || t.aad !== '') return true
      const plain = new Uint8Array(t.msg.length / 2)
      if (!aead.open(use, fromHex(t.ct + t.tag), plain))
        return t.result === 'invalid' && plain.every((byte) => byte === 0)
      const sealed = new Uint8Array(plain.length + 16)
      aead.seal(use, plain, sealed)
      return t.result === 'valid' && toHex(plain) === t.msg && toHex(sealed) === t.ct + t.tag
    })
    expect(wrong).toEqual([])
  })

  test('is the same in both back ends, byte for byte', () => {
    for (const length of [1, 15, 16, 17, 63, 64, 65, 1000, 65_535, 65_536]) {
      const use = { key: new Uint8Array(randomBytes(32)), nonce: new Uint8Array(randomBytes(12)) }
      const plain = new Uint8Array(randomBytes(length))
      const [a, b] = [new Uint8Array(length + 16), new Uint8Array(length + 16)]
      nodeAead.seal(use, plain, a)
      sodiumAead.seal(use, plain, b)
      expect(equal(a, b)).toBe(true)
      const opened = new Uint8Array(length)
      expect(nodeAead.open(use, b, opened) && equal(opened, plain)).toBe(true)
      opened.fill(0)
      expect(sodiumAead.open(use, a, opened) && equal(opened, plain)).toBe(true)
    }
  })
})

describe('Ed25519', () => {
  const file = published('wycheproof-ed25519') as
    Wycheproof<{ publicKey: { pk: string } }, { msg: string; sig: string }> | undefined
  const spki = (key: Uint8Array) =>
    createPublicKey({
      key: Buffer.concat([fromHex('302a300506032b6570032100'), key]),
      format: 'der',
      type: 'spki',
    })

  test('accepts in libsodium what Wycheproof says, and nothing else', () => {
    const wrong = failures(file ?? { numberOfTests: 0, testGroups: [] }, (t, group) => {
      const [signature, message] = [fromHex(t.sig), fromHex(t.msg)]
      const key = fromHex(group.publicKey.pk)
      const accepted = signature.length === 64 && sodium.crypto_sign_verify_detached(signature, message, key)
      return accepted === (t.result === 'valid')
    })
    expect(wrong).toEqual([])
  })

  test('makes signatures that node:crypto accepts', () => {
    const pair = signingPairOf(new Uint8Array(randomBytes(32)))
    const signature = sign(pair.secretKey, 'grenier/v1/test', Uint8Array.of(1, 2, 3))
    verifySignature(pair.publicKey, signature, 'grenier/v1/test', Uint8Array.of(1, 2, 3))
    const message = Buffer.from('grenier/v1/test\0\x01\x02\x03')
    expect(verify(null, message, spki(pair.publicKey), signature)).toBe(true)
  })
})

const x25519 = {
  private: (secret: Uint8Array) =>
    createPrivateKey({
      key: Buffer.concat([fromHex('302e020100300506032b656e04220420'), secret]),
      format: 'der',
      type: 'pkcs8',
    }),
  public: (key: Uint8Array) =>
    createPublicKey({
      key: Buffer.concat([fromHex('302a300506032b656e032100'), key]),
      format: 'der',
      type: 'spki',
    }),
}

function nodeX25519(secret: Uint8Array, key: Uint8Array): Uint8Array {
  return diffieHellman({ privateKey: x25519.private(secret), publicKey: x25519.public(key) })
}

describe('X25519', () => {
  const file = published('wycheproof-x25519') as
    Wycheproof<object, { private: string; public: string; shared: string }> | undefined

  test.each([
    ['libsodium', (s: Uint8Array, p: Uint8Array) => sodium.crypto_scalarmult(s, p)],
    ['node:crypto', nodeX25519],
  ] as const)('gives in %s what Wycheproof says, and refuses an all-zero secret', (_, multiply) => {
    const wrong = failures(file ?? { numberOfTests: 0, testGroups: [] }, (t) => {
      const shared = attempt(() => multiply(fromHex(t.private), fromHex(t.public)))
      return shared === (t.flags.includes('ZeroSharedSecret') ? undefined : t.shared)
    })
    expect(wrong).toEqual([])
  })
})

function nodeMlKem(seed: Uint8Array) {
  if (seed.length !== 64)
    throw new Error('OpenSSL ignores what follows the key: the length is for the caller to check')
  const prefix = fromHex('3054020100300b06096086480165030404020442' + '8040')
  return createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' })
}

describe('ML-KEM-768', () => {
  const file = published('wycheproof-mlkem-768') as
    Wycheproof<object, { seed: string; ek?: string; c: string; K: string }> | undefined

  test('decapsulates in libsodium as Wycheproof says', () => {
    const wrong = failures(file ?? { numberOfTests: 0, testGroups: [] }, (t) => {
      const secret = attempt(() => {
        const pair = sodium.crypto_kem_mlkem768_seed_keypair(fromHex(t.seed))
        if (t.ek !== undefined && toHex(pair.publicKey) !== t.ek) return undefined
        return sodium.crypto_kem_mlkem768_dec(fromHex(t.c), pair.privateKey)
      })
      return secret === (t.result === 'valid' ? t.K : undefined)
    })
    expect(wrong).toEqual([])
  })

  test('decapsulates in node:crypto as Wycheproof says', () => {
    const wrong = failures(file ?? { numberOfTests: 0, testGroups: [] }, (t) => {
      const secret = attempt(() => decapsulate(nodeMlKem(fromHex(t.seed)), fromHex(t.c)))
      return secret === (t.result === 'valid' ? t.K : undefined)
    })
    expect(wrong).toEqual([])
  })
})

/** X-Wing decapsulation by node:crypto's halves (draft-connolly-cfrg-xwing-kem §5.4): a second implementation. */
function nodeXWing(seed: Uint8Array, ciphertext: Uint8Array) {
  const expanded = new Uint8Array(createHash('shake256', { outputLength: 96 }).update(seed).digest())
  const mlKem = nodeMlKem(expanded.subarray(0, 64))
  const xSecret = expanded.subarray(64)
  const spki = createPublicKey(mlKem).export({ format: 'der', type: 'spki' })
  const xSpki = createPublicKey(x25519.private(xSecret)).export({ format: 'der', type: 'spki' })
  const [mlKemKey, xKey] = [spki.subarray(-1184), xSpki.subarray(-32)]
  const [ctM, ctX] = [ciphertext.subarray(0, 1088), ciphertext.subarray(1088)]
  const secret = createHash('sha3-256')
    .update(decapsulate(mlKem, ctM))
    .update(nodeX25519(xSecret, ctX))
    .update(ctX)
    .update(xKey)
    .update('\\.//^\\')
    .digest()
  return { publicKey: concat([mlKemKey, xKey]), secret: new Uint8Array(secret) }
}

describe('X-Wing', () => {
  const file = published('xwing-draft') as
    { seed: string; eseed: string; ss: string; sk: string; pk: string; ct: string }[] | undefined

  test('is the draft’s in libsodium and in the halves of node:crypto', () => {
    for (const t of file ?? []) {
      const pair = kemPairOf(fromHex(t.seed))
      expect(toHex(pair.publicKey)).toBe(t.pk)
      expect(toHex(pair.secretKey)).toBe(t.sk)
      const made = sodium.crypto_kem_xwing_enc_deterministic(pair.publicKey, fromHex(t.eseed))
      expect(toHex(made.ciphertext)).toBe(t.ct)
      expect(toHex(made.sharedSecret)).toBe(t.ss)
      expect(toHex(sodium.crypto_kem_xwing_dec(fromHex(t.ct), pair.secretKey))).toBe(t.ss)
      expect(toHex(nodeXWing(fromHex(t.seed), fromHex(t.ct)).secret)).toBe(t.ss)
    }
  })

  test('of libsodium opens with the halves of node:crypto', () => {
    for (let i = 0; i < 20; i++) {
      const pair = kemPairOf(new Uint8Array(randomBytes(32)))
      const made = sodium.crypto_kem_xwing_enc(pair.publicKey)
      const other = nodeXWing(pair.secretKey, made.ciphertext)
      expect(equal(other.publicKey, pair.publicKey)).toBe(true)
      expect(equal(other.secret, made.sharedSecret)).toBe(true)
    }
  })
})

describe('BIP39', () => {
  const file = published('bip39') as Record<string, [entropy: string, words: string][]> | undefined
  const withLists = new Set(
    'english french spanish italian portuguese czech japanese korean chinese_simplified chinese_traditional'.split(
      ' ',
    ),
  )

  test('words of every language with a list are read', () => {
    let count = 0
    for (const [language, cases] of Object.entries(file ?? {}))
      for (const [entropy, words] of withLists.has(language) ? cases : []) {
        if (entropy.length === 64) expect(toHex(entropyOf(words))).toBe(entropy)
        if (entropy.length === 32) expect(toHex(secretOfWords(words))).toBe(entropy)
        count++
      }
    expect(count).toBe(file === undefined ? 0 : 240)
  })

  test('words are made in English and French as published', () => {
    for (const language of ['english', 'french'] as const)
      for (const [entropy, words] of file?.[language] ?? []) {
        const made = { 32: wordsOf, 64: phraseOf }[entropy.length]
        if (made) expect(made(fromHex(entropy), language)).toBe(words.normalize('NFKD'))
      }
    expect(wordsOf(new Uint8Array(16), 'english')).toBe(`${'abandon '.repeat(11)}about`)
  })
})
