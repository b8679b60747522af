// The second reader against the frozen vectors: it must read the bytes as we do, and refuse what we refuse, each for the same reason.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { blake2b } from '@noble/hashes/blake2.js'
import { describe, expect, test } from 'vitest'
import { loadReader } from './reader.ts'

const reader = await loadReader()
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
const base64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const kinds: Record<string, number> = { device: 1, identity: 2, invite: 3, invitation: 3 }

function vectors(name: string): unknown {
  const file = new URL(`../../packages/crypto/vectors/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8'))
}

function codeOf(work: () => unknown): string {
  try {
    work()
    return 'none'
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code)
    throw error
  }
}

interface Named {
  readonly name: string
  readonly error: string
}
type Strings<K extends string> = Readonly<Record<K, string>>

test('sealed devices open by what the document says, whether a passphrase or a keyring has the key', () => {
  const file = vectors('keys') as {
    sealedDevice: Strings<'key' | 'device' | 'sealed'>
    keyringDevice: Strings<'secret' | 'entry' | 'device' | 'sealed'>
  }
  const { sealedDevice: typed, keyringDevice: kept } = file
  for (const { key, device, sealed, head } of [
    { ...typed, head: 46 },
    { ...kept, key: kept.secret, head: 38 },
  ]) {
    const bytes = hex(sealed)
    const said = Buffer.concat([Buffer.from('grenier/v1/device-key\0'), bytes.subarray(0, head)])
    const both = blake2b(said, { dkLen: 64, key: hex(key) })
    expect(toHex(bytes.subarray(head, head + 32))).toBe(toHex(both.subarray(32)))
    const opened = chacha20poly1305(both.subarray(0, 32), new Uint8Array(12)).decrypt(
      bytes.subarray(head + 32),
    )
    expect(toHex(opened)).toBe(device)
  }
  expect(kept.sealed.slice(12, 76)).toBe(kept.entry)
})

describe('keys.json', () => {
  const file = vectors('keys') as {
    identities: Strings<
      'entropy' | 'english' | 'french' | 'signSeed' | 'signPublic' | 'kemSeed' | 'kemPublic' | 'kemHash'
    >[]
    codes: Strings<'secret' | 'english' | 'french'>[]
    certificates: { certificate: string; mustFail: (Named & { certificate: string })[] }
    signatures: Strings<'seed' | 'label' | 'message' | 'signature'>[]
    seals: {
      binding: string
      epoch: number
      seed: string
      seals: Strings<'kind' | 'secret' | 'seal'>[]
      mustFail: (Named & { kind: string; binding: string; epoch: number; seed: string; seal: string })[]
    }
    blobs: { seed: string; kind: string; binding: string; epoch: number; blobs: Strings<'blob' | 'seal'>[] }
    vaultKeys: {
      binding: string
      epochKeys: { epoch: number; key: string; commitment: string }[]
      subkeys: { of: string; epoch: number; parent: string; key: string }[]
      chunks: Strings<'plain' | 'id'>[]
      earlierKey: Place
      mustFail: (Named & Place)[]
    }
  }
  interface Place {
    readonly binding: string
    readonly newKey: string
    readonly newEpoch: number
    readonly oldEpoch: number
    readonly sealed: string
    readonly oldKey?: string
  }

  test('words give the same identities, in either language', () => {
    for (const one of file.identities) {
      const numbered = one.french.split(' ').map((word, at) => `${at + 1}. ${word},`)
      for (const words of [one.english, one.french, one.english.toUpperCase(), numbered.join('\n')])
        expect(toHex(reader.entropyOf(words))).toBe(one.entropy)
      const { signSeed, kemSeed, sign, kem } = reader.identityOf(hex(one.entropy))
      expect([signSeed, sign, kemSeed, kem].map(toHex)).toEqual([
        one.signSeed,
        one.signPublic,
        one.kemSeed,
        one.kemPublic,
      ])
      expect(toHex(reader.H('grenier/v1/kem-key', kem))).toBe(one.kemHash)
    }
    for (const { secret, english, french } of file.codes)
      for (const words of [english, french]) expect(toHex(reader.entropyOf(words))).toBe(secret)
  })

  test('certificates and signatures are those that we take', () => {
    const { certificate, mustFail } = file.certificates
    expect(codeOf(() => reader.certificateOf(hex(certificate)))).toBe('none')
    for (const { name, certificate: wrong, error } of mustFail)
      expect(`${name}: ${codeOf(() => reader.certificateOf(hex(wrong)))}`).toBe(`${name}: ${error}`)
  })

  test('seals and blobs open to the same, and the broken ones do not', () => {
    const { binding, epoch, seed, seals, mustFail } = file.seals
    for (const { kind, secret, seal } of seals) {
      const place = { kemSeed: hex(seed), kind: kinds[kind] ?? 0, binding: hex(binding), epoch }
      expect(toHex(reader.openSeal(hex(seal), place))).toBe(secret)
    }
    for (const { name, error, kind, ...wrong } of mustFail) {
      const place = { kemSeed: hex(wrong.seed), kind: kinds[kind] ?? 0, binding: hex(wrong.binding) }
      const code = codeOf(() => reader.openSeal(hex(wrong.seal), { ...place, epoch: wrong.epoch }))
      expect(`${name}: ${code}`).toBe(`${name}: ${error}`)
    }
    const { blobs, ...of } = file.blobs
    for (const { blob, seal } of blobs) {
      const place = {
        kemSeed: hex(of.seed),
        kind: kinds[of.kind] ?? 0,
        binding: hex(of.binding),
        epoch: of.epoch,
      }
      expect(toHex(reader.blobOf(reader.openSeal(hex(seal), { ...place, blob: true })))).toBe(blob)
    }
  })

  test('vault keys, what is derived from them, and keys under keys', () => {
    const { binding, epochKeys, subkeys, chunks, earlierKey, mustFail } = file.vaultKeys
    for (const { epoch, key, commitment } of epochKeys)
      expect(toHex(reader.epochCommitment(hex(key), hex(binding), epoch))).toBe(commitment)
    for (const { of, epoch, parent, key } of subkeys) {
      if (of === 'packs') expect(toHex(reader.packKey(hex(parent), hex(binding), epoch))).toBe(key)
      if (of === 'payloads') expect(toHex(reader.payloadKey(hex(parent), hex(binding), epoch))).toBe(key)
      if (of === 'chunk ids') {
        expect(toHex(reader.chunkIdKey(hex(parent), hex(binding)))).toBe(key)
        for (const { plain, id } of chunks) expect(toHex(reader.chunkId(hex(key), hex(plain)))).toBe(id)
      }
    }
    const open = ({ newKey, newEpoch, oldEpoch, sealed, binding: vault }: Place): Uint8Array =>
      reader.openEarlier(hex(sealed), { vault: hex(vault), newKey: hex(newKey), newEpoch, oldEpoch })
    expect(toHex(open(earlierKey))).toBe(earlierKey.oldKey)
    for (const { name, error, ...wrong } of mustFail)
      expect(`${name}: ${codeOf(() => open(wrong))}`).toBe(`${name}: ${error}`)
  })
})

describe('containers.json', () => {
  const file = vectors('containers') as {
    key: string
    binding: string
    patternOf300: string
    containers: { type: string; patternBytes: number; bytes?: string }[]
    mustFail: (Named & { type: string; bytes?: string; key?: string; binding?: string })[]
    twoKeys: Strings<'secondKey' | 'bytes' | 'error'>
  }
  const open = (bytes: string, type: string, as: { key?: string; binding?: string } = {}): Uint8Array =>
    reader.openContainer(hex(bytes), {
      type: type === 'pack' ? 1 : 2,
      key: hex(as.key ?? file.key),
      binding: hex(as.binding ?? file.binding),
    })

  test('whole ones open to their content and zeros', () => {
    const given = file.containers.filter(({ bytes }) => bytes !== undefined)
    expect(given.length).toBeGreaterThan(3)
    for (const { type, patternBytes, bytes = '' } of given) {
      const plain = open(bytes, type)
      const known = Math.min(patternBytes, 300)
      expect(toHex(plain.subarray(0, known))).toBe(file.patternOf300.slice(0, 2 * known))
      expect(plain.subarray(patternBytes).every((byte) => byte === 0)).toBe(true)
    }
  })

  test('others are refused for the same reason', () => {
    const given = file.mustFail.filter(({ bytes }) => bytes !== undefined)
    expect(given.length).toBeGreaterThan(15)
    for (const { name, error, type, bytes = '', ...as } of given)
      expect(`${name}: ${codeOf(() => open(bytes, type, as))}`).toBe(`${name}: ${error}`)
    const { bytes, secondKey, error } = file.twoKeys
    expect(codeOf(() => open(bytes, 'pack', { key: secondKey }))).toBe(error)
  })
})

describe('log.json and log-refused.json', () => {
  interface Expected {
    readonly name: string
    readonly kind: string
    readonly entry: string
    readonly bodyHash: string
    readonly entryHash: string
    readonly payloadBody: string | null
    readonly reader: Strings<'sign' | 'kemSecret'>
    readonly epochKeys: Readonly<Record<string, string>>
    readonly devices: Readonly<Record<string, string>>
    readonly identities: Readonly<Record<string, string>>
    readonly invites: Readonly<Record<string, string>>
  }
  const file = vectors('log') as {
    vault: string
    packs: { id: string; epoch: number; bytes: string }[]
    entries: Expected[]
  }

  test('each entry stands, with the hashes, members, keys and payload that it says', () => {
    const log = new reader.Log()
    for (const expected of file.entries) {
      const entry = reader.decodeEntry(base64(expected.entry))
      log.take(entry)
      expect(entry.kind).toBe(expected.kind)
      expect(toHex(entry.bodyHash)).toBe(expected.bodyHash)
      expect(toHex(log.head.hash)).toBe(expected.entryHash)
      const members = (of: ReadonlyMap<string, { role: string; out?: boolean }>): Record<string, string> =>
        Object.fromEntries(
          [...of].filter(([, { out }]) => out !== true).map(([key, { role }]) => [key, role]),
        )
      expect(members(log.devices), expected.name).toEqual(expected.devices)
      expect(members(log.identities), expected.name).toEqual(expected.identities)
      expect(members(log.invites), expected.name).toEqual(expected.invites)
      const kind = log.identities.has(expected.reader.sign) ? 2 : 1
      const whose = { sign: hex(expected.reader.sign), kemSeed: hex(expected.reader.kemSecret), kind }
      const keys = log.keysFor(whose)
      for (const [epoch, key] of Object.entries(expected.epochKeys))
        expect(toHex(keys.get(Number(epoch)) ?? new Uint8Array()), expected.name).toBe(key)
      if (expected.payloadBody === null) continue
      const nonce = entry.header.get('nonce')
      const binding = nonce instanceof Uint8Array ? nonce : hex(file.vault)
      const [epoch, key] = [...keys].sort(([a], [b]) => b - a)[0] ?? [0, new Uint8Array()]
      const payloadKey = reader.payloadKey(key, binding, epoch)
      const plain = reader.openContainer(entry.payload, { type: 2, key: payloadKey, binding })
      const body = reader.payloadBody(plain, { openPack: () => new Uint8Array() })
      expect(Buffer.from(body).equals(Buffer.from(expected.payloadBody, 'base64')), expected.name).toBe(true)
    }
    expect(toHex(log.vault ?? new Uint8Array())).toBe(file.vault)
  })

  test('packs have the names that plain SHA-256 gives, and open', () => {
    const keys = new Map(file.entries.flatMap(({ epochKeys }) => Object.entries(epochKeys)))
    for (const { id, epoch, bytes } of file.packs) {
      expect(createHash('sha256').update(base64(bytes)).digest('hex')).toBe(id)
      const key = reader.packKey(hex(keys.get(String(epoch)) ?? ''), hex(file.vault), epoch)
      const how = { type: 1, key, binding: hex(file.vault) }
      expect(codeOf(() => reader.openContainer(base64(bytes), how))).toBe('none')
    }
  })

  test('what breaks the chain, is wrongly signed, or signed without the right, is refused for that', () => {
    const refused = vectors('log-refused') as {
      log: string[]
      refused: (Named & { after: string; entry: string })[]
      malformed: (Named & { entry: string })[]
    }
    const after = (name: string): InstanceType<typeof reader.Log> => {
      const log = new reader.Log()
      if (name === 'log') for (const entry of refused.log) log.take(reader.decodeEntry(base64(entry)))
      return log
    }
    const mine = ['chain-broken', 'no-right', 'signature-wrong']
    const concerned = refused.refused.filter(({ error }) => mine.includes(error))
    expect(concerned.length).toBeGreaterThan(30)
    for (const { name, error, after: at, entry } of concerned) {
      const log = after(at)
      expect(`${name}: ${codeOf(() => log.take(reader.decodeEntry(base64(entry))))}`).toBe(
        `${name}: ${error}`,
      )
    }
  })
})

test('payloads.json: bodies, compressed or not, and those that are refused', () => {
  const file = vectors('payloads') as {
    payloadKey: string
    binding: string
    payloads: Strings<'name' | 'frame' | 'body' | 'payload'>[]
    mustFail: (Named & { payload: string })[]
  }
  const bodyOf = (payload: string): Uint8Array => {
    const how = { type: 2, key: hex(file.payloadKey), binding: hex(file.binding) }
    const plain = reader.openContainer(base64(payload), how)
    return reader.payloadBody(plain, { openPack: () => new Uint8Array() })
  }
  for (const { payload, body } of file.payloads) expect(toHex(bodyOf(payload))).toBe(body)
  for (const { name, error, payload } of file.mustFail)
    expect(`${name}: ${codeOf(() => bodyOf(payload))}`).toBe(`${name}: ${error}`)
})

test('cbor.json: the one encoding of each value, and no other', () => {
  const file = vectors('cbor') as {
    encodings: Strings<'name' | 'bytes'>[]
    mustFail: (Named & { bytes: string })[]
  }
  for (const { name, bytes } of file.encodings)
    expect(`${name}: ${toHex(reader.encodeCbor(reader.decodeCbor(hex(bytes))))}`).toBe(`${name}: ${bytes}`)
  for (const { name, bytes, error } of file.mustFail)
    expect(`${name}: ${codeOf(() => reader.decodeCbor(hex(bytes)))}`).toBe(`${name}: ${error}`)
})

test('sizes.json: Padmé', () => {
  const { padme } = vectors('sizes') as { padme: { bytes: number; padme: number }[] }
  for (const { bytes, padme: padded } of padme) expect(reader.padme(bytes)).toBe(padded)
})
