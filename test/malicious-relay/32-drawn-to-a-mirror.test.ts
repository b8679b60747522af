// A mirror that wants the devices of a vault for itself while their relay is out of reach: it shows what it likes, and is believed nothing but an
// entry of who is an owner, which goes on from what the device has, names this very mirror, and is new to it.
import { openFolder } from '@grenier/client'
import {
  advance,
  decodeEntry,
  fromHex,
  makeConfig,
  makeDevice,
  signEntry,
  systemRandom,
  toHex,
  type KeyPairs,
  type LogState,
} from '@grenier/crypto'
import { memoryStores } from '@grenier/relay'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openVault, type OpenVault } from '../../packages/client/src/engine/open-vault.ts'
import { promotionAt, type Promotion } from '../../packages/client/src/engine/promotion.ts'
import type { RelaySession } from '../../packages/client/src/relay/relay-session.ts'
import { agree, Ground, otherRelayUrl, type Device } from '../folder/devices.ts'
import { keptAt } from '../folder/kept-at.ts'

const mirror = otherRelayUrl
const stores = memoryStores({ random: systemRandom })
const ground = new Ground(stores)
const [a, b, c] = [ground.device('alpha'), ground.device('beta', { isAlone: true }), ground.device('gamma')]
/** The log of the vault, in which c is an owner up to `removed` and not from there on. */
let log: Uint8Array[] = []
let removed = 0
let open: OpenVault

beforeAll(async () => {
  a.write('first', 'of a')
  await a.add()
  await b.join(a)
  await c.joinBy(await a.invite('owner'))
  await agree(a, b, c)
  removed = (await logNow()).length
  const engine = await openFolder(a.context(), a.folder)
  await engine.changeMembers({ do: 'revoke', member: keyOf(c) }).finally(() => engine.close())
  a.write('second', 'of a')
  await agree(a, b)
  log = await logNow()
  const [record] = b.home.folders
  if (record === undefined) throw new Error('no folder')
  open = await openVault(b.context(), record)
})
afterAll(async () => {
  await open.close()
  await ground.end()
})

async function logNow(): Promise<Uint8Array[]> {
  const { entries } = await keptAt(stores, a.home.folders[0]?.vault ?? '')
  return entries.map((hex) => fromHex(hex))
}

function keyOf(device: Device): string {
  return toHex(device.home.device.sign.publicKey)
}

/** The log after so many of its entries. */
function stateAfter(entries: readonly Uint8Array[]): LogState {
  const last = entries.reduce<LogState | undefined>(
    (state, bytes) => advance(state, decodeEntry(bytes)),
    undefined,
  )
  if (last === undefined) throw new Error('no log')
  return last
}

/** These entries, and behind them the word of who signs it that the vault goes on there. */
function promotedBehind(
  entries: readonly Uint8Array[],
  signer: KeyPairs,
  { relay = mirror, since = 1 } = {},
): Uint8Array[] {
  const state = stateAfter(entries)
  const { epochKeys } = open.vault.log.keys
  const from = stateAfter(entries.slice(0, entries.length - since + 1)).head
  const continuation = { relay, sequence: from.sequence, hash: from.hash }
  const on = { state, signer, at: state.head.at, random: systemRandom, epochKeys }
  return [...entries, makeConfig({ ...on, continuation }).entry.bytes]
}

/** What is made of a mirror that shows this; undefined where nobody is drawn there. */
async function shown(
  entries: readonly Uint8Array[],
  head = entries.length - 1,
): Promise<Promotion['how'] | undefined> {
  const promotion = await promotionOf(entries, head)
  return promotion?.relay === mirror ? promotion.how : undefined
}

async function promotionOf(
  entries: readonly Uint8Array[],
  head = entries.length - 1,
): Promise<Promotion | undefined> {
  const { hash, at } = stateAfter(log).head
  const session = {
    head: () => Promise.resolve({ sequence: head, hash, at }),
    async *entries(_vault: unknown, from: number) {
      await Promise.resolve()
      for (const [sequence, entry] of entries.entries()) if (sequence >= from) yield { sequence, entry }
    },
  }
  return await promotionAt(open.vault, session as unknown as RelaySession, mirror)
}

test('attack 32: an owner’s word behind what the device has is followed; without it nothing is', async () => {
  const { device } = a.home
  expect(await shown(promotedBehind(log, device))).toBe('follows')
  expect(await shown(log)).toBeUndefined()
  expect(await shown(log.slice(0, -1))).toBeUndefined()
  // A head that it states and does not show, or another vault's.
  expect(await shown(log, log.length + 5)).toBeUndefined()
  expect(await shown([])).toBeUndefined()
})

test('attack 32: the word of a stranger, of a writer, of a removed owner is none', async () => {
  const right = decodeEntry(promotedBehind(log, a.home.device).at(-1) ?? new Uint8Array())
  for (const { sign } of [makeDevice(systemRandom), b.home.device, c.home.device]) {
    const header = { ...right.header, device: sign.publicKey }
    const said = signEntry({ header, payload: right.payload, secretKey: sign.secretKey })
    expect(await shown([...log, said.bytes])).toBeUndefined()
  }
})

test('attack 32: a word that names another relay, or goes on from elsewhere, draws nobody to this one', async () => {
  const leadsOn = promotedBehind(log, a.home.device, { relay: 'wss://elsewhere.example' })
  expect(await shown(leadsOn)).toBeUndefined()
  // It is an owner's all the same, and followed to where it leads.
  expect(await promotionOf(leadsOn)).toMatchObject({ how: 'follows', relay: 'wss://elsewhere.example' })
  expect(await shown(promotedBehind(log, a.home.device, { since: 2 }))).toBeUndefined()
})

test('attack 32: on another branch the signer has to be an owner by the log that the device knows as well', async () => {
  const before = log.slice(0, removed)
  // That branch is rightly signed: who removed c is not in it.
  expect(await shown(promotedBehind(before, c.home.device))).toBeUndefined()
  expect(await shown(promotedBehind(before, a.home.device))).toBe('parted')
})

test('attack 32: a word that the device knows already brings no day back', async () => {
  const gone = promotedBehind(log, a.home.device)
  const state = stateAfter(gone)
  const { epochKeys } = open.vault.log.keys
  const { sequence, hash } = state.head
  const home = { relay: 'ws://127.0.0.1:1', sequence, hash }
  const on = { state, signer: a.home.device, at: state.head.at, random: systemRandom, epochKeys }
  const back = [...gone, makeConfig({ ...on, continuation: home }).entry.bytes]
  // By a device that has been there and back.
  const { log: known } = open.vault
  for (const [at, entry] of back.entries())
    if (at >= known.nextSequence) {
      const judged = known.judge({ sequence: at, entry })
      await open.vault.trees.write({ flush: false }, (rows) =>
        known.keep(rows, judged, { given: { sequence: at, entry }, retired: false }),
      )
      known.moved(judged)
    }
  expect(await shown(gone)).toBeUndefined()
  expect(await shown(back)).toBeUndefined()
})
