// What sealing itself stands for: one way to fail, one key for each ciphertext, no key stream twice, both halves of the key exchange.
import { createHash, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'
import {
  containerFrontBytes,
  CryptoError,
  decodeEntry,
  makeDevice,
  openContainer,
  openSeal,
  sealTo,
  systemRandom,
} from '@grenier/crypto'
import { decodeClientMessage } from '@grenier/protocol'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { describe, expect, test } from 'vitest'
import { openOnce } from '../../packages/crypto/src/aead.ts'
import { nodeAead } from '../../packages/crypto/src/aead-node.ts'
import { u64Bytes } from '../../packages/crypto/src/big-endian.ts'
import { committedKey } from '../../packages/crypto/src/committed-key.ts'
import { containerKey, containerSalt, encodePrefix } from '../../packages/crypto/src/container-front.ts'
import { boxOfTwoKeys } from '../../packages/crypto/src/two-keys.vectors.ts'
import { oneMore, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { Seeded } from '../simulation/seeded.ts'

const random = new Seeded(9)
const { kem: pair } = makeDevice(random)
const place = { kind: 'device', binding: random.bytes(32), epoch: 3 } as const
const secret = random.bytes(32)
const sealed = (): Uint8Array => sealTo({ ...place, recipient: pair.publicKey, random: systemRandom, secret })

/** All that whoever sent a seal can see of its failure. */
function failureOf(seal: Uint8Array): string {
  try {
    return `opened: ${Buffer.from(openSeal({ ...place, pair, seal })).toString('hex')}`
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    return JSON.stringify([error.code, error.message, error.data, error.cause])
  }
}

test('attack 9: a seal fails in one way, whichever part of it is altered, and however often one asks', () => {
  const seal = sealed()
  const seen = new Set<string>()
  for (let at = 0; at < seal.length; at += 1)
    seen.add(failureOf(seal.map((byte, place) => (place === at ? byte ^ (1 << random.below(8)) : byte))))
  for (let times = 0; times < 2000; times += 1) seen.add(failureOf(random.bytes(seal.length)))
  for (let length = 0; length < seal.length; length += 13) seen.add(failureOf(seal.slice(0, length)))
  expect([...seen]).toHaveLength(1)
  expect([...seen][0]).toContain('seal-broken')
})

test('attack 10: a pack that opens under two keys opens under the one alone that it commits to', () => {
  const [key, second, binding, salt] = [1, 2, 3, 4].map((fill) => new Uint8Array(32).fill(fill)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  const prefix = encodePrefix('pack', 0, salt)
  const [one, two] = [key, second].map((parent) =>
    containerKey({ type: 'pack', key: parent, binding }, prefix),
  )
  if (one === undefined || two === undefined) throw new RangeError('two keys')
  const nonce = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
  const cell = boxOfTwoKeys([one.key, two.key], nonce, random)
  for (const derived of [one, two]) {
    const plain = new Uint8Array(cell.length - 16)
    expect(
      nodeAead.open({ key: nodeAead.prepare(derived.key), nonce }, cell, plain),
      'the attack works',
    ).toBe(true)
  }
  const bytes = Uint8Array.from([...prefix, ...one.commitment, ...cell])
  expect(openContainer({ type: 'pack', key, binding, bytes }).plain).toHaveLength(48)
  expect(() => openContainer({ type: 'pack', key: second, binding, bytes })).toThrow(CryptoError)
})

/** Salts of all containers that left clients, in order: of payloads, and of packs. */
function saltsIn(world: HostileWorld): string[] {
  const salts: string[] = []
  for (const frame of world.relay.frames) {
    const message = decodeClientMessage(frame.slice())
    if (message.type === 'append') {
      const { payload } = decodeEntry(message.entry)
      if (payload.length > containerFrontBytes)
        salts.push(Buffer.from(containerSalt(payload)).toString('hex'))
    }
    if (message.type === 'part' && message.offset === 0)
      salts.push(Buffer.from(containerSalt(message.bytes)).toString('hex'))
  }
  return salts
}

describe('attack 11: no key stream is used twice', () => {
  test('by a machine that was set back to an older copy of itself, and its clone, in one vault', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    await world.syncs(a, b)
    // The marker would tell that it is an older copy: it is left as it is.
    const keys = a.disk.keysBetween('', '\x7f').filter((key) => key !== 'x!marker')
    const copy = keys.map((key) => ({
      type: 'put' as const,
      key,
      value: a.disk.get(key) ?? new Uint8Array(0),
    }))
    const relay = world.relayDisk.copy()
    for (let life = 0; life < 3; life += 1) {
      await oneMore(world, a, 'the same again')
      a.user.write('large', new Uint8Array(5_000_000).fill(life))
      await world.syncs(a)
      a.user.remove('the same again')
      a.user.remove('large')
      a.disk.forget((key) => key !== 'x!marker')
      a.disk.write(copy, true)
      world.restoreRelay(relay.copy())
    }
    const salts = saltsIn(world)
    expect(salts.length).toBeGreaterThan(9)
    expect(new Set(salts).size).toBe(salts.length)
  })

  test('by a commit that is sealed again, because others were quicker', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    await world.syncs(a, b)
    let refused = 0
    world.relay.lieTo(a, { moved: () => refused++ < 2 })
    await oneMore(world, a, 'of a')
    expect(refused).toBeGreaterThan(2)
    const salts = saltsIn(world)
    expect(new Set(salts).size).toBe(salts.length)
  })
})

/** The key pairs that an X-Wing secret key is made of. */
function halves(): { readonly mlKem: Uint8Array; readonly x25519: Uint8Array } {
  const expanded = createHash('shake256', { outputLength: 96 }).update(pair.secretKey).digest()
  return {
    mlKem: ml_kem768.keygen(new Uint8Array(expanded.subarray(0, 64))).secretKey,
    x25519: expanded.subarray(64),
  }
}

function x25519(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const pkcs8 = Buffer.from('302e020100300506032b656e04220420', 'hex')
  const spki = Buffer.from('302a300506032b656e032100', 'hex')
  const privateKey = createPrivateKey({
    key: Buffer.concat([pkcs8, secretKey]),
    format: 'der',
    type: 'pkcs8',
  })
  const key = createPublicKey({ key: Buffer.concat([spki, publicKey]), format: 'der', type: 'spki' })
  return new Uint8Array(diffieHellman({ privateKey, publicKey: key }))
}

/** What somebody opens who has this for the shared secret. */
function openedWith(shared: Uint8Array, seal: Uint8Array): Uint8Array | undefined {
  const ciphertext = seal.subarray(0, 1120)
  const bound = [ciphertext, pair.publicKey, Uint8Array.of(1), place.binding, u64Bytes(place.epoch)]
  const { key } = committedKey(shared, 'grenier/v1/seal', ...bound)
  return openOnce(nodeAead, key, seal.subarray(1120 + 32))
}

test('attack 19: who has one half of the secret key, and knows all else, opens nothing', () => {
  const seal = sealed()
  const { mlKem, x25519: own } = halves()
  const [lattice, curve] = [seal.subarray(0, 1088), seal.subarray(1088, 1120)]
  const fromLattice = ml_kem768.decapsulate(lattice.slice(), mlKem)
  const fromCurve = x25519(own, curve)
  const label = new Uint8Array(Buffer.from('5c2e2f2f5e5c', 'hex'))
  const combined = (a: Uint8Array, b: Uint8Array): Uint8Array =>
    new Uint8Array(
      createHash('sha3-256')
        .update(a)
        .update(b)
        .update(curve)
        .update(pair.publicKey.subarray(1184))
        .update(label)
        .digest(),
    )
  expect(openedWith(combined(fromLattice, fromCurve), seal), 'both halves').toEqual(secret)
  for (const half of [
    fromLattice,
    fromCurve,
    combined(fromLattice, new Uint8Array(32)),
    combined(new Uint8Array(32), fromCurve),
  ])
    expect(openedWith(half, seal)).toBeUndefined()
})
