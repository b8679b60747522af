// Taking up a code with a real folder: what the device then knows of the vault, and what it is told when the code is of no use.
import { readdirSync } from 'node:fs'
import { joinFolder, openFolder, type EngineContext } from '@grenier/client'
import { afterAll, expect, test } from 'vitest'
import { tapped, type Tap } from '../hostile/tapped-wire.ts'
import { agree, Ground, type Device } from './devices.ts'

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
function tappedContext(joiner: Device, tap: Tap): EngineContext {
  const context = joiner.context()
  const { platform } = context
  return { ...context, platform: { ...platform, dial: async (url) => tapped(await platform.dial(url), tap) } }
}

/** Resolves when the accept is on its way; the join goes on for ever, as that of a process that was killed there ends. */
async function cutOff(joiner: Device, code: string, isHeard: boolean): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let accept: number | undefined
    const tap: Tap = {
      toRelay(message) {
        if (message.type !== 'append') return message
        accept = message.id
        if (isHeard) return message
        resolve()
        return undefined
      },
      toClient(message) {
        if (accept === undefined || !('id' in message) || message.id !== accept) return message
        resolve()
        return undefined
      },
    }
    joinFolder(tappedContext(joiner, tap), { path: joiner.folder, code }).catch(reject)
  })
}

test.each([false, true])(
  'a join that was cut off goes on with the same code, heard by the relay: %s',
  async (isHeard) => {
    const [owner, joiner, third] = [
      ground.device('alpha'),
      ground.device('beta', { isAlone: true }),
      ground.device('gamma'),
    ]
    owner.write('file', 'what is there')
    await owner.add()
    joiner.write('own', 'what was here')
    const code = await owner.invite()
    await cutOff(joiner, code, isHeard)
    expect(joiner.home.folders).toHaveLength(1)
    // Neither a code of another vault nor one that was never given takes the place of the one that was cut off.
    await third.add()
    await expect(joiner.joinBy(await third.invite())).rejects.toMatchObject({ code: 'folder-taken' })
    expect(joiner.home.folders).toHaveLength(1)
    await joiner.joinBy(code)
    await agree(owner, joiner)
    expect(joiner.names()).toEqual(['file', 'own'])
    // It has begun: it is synced, and not joined once more.
    await expect(joiner.joinBy(await owner.invite())).rejects.toMatchObject({ code: 'folder-taken' })
  },
)

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
