// Somebody who wants the relay full, slow, guessed at or dead.
import { makeDevice, systemRandom } from '@grenier/crypto'
import { encodeMessage, limits } from '@grenier/protocol'
import { describe, expect, test } from 'vitest'
import { builtInPlan } from '../../packages/relay/src/account/account-rows.ts'
import { failuresMax, peerStrangersMax } from '../../packages/relay/src/limits.ts'
import { countingRandom, outcome, packOf } from '../../packages/relay/src/session/scripted-client.vectors.ts'
import { memoryStores } from '../../packages/relay/src/store/stores-memory.ts'
import { Seeded } from '../simulation/seeded.ts'
import { startedRelay, type Relay } from './peer.ts'

const small = (plan: Partial<typeof builtInPlan>): Promise<Relay> => {
  const stores = memoryStores({ random: countingRandom(), defaultPlan: { ...builtInPlan, ...plan } })
  return startedRelay({ stores })
}

describe('attack 28: filling the disk', () => {
  test('with packs that nothing claims ends at the quota', async () => {
    const { world } = await small({ bytesMax: 50_000 })
    const { client, vault } = await world.owner()
    const answers: string[] = []
    for (let at = 0; at < 20; at += 1) answers.push(outcome(await client.put(vault.state.vault, packOf())))
    expect(answers.slice(0, 5)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok'])
    expect(answers.filter((answer) => answer === 'ok').length * 4096).toBeLessThan(50_000)
    expect(answers.at(-1)).toBe('quota')
  })

  test('with packs under the id of a vault that is about to begin fills the account of who sends them', async () => {
    const { world } = await small({ bytesMax: 50_000 })
    const [owner, stranger] = [await world.newcomer(), await world.newcomer()]
    const vault = world.genesis(owner.person)
    const { vault: id } = vault.state
    let sent = 0
    while (outcome(await stranger.client.put(id, packOf())) === 'ok') sent += 1
    expect(sent).toBeGreaterThan(5)
    const begun = await owner.client.ask({ type: 'append', vault: id, entry: vault.genesis.bytes })
    expect(outcome(begun)).toBe('ok')
    const used = await owner.client.ask({ type: 'account' })
    expect((used as { usedBytes: number }).usedBytes).toBeLessThan(4096 * 2)
    expect(await owner.client.ask({ type: 'vault-facts', vault: id })).toMatchObject({ packBytes: 0 })
    expect(outcome(await owner.client.put(id, packOf()))).toBe('ok')
    expect(outcome(await stranger.client.put(id, packOf()))).toBe('vault-unknown')
  })

  test('with entries ends at their number, and at the quota by their bytes', async () => {
    for (const plan of [{ entriesMax: 6 }, { bytesMax: 14_000 }]) {
      const { world } = await small(plan)
      const { client, vault, person } = await world.owner()
      const answers: string[] = []
      for (let at = 0; at < 12; at += 1) {
        const { entry, state } = world.change(vault, person.device)
        const ask = { type: 'append', vault: vault.state.vault, entry: entry.bytes } as const
        const answer = outcome(await client.ask(ask))
        if (answer === 'ok') vault.state = state
        answers.push(answer)
      }
      expect(answers[0]).toBe('ok')
      expect(answers.at(-1)).toBe('quota')
    }
  })

  test('with vaults ends at their number', async () => {
    const { world } = await small({ vaultsMax: 3 })
    const { person, client } = await world.newcomer()
    const answers: string[] = []
    for (let at = 0; at < 5; at += 1) {
      const { state, genesis } = world.genesis(person)
      answers.push(outcome(await client.ask({ type: 'append', vault: state.vault, entry: genesis.bytes })))
    }
    expect(answers).toEqual(['ok', 'ok', 'ok', 'quota', 'quota'])
  })
})

describe('attack 29: using up memory and handles', () => {
  test('a stranger that sends a large frame, or many small ones, is cut', async () => {
    const { peer } = await startedRelay()
    const large = peer()
    await large.challenge()
    large.wire.send(new Uint8Array(limits.loginFrameBytes + 1))
    await large.untilClosed()
    const many = peer()
    await many.challenge()
    for (let at = 0; at < 8000; at += 1) many.say({ type: 'ping', id: at })
    await many.untilClosed()
  })

  test('half-open connections of one network leave the door open for others, and go after half a minute', async () => {
    const { world, peer } = await startedRelay()
    const half = Array.from({ length: peerStrangersMax }, () => peer('10.9.9.9'))
    await Promise.all(half.map((one) => one.challenge()))
    const refused = peer('10.9.9.9')
    await refused.untilClosed()
    expect(refused.heard).toMatchObject([{ type: 'error', code: 'busy' }])
    await peer('10.8.8.8').challenge()
    world.clock.advance(limits.loginMs)
    await Promise.all(half.map((one) => one.untilClosed()))
    await peer('10.9.9.9').challenge()
  })

  test('more puts at once than are allowed are refused, and who sends beyond its credit is cut', async () => {
    const { world } = await startedRelay()
    const { client, vault } = await world.owner()
    const ids = Array.from({ length: limits.openPuts + 1 }, () =>
      client.startPut(vault.state.vault, packOf()),
    )
    expect(outcome(await client.reply(ids.at(-1) ?? 0))).toBe('too-many')
    const other = await world.owner()
    const pack = new Uint8Array(4_194_304)
    const id = other.client.startPut(other.vault.state.vault, pack)
    other.client.sendParts(id, pack, [2_097_152, pack.length])
    await other.client.untilClosed()
  })
})

test('attack 30: codes cannot be guessed: a network that tries waits after ten, and no other one does', async () => {
  const { peer } = await startedRelay()
  const guess = async (network: string): Promise<string> =>
    outcome(await peer(network).login(makeDevice(systemRandom).sign, 'one-time'))
  for (let at = 0; at < failuresMax; at += 1) expect(await guess('10.7.7.7')).toBe('account-unknown')
  expect(await guess('10.7.7.7')).toBe('too-many')
  expect(await guess('10.6.6.6')).toBe('account-unknown')
})

test('attack 31: frames that are no messages end the connection with a code, before and after the login, and the relay serves on', async () => {
  const failures: string[] = []
  const { world, peer } = await startedRelay({
    log: (event, fields) => event === 'request-failed' && failures.push(JSON.stringify(fields)),
  })
  const owner = await world.owner()
  const { vault } = owner.vault.state
  const random = new Seeded(31)
  const valid = encodeMessage({ type: 'head', id: 1, vault })
  const frames = [
    new Uint8Array(0),
    Uint8Array.of(0xff),
    new Uint8Array(2000).fill(0x81),
    valid.slice(0, -1),
    Uint8Array.from([...valid, 0]),
    ...Array.from({ length: 25 }, () => random.bytes(1 + random.below(200))),
  ]
  for (const frame of frames) {
    for (const client of [peer(), await world.device(owner.person.device)]) {
      await client.challenge()
      client.wire.send(frame)
      await client.untilClosed()
      expect(client.heard.at(-1)).toMatchObject({ type: 'error' })
    }
  }
  expect(outcome(await owner.client.ask({ type: 'head', vault }))).toBe('ok')
  expect(failures).toEqual([])
})
