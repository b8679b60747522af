// Whatever a client sends, the relay stays up, answers with a code or hangs up, and serves the next one.
import fc from 'fast-check'
import { encodeMessage, type ClientMessage } from '@grenier/protocol'
import { expect, it } from 'vitest'
import { outcome, packOf, settle, World } from './scripted-client.vectors.ts'

const id = fc.integer({ min: 1, max: 6 })
const small = fc.integer({ min: 1, max: 200_000 })
const offset = fc.integer({ min: 0, max: 300_000 })
const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 })

function messages(vaults: Uint8Array[], packs: Uint8Array[], entry: Uint8Array): fc.Arbitrary<ClientMessage> {
  const vault = fc.constantFrom(...vaults)
  const pack = fc.constantFrom(...packs)
  const of = <T extends ClientMessage['type']>(type: T) => fc.constant(type)
  const mutated = fc.tuple(fc.nat(entry.length - 1), fc.nat(255)).map(([at, byte]) => {
    const out = entry.slice()
    out[at] = byte
    return out
  })
  return fc.oneof(
    fc.record({ type: of('head'), id, vault }),
    fc.record({ type: of('entries'), id, vault, from: fc.nat(9), limitBytes: small }),
    fc.record({ type: of('append'), id, vault, entry: fc.oneof(mutated, bytes) }),
    fc.record({ type: of('have'), id, vault, packs: fc.array(pack, { minLength: 1, maxLength: 5 }) }),
    fc.record({ type: of('put'), id, vault, pack, sizeBytes: small }),
    fc.record({ type: of('part'), id, offset, bytes }),
    fc.record({ type: of('get'), id, vault, pack, offset, length: small, creditBytes: small }),
    fc.record({ type: of('more'), id, bytes: small }),
    fc.record({ type: of('subscribe'), id, vault }),
    fc.record({ type: of('vaults'), id }),
    fc.record({ type: of('account'), id }),
    fc.record({ type: of('open-account'), id, certificate: bytes }),
    fc.record({ type: of('withdraw-device'), id, device: pack }),
    fc.record({ type: of('vault-facts'), id, vault }),
    fc.record({
      type: of('delete-vault'),
      id,
      vault,
      wish: fc.constantFrom('delete' as const, 'keep' as const),
      at: fc.nat(),
      signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
    }),
    fc.record({
      type: of('renew-account'),
      id,
      identity: pack,
      signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
    }),
  )
}

it('any sequence of well-formed messages leaves a relay that serves', async () => {
  const failures: string[] = []
  const world = new World({
    log: (event, fields) => event === 'request-failed' && failures.push(JSON.stringify(fields)),
  })
  const { person, vault } = await world.owner()
  const stranger = world.genesis(world.person()).state.vault
  const packs = [packOf(), packOf()].map((pack) => pack.slice(0, 32))
  const any = messages([vault.state.vault, stranger], packs, vault.genesis.bytes)
  await fc.assert(
    fc.asyncProperty(fc.array(any, { maxLength: 30 }), async (said) => {
      const client = await world.device(person.device)
      for (const message of said) client.say(message)
      await settle()
      client.wire.close()
      const next = await world.device(person.device)
      expect(outcome(await next.ask({ type: 'head', vault: vault.state.vault }))).toBe('ok')
      next.wire.close()
    }),
    { numRuns: 60 },
  )
  expect(failures).toEqual([])
})

it('any frame, before or after the login, leaves a relay that serves', async () => {
  const world = new World()
  const { person, vault } = await world.owner()
  const valid = encodeMessage({ type: 'head', id: 1, vault: vault.state.vault })
  const mutated = fc.tuple(fc.nat(valid.length - 1), fc.nat(255)).map(([at, byte]) => {
    const out = valid.slice()
    out[at] = byte
    return out
  })
  const frame = fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated)
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 5 }), async (frames) => {
      const client = await world.device(person.device)
      for (const sent of frames) client.wire.send(sent)
      await settle()
      client.wire.close()
    }),
    { numRuns: 60 },
  )
  const next = await world.device(person.device)
  expect(outcome(await next.ask({ type: 'head', vault: vault.state.vault }))).toBe('ok')
})
