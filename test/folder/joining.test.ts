// Taking up a code with a real folder: what the device then knows of the vault, and what it is told when the code is of no use.
import { readdirSync } from 'node:fs'
import { joinFolder, openFolder, type EngineContext } from '@grenier/client'
import { afterAll, expect, test } from 'vitest'
import { tapped, type Tap } from '../hostile/tapped-wire.ts'
import { agree, Ground, otherRelayUrl, relayUrl, type Device } from './devices.ts'

const ground = new Ground()
afterAll(() => ground.end())

async function codeFrom(owner: Device, expiresMs = 3_600_000): Promise<string> {
  const engine = await openFolder(owner.context(), owner.folder)
  try {
    return (await engine.invite({ role: 'writer', expiresMs })).code
  } finally {
    await engine.close()
  }
}

test('the name of a vault is its own, whatever its folder is called on the device that joins', async () => {
  const [owner, joiner] = [ground.device('alpha'), ground.device('beta')]
  await owner.add()
  const code = await codeFrom(owner)
  const joined = await joinFolder(joiner.context(), { path: joiner.folder, code })
  await joined.close()
  expect(joined.record.name).toBe(owner.home.folders[0]?.name)
  expect(joiner.home.folders).toEqual([joined.record])
})

test('a code that has expired is told as a code that does not work', async () => {
  const [owner, joiner] = [ground.device('alpha'), ground.device('beta')]
  await owner.add()
  const code = await codeFrom(owner, 1)
  const join = joinFolder(joiner.context(), { path: joiner.folder, code })
  await expect(join).rejects.toMatchObject({ code: 'code-wrong' })
  expect(joiner.home.folders).toEqual([])
})

/** The joiner, with a relay that its accept comes to by `tap` alone. */
function tappedContext(joiner: Device, tap: Tap, signal?: AbortSignal): EngineContext {
  const context = { ...joiner.context(), ...(signal && { signal }) }
  const { platform } = context
  return { ...context, platform: { ...platform, dial: async (url) => tapped(await platform.dial(url), tap) } }
}

/** A join of which nobody knows what came of it: stopped when the accept is on its way, or when the relay has taken it. */
async function cutOff(joiner: Device, code: string, isHeard: boolean): Promise<void> {
  const stop = new AbortController()
  let accept: number | undefined
  const cut = (): void => stop.abort()
  const tap: Tap = {
    toRelay(message) {
      if (message.type !== 'append') return message
      accept = message.id
      if (isHeard) return message
      cut()
      return undefined
    },
    toClient(message) {
      if (accept === undefined || !('id' in message) || message.id !== accept) return message
      cut()
      return undefined
    },
  }
  const join = joinFolder(tappedContext(joiner, tap, stop.signal), { path: joiner.folder, code })
  await expect(join).rejects.toMatchObject({ code: 'interrupted' })
  expect(joiner.home.folders).toHaveLength(1)
}

const pair = (): [Device, Device] => [ground.device('alpha'), ground.device('beta', { isAlone: true })]

test.each([false, true])(
  'a join that was cut off goes on with the same code, heard by the relay: %s',
  async (isHeard) => {
    const [owner, joiner] = pair()
    const third = ground.device('gamma')
    owner.write('file', 'what is there')
    await owner.add()
    joiner.write('own', 'what was here')
    const code = await owner.invite()
    await cutOff(joiner, code, isHeard)
    // A code of another vault does not take the place of the one that was cut off.
    await third.add()
    if (!isHeard)
      await expect(joiner.joinBy(await third.invite())).rejects.toMatchObject({ code: 'folder-taken' })
    // A line that breaks says nothing of the code, and takes nothing away.
    ground.lose(relayUrl)
    await expect(joiner.joinBy(code)).rejects.toMatchObject({ code: 'relay-unreachable' })
    ground.restart(relayUrl)
    expect(joiner.home.folders).toHaveLength(1)
    await joiner.joinBy(code)
    await agree(owner, joiner)
    expect(joiner.names()).toEqual(['file', 'own'])
    // It has begun: it is synced, and not joined once more.
    await expect(joiner.joinBy(await owner.invite())).rejects.toMatchObject({ code: 'folder-taken' })
  },
)

test('nobody takes a join that is under way for one that was cut off', async () => {
  const [owner, joiner] = pair()
  await owner.add()
  const code = await owner.invite()
  const asked = Promise.withResolvers<undefined>()
  const goOn = Promise.withResolvers<undefined>()
  const holds: Tap['holds'] = (message) => {
    if (message.type !== 'append') return undefined
    asked.resolve(undefined)
    return goOn.promise
  }
  const first = joinFolder(tappedContext(joiner, { holds }), { path: joiner.folder, code })
  await asked.promise
  await expect(joiner.joinBy(code)).rejects.toMatchObject({ code: 'folder-taken' })
  goOn.resolve(undefined)
  await (await first).close()
  await agree(owner, joiner)
})

test('attack 7: a join that was cut off is held to what was proved of the log', async () => {
  const [owner, joiner] = pair()
  await owner.add()
  const code = await owner.invite()
  owner.write('later', 'one entry more')
  await owner.sync()
  await cutOff(joiner, code, false)
  const short: Tap = {
    toClient(message) {
      if (message.type !== 'entries-part') return message
      const { head } = message
      return {
        ...message,
        head: head - 1,
        entries: message.entries.filter(({ sequence }) => sequence < head),
      }
    },
  }
  const join = joinFolder(tappedContext(joiner, short), { path: joiner.folder, code })
  await expect(join).rejects.toMatchObject({ code: 'relay-rollback' })
  expect(joiner.home.folders).toHaveLength(1)
  await joiner.joinBy(code)
  await agree(owner, joiner)
})

test('a join that the relay refused leaves nothing behind, and may be tried again', async () => {
  const [owner, joiner] = [ground.device('alpha'), ground.device('beta', { isAlone: true })]
  await owner.add()
  const code = await owner.invite()
  const refused = tappedContext(joiner, {
    toRelay: (message, answer) => {
      if (message.type !== 'append') return message
      answer({ type: 'error', id: message.id, code: 'quota', retryable: false })
      return undefined
    },
  })
  const join = joinFolder(refused, { path: joiner.folder, code })
  await expect(join).rejects.toMatchObject({ code: 'relay-refused' })
  expect(joiner.home.folders).toEqual([])
  expect(readdirSync(joiner.folder)).toEqual([])
  await joiner.joinBy(code)
  await agree(owner, joiner)
})

test('a join whose answer is lost with the line is done: the log says so', async () => {
  const [owner, joiner] = pair()
  await owner.add()
  let accept: number | undefined
  let isLost = false
  const tap: Tap = {
    toRelay(message) {
      if (message.type === 'append') accept = message.id
      return message
    },
    toClient(message) {
      if (isLost || accept === undefined || !('id' in message) || message.id !== accept) return message
      isLost = true
      ground.hangUp(relayUrl)
      return undefined
    },
  }
  const joined = await joinFolder(tappedContext(joiner, tap), {
    path: joiner.folder,
    code: await owner.invite(),
  })
  await joined.close()
  expect(isLost).toBe(true)
  await agree(owner, joiner)
})

test.each(['the same folder', 'another folder'])(
  'a join that was slower than another one of this device leaves what that one did alone: %s',
  async (where) => {
    const [owner, joiner] = pair()
    owner.write('file', 'what is there')
    await owner.add()
    const [code, second] = [await owner.invite(), await owner.invite()]
    // It has read the home before the other one writes it.
    const slow = joiner.context()
    await joiner.joinBy(code)
    const path = where === 'the same folder' ? joiner.folder : ground.directory('elsewhere')
    await expect(joinFolder(slow, { path, code: second })).rejects.toMatchObject({ code: 'folder-taken' })
    expect(joiner.home.folders).toMatchObject([{ path: joiner.folder }])
    if (path !== joiner.folder) expect(readdirSync(path)).toEqual([])
    owner.write('more', 'what came later')
    await agree(owner, joiner)
    expect(joiner.names()).toEqual(['file', 'more'])
  },
)

test('a join that was cut off at the relay where the vault went on goes on from the code of the first one', async () => {
  const [owner, joiner] = pair()
  await owner.add()
  const code = await owner.invite()
  const engine = await openFolder(owner.context(), owner.folder)
  await engine.move({ relay: otherRelayUrl, removeOld: false })
  await engine.close()
  owner.write('later', 'at the other relay')
  await owner.sync()
  await cutOff(joiner, code, false)
  expect(joiner.home.folders).toMatchObject([{ relay: otherRelayUrl }])
  await joiner.joinBy(code)
  await agree(owner, joiner)
})
