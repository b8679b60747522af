// A relay that speaks another version than the one there is.
import { decodeCbor, decodeEntry, encodeCbor, makeDevice, type KeyPairs } from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { behindByTwo, bytesAt, replaced } from '../hostile/forged-log.ts'
import { eventsOf, expectHalt } from '../hostile/hostile-world.ts'
import { reassembled } from '../hostile/member.ts'

describe('entries that this version does not know', () => {
  function future(bytes: Uint8Array, change: Record<string, unknown>, signer?: KeyPairs): Uint8Array {
    const fields = decodeCbor(decodeEntry(bytes).headerBytes, { maxBytes: 1 << 20 }) as Record<string, never>
    return reassembled(bytes, { header: encodeCbor({ ...fields, ...change } as never) }, signer)
  }

  const unknown = [
    ['version', { version: 2 }],
    ['kind', { kind: 'novelty' }],
    ['field', { novelty: 1 }],
  ] as const

  for (const [what, change] of unknown) {
    test(`attack 8: an unknown ${what} that a member signed asks for an update; one that the relay made up does not`, async () => {
      const { world, known } = await behindByTwo()
      const [a, b] = [world.at(0), world.at(1)]
      const bytes = bytesAt(await world.relay.log(world.relay.vaultOf(b)), known)
      for (const signer of [undefined, makeDevice(world.random)]) {
        world.relay.lieTo(b, { log: (log) => replaced(log, known, future(bytes, change, signer)) })
        await expectHalt(world, b, 'relay-contradicts')
      }
      world.relay.lieTo(b, {
        log: (log) => replaced(log, known, future(bytes, change, a.home.device)),
      })
      await expectHalt(world, b, 'update-needed')
      expect(eventsOf(b, 'state').at(-1)).toMatchObject({ state: 'braked' })
    })
  }
})
