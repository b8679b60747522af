// Joining where things go wrong without anybody meaning it, what a device does that may only read, and questions to a folder at work.
import { openFolder } from '@grenier/client'
import { decodeEntry } from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { canary, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { expectNothingJoined, invited } from '../hostile/invited.ts'
import { ended } from '../simulation/world.ts'

describe('joining', () => {
  test('goes on after the answer to the accept was lost', async () => {
    const { world, code } = await invited()
    const [a, b] = [world.at(0), world.at(1)]
    let cuts = 0
    world.relay.onRequest = ({ type }) => {
      if (type === 'append' && cuts++ === 0) world.scheduler.after(25, () => world.cut(b))
    }
    expect(await world.join(b, code)).toBe('done')
    expect(b.tree()).toEqual(a.tree())
  })

  test('of a device that is in the vault still, and lost its state, knows the name of the vault', async () => {
    const { world, code } = await invited()
    const [a, b] = [world.at(0), world.at(1)]
    expect(await world.join(b, code)).toBe('done')
    const [{ name } = { name: '' }] = b.home.folders
    await b.home.removeFolder(b.folderPath)
    b.disk.forget(() => true)
    b.user.remove('.grenier')
    expect(await world.join(b, await world.invite(a))).toBe('done')
    expect(b.home.folders).toMatchObject([{ name }])
    expect(b.tree()).toEqual(a.tree())
    // It comes in as who it is: nothing is accepted a second time.
    const log = await world.relay.log(world.relay.vaultOf(a))
    const headers = log.flatMap((one) => ('entry' in one ? [decodeEntry(one.entry).header] : []))
    expect(headers.filter((one) => one.kind === 'member' && one.part.action === 'accept')).toHaveLength(1)
  })

  test('goes on after the power went at any moment of a join', async () => {
    for (let step = 1; step < 60; step += 4) {
      const { world, code } = await invited()
      const [a, b] = [world.at(0), world.at(1)]
      b.dieAfter(step)
      const first = world.join(b, code)
      const outcome = await first.catch((error: unknown) => error)
      b.dieAfter(Number.POSITIVE_INFINITY)
      if (outcome === 'done') return
      if (b.home.folders.length === 0) expect(await world.join(b, code), `step ${step}`).toBe('done')
      else await resumed(world, { code })
      expect(b.tree(), `step ${step}`).toEqual(a.tree())
    }
  })
})

describe('a code that somebody else was quicker with', () => {
  test.each(['vaults', 'entries', 'append'])('is not valid, and leaves nothing, from %s on', async (from) => {
    const { world, code } = await invited()
    world.more(1)
    const [b, c] = [world.at(1), world.at(2)]
    let quicker: Promise<'done' | Error> | undefined
    world.relay.lieTo(b, {
      holds: ({ type }) =>
        type === from && quicker === undefined ? (quicker = world.join(c, code)) : undefined,
    })
    expect(await world.join(b, code)).toMatchObject({ code: 'code-wrong' })
    expect(await quicker).toBe('done')
    expectNothingJoined(world)
  })
})

/** The folder is recorded: it syncs, if the accept got through; if not, it is forgotten and joined again. */
async function resumed(world: HostileWorld, { code }: { code: string }): Promise<void> {
  const b = world.at(1)
  const outcome = await world.sync(b)
  if (outcome === 'done') return
  expect(outcome).toMatchObject({ code: 'relay-refused' })
  await b.home.removeFolder(b.folderPath)
  b.disk.forget(() => true)
  b.user.remove('.grenier')
  expect(await world.join(b, code)).toBe('done')
}

describe('a device that may only read', () => {
  test('gets what others change, keeps what it changes, and says so, again and again without a new entry', async () => {
    const world = await peacefulWorld({ devices: 1 })
    world.more(1)
    const [a, b] = [world.at(0), world.at(1)]
    expect(await world.join(b, await world.invite(a, 'reader'))).toBe('done')
    expect(b.tree()).toEqual(a.tree())
    b.user.write('of the reader', `${canary} stays here`)
    b.user.write('plain.txt', 'edited by the reader')
    b.user.remove(`link ${canary}`)
    const vault = world.relay.vaultOf(b)
    await world.syncs(a)
    const entries = (await world.relay.log(vault)).length
    for (let times = 0; times < 3; times += 1) await world.syncs(b)
    expect((await world.relay.log(vault)).length).toBe(entries)
    const problems = b.events.filter((event) => event.event === 'problem')
    expect(new Set(problems.map(({ path, code }) => `${path}: ${code}`))).toEqual(
      new Set(['of the reader: read-only', 'plain.txt: read-only', `link ${canary}: read-only`]),
    )
    expect(world.relay.asked.get('put') ?? 0).toBe(world.relay.putsOf(a))
    // What others change comes, beside what was changed here where both were.
    a.user.write('plain.txt', 'edited by the owner')
    a.user.write('new', 'new')
    await world.syncs(a, b)
    expect(Buffer.from(b.user.read('plain.txt')).toString()).toBe('edited by the owner')
    expect(b.user.exists('new')).toBe(true)
    const copies = [...b.user.tree()].filter(([path]) => path.startsWith('plain (conflict'))
    expect(copies.map(([, { bytes }]) => Buffer.from(bytes).toString())).toEqual(['edited by the reader'])
    expect(Buffer.from(b.user.read('of the reader')).toString()).toContain('stays here')
    await world.syncs(b)
  })
})

describe('questions to a folder that is at work', () => {
  test('an invitation is made while a watch has nothing else to do, and while it ends', async () => {
    const world = await peacefulWorld({ devices: 1 })
    world.more(1)
    const [a, b] = [world.at(0), world.at(1)]
    const asked: Promise<string>[] = []
    a.start(async (context) => {
      const engine = await openFolder(context, a.folderPath)
      const ask = async (): Promise<string> =>
        (await engine.invite({ role: 'writer', expiresMs: 60_000 })).code
      world.scheduler.after(60_000, () => void asked.push(ask()))
      world.scheduler.after(120_000, () => {
        const late = ask()
        late.catch(() => undefined)
        asked.push(late)
        a.stop()
      })
      return engine
    }, false)
    expect(await world.until(() => asked.length === 1, 70_000)).toBe(true)
    const [first] = asked
    expect(await world.settles(first ?? Promise.reject(new Error('never asked')))).toMatch(/invite=/)
    await world.until(() => !a.running, 100_000)
    expect(a.outcome).toMatchObject({ code: 'interrupted' })
    const second = await world.settles(asked[1]?.catch((error: unknown) => error) ?? Promise.resolve('never'))
    expect(second).toMatchObject({ code: 'interrupted' })
    expect(await world.join(b, (await first) ?? '')).toMatchObject({ code: 'code-wrong' })
    await world.syncs(a)
    expect(await world.join(b, await world.invite(a))).toBe('done')
  })

  test('a folder is closed while it syncs: the run ends, then the state is closed', async () => {
    const world = await peacefulWorld({ devices: 1 })
    const a = world.at(0)
    a.user.write('large', world.random.bytes(2_000_000))
    a.start(async (context) => {
      const engine = await openFolder(context, a.folderPath)
      world.scheduler.after(30, () => void engine.close())
      return engine
    }, true)
    expect(await world.outcomeOf(a)).toMatchObject({ code: 'interrupted' })
    a.sync(true)
    await ended(world, a)
  })

  test('stops at once while it waits for a relay that is not there', async () => {
    const world = await peacefulWorld({ devices: 1 })
    const a = world.at(0)
    world.between = (wire) => {
      wire.close(1006)
      return wire
    }
    a.sync(false)
    await world.until(() => false, 200_000)
    expect(a.running).toBe(true)
    const before = world.scheduler.nowMs
    a.stop()
    expect(await world.outcomeOf(a)).toMatchObject({ code: 'interrupted' })
    expect(world.scheduler.nowMs - before).toBeLessThan(1000)
  })

  test('a line that always breaks ends a run that is to end, and is not tried without a pause', async () => {
    const world = await peacefulWorld({ devices: 1 })
    const a = world.at(0)
    let cuts = 0
    world.relay.onRequest = ({ type }) => {
      if (type !== 'subscribe') return
      cuts += 1
      world.cut(a)
    }
    a.user.write('large', world.random.bytes(3_000_000))
    expect(await world.sync(a)).toMatchObject({ code: 'relay-unreachable' })
    expect(cuts).toBeLessThan(10)
  })
})
