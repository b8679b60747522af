// Taking up a code with a real folder: what the device then knows of the vault, and what it is told when the code is of no use.
import { joinFolder, openFolder } from '@grenier/client'
import { afterAll, expect, test } from 'vitest'
import { Ground, type Device } from './devices.ts'

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
