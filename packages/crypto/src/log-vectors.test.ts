// The frozen vectors of logs: made again and compared with the files; and the files read as a stranger would, who has FORMAT.md alone. A
// difference means that the format changed: it must not, without a new version.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { codeOf } from './bytes-mutations.vectors.ts'
import { fromHex, toHex } from './bytes.ts'
import { openContainer } from './container.ts'
import { decodeEntry } from './entry.ts'
import { hash, packIdOf } from './hash.ts'
import { invitationOf } from './invitation.ts'
import { advance, type LogState } from './log-state.ts'
import { logVectors, membersOf, payloadVectors, refusedVectors } from './log.vectors.ts'
import { joinPayload, openPayload } from './payload.ts'
import { decodeChange } from './payload-change.ts'
import { decodeCheckpoint } from './payload-checkpoint.ts'
import { decodeConfigPayload, decodeGenesisPayload, decodeMemberPayload } from './payload-names.ts'
import { packKeyOf, payloadKeyOf } from './subkeys.ts'

const folder = join(import.meta.dirname, '..', 'vectors')
const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
}

describe('the frozen vectors are what this program makes', () => {
  test.each([
    ['log', logVectors],
    ['log-refused', refusedVectors],
    ['payloads', payloadVectors],
  ] as const)('%s.json', async (name, make) => {
    await expect(`${JSON.stringify(make(), null, 1)}\n`).toMatchFileSnapshot(join(folder, `${name}.json`))
  })
})

const decoders = {
  genesis: decodeGenesisPayload,
  member: decodeMemberPayload,
  config: decodeConfigPayload,
}

describe('log.json', () => {
  const file = () => read('log') as ReturnType<typeof logVectors>

  test('is accepted entry by entry, with the hashes and members it says', () => {
    let state: LogState | undefined
    for (const expected of file().entries) {
      const entry = decodeEntry(fromBase64(expected.entry))
      state = advance(state, entry)
      expect(entry.header.kind).toBe(expected.kind)
      expect(toHex(entry.bodyHash)).toBe(expected.bodyHash)
      expect(toHex(state.head.hash)).toBe(expected.entryHash)
      expect(membersOf(state)).toEqual({
        devices: expected.devices,
        identities: expected.identities,
        invites: expected.invites,
      })
    }
    expect(toHex(state!.vault)).toBe(file().vault)
  })

  test('has every kind and every action', () => {
    const names = file().entries.map(({ entry }) => {
      const { header } = decodeEntry(fromBase64(entry))
      return header.kind === 'member' ? header.part.action : header.kind
    })
    const all = ['genesis', 'config', 'prune', 'drop', 'change', 'checkpoint']
    const actions = ['invite', 'accept', 'cancel', 'revoke', 'role', 'rekey', 'recover', 'renew']
    expect(new Set(names)).toEqual(new Set([...all, ...actions]))
  })

  test('opens with the keys it gives', () => {
    for (const { name, entry, payloadBody, epochKeys } of file().entries) {
      const { header, payload } = decodeEntry(fromBase64(entry))
      if (payloadBody === null) continue
      const [epoch, key] = Object.entries(epochKeys).at(-1)!
      const binding = header.kind === 'genesis' ? header.nonce : fromHex(file().vault)
      const place = {
        payloadKey: payloadKeyOf(fromHex(key), Number(epoch), binding),
        binding,
        payloadVersionMax: 1,
      }
      const content = openPayload(payload, place)
      expect(content, name).toEqual({ kind: 'body', body: fromBase64(payloadBody) })
      const claims = [...header.added, ...header.restored]
      const body = fromBase64(payloadBody)
      if (header.kind === 'change')
        expect(
          codeOf(() => decodeChange(body, claims)),
          name,
        ).toBe('none')
      else if (header.kind === 'checkpoint')
        expect(
          codeOf(() => decodeCheckpoint(body, claims)),
          name,
        ).toBe('none')
      else if (header.kind !== 'prune' && header.kind !== 'drop')
        expect(
          codeOf(() => decoders[header.kind](body)),
          name,
        ).toBe('none')
    }
  })

  test('has packs under their names, which open with the key of their epoch', () => {
    const vault = fromHex(file().vault)
    const keys = file().entries.flatMap(({ epochKeys }) => Object.entries(epochKeys))
    for (const { id, epoch, bytes } of file().packs) {
      const stored = fromBase64(bytes)
      expect(toHex(packIdOf(stored))).toBe(id)
      const key = keys.find(([number]) => Number(number) === epoch)![1]
      const opened = openContainer({
        type: 'pack',
        key: packKeyOf(fromHex(key), epoch, vault),
        binding: vault,
        bytes: stored,
      })
      expect(opened.epoch).toBe(epoch)
    }
  })

  test('has invitations that the secrets open', () => {
    const invited = file().entries.flatMap(({ invites }) => Object.keys(invites))
    for (const secret of file().invitationSecrets)
      expect(invited).toContain(toHex(invitationOf(fromHex(secret)).sign.publicKey))
  })
})

describe('log-refused.json', () => {
  const file = () => read('log-refused') as ReturnType<typeof refusedVectors>
  const state = () => {
    let after: LogState | undefined
    for (const entry of file().log) after = advance(after, decodeEntry(fromBase64(entry)))
    return after
  }

  test('each entry is refused with the code it says', () => {
    const last = state()
    for (const { name, error, after, entry } of file().refused) {
      const code = codeOf(() => advance(after === 'log' ? last : undefined, decodeEntry(fromBase64(entry))))
      expect(`${name}: ${code}`).toBe(`${name}: ${error}`)
    }
  })

  test('what is no entry is refused with the code it says', () => {
    for (const { name, error, entry } of file().malformed)
      expect(`${name}: ${codeOf(() => decodeEntry(fromBase64(entry)))}`).toBe(`${name}: ${error}`)
  })
})

describe('payloads.json', () => {
  const file = () => read('payloads') as ReturnType<typeof payloadVectors>
  const place = () => ({
    payloadKey: fromHex(file().payloadKey),
    binding: fromHex(file().binding),
    payloadVersionMax: 1,
  })

  test('each opens to its body', () => {
    for (const { payload, body } of file().payloads)
      expect(openPayload(fromBase64(payload), place())).toEqual({ kind: 'body', body: fromHex(body) })
  })

  test('the pointer names its packs and the hash of what they hold', () => {
    const content = openPayload(fromBase64(file().pointer.payload), place())
    if (content.kind !== 'pointer') throw new TypeError('a body where a pointer was expected')
    expect(content.pointer.packs).toEqual([3])
    expect(content.pointer.hash).toEqual(hash('grenier/v1/payload-packs', fromHex(file().pointer.of)))
    expect(codeOf(() => joinPayload(content.pointer, [fromHex(file().pointer.of)], place()))).toBe('none')
  })

  test('the others fail as named', () => {
    for (const { name, error, payload } of file().mustFail)
      expect(`${name}: ${codeOf(() => openPayload(fromBase64(payload), place()))}`).toBe(`${name}: ${error}`)
  })
})
