import { mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { LevelStateStore } from './state-store-level.ts'
import { stateStoreContract } from './state-store.contract.ts'

stateStoreContract('on disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'grenier-state-'))
  return {
    open: () => LevelStateStore.open(join(folder, 'state')),
    remove: () => rm(folder, { recursive: true }),
  }
})

it('says that the state is broken when its files are', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'grenier-state-'))
  await mkdir(join(folder, 'state'))
  await writeFile(join(folder, 'state', 'CURRENT'), 'nonsense')
  await expect(LevelStateStore.open(join(folder, 'state'))).rejects.toMatchObject({ code: 'state-broken' })
  await rm(folder, { recursive: true })
})
