// The embedded stores keep the contracts, flush once for many, and find their way back after whatever interrupted them.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom, toHex } from '@grenier/crypto/verify'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { describeAccountStore } from '../account/account-store.contract.ts'
import { describeRegistrationStore } from '../account/registration-store.contract.ts'
import { describeDeletionStore } from './deletion-store.contract.ts'
import { describeLogStore } from './log-store.contract.ts'
import { describePackLedger } from './pack-ledger.contract.ts'
import { describePackStore } from './pack-store.contract.ts'
import { FilePackStore } from './pack-store-files.ts'
import { LevelRows } from './rows-level.ts'
import {
  all,
  anna,
  append,
  day,
  entryBytes,
  pack,
  read,
  roomy,
  send,
  start,
  vault,
} from './store-samples.contract.ts'
import { openStores } from './stores-embedded.ts'
import type { Stores } from './stores.ts'

const root = mkdtempSync(join(tmpdir(), 'grenier-stores-'))
let folders = 0
const newFolder = (): string => join(root, String(folders++))
const open = (folder: string): Promise<Stores> => openStores({ folder, random: systemRandom, now: start })
const make = (): Promise<Stores> => open(newFolder())
afterAll(() => rmSync(root, { recursive: true, force: true }))

describeLogStore('embedded', make)
describePackLedger('embedded', make)
describeDeletionStore('embedded', make)
describePackStore('embedded', make)
describeAccountStore('embedded', make)
describeRegistrationStore('embedded', make)

describe('embedded stores', () => {
  it('are the same when they are opened again', async () => {
    const folder = newFolder()
    const [small, large] = [pack('small'), pack('large', 70_000)]
    const first = await open(folder)
    await first.logs.append(append('v', 0))
    for (const one of [small, large]) await send(first, one)
    await first.logs.append(append('v', 1, { added: [small, large] }))
    await first.close()
    const again = await open(folder)
    onTestFinished(() => again.close())
    expect(again.logs.incarnation).toEqual(first.logs.incarnation)
    expect(await again.logs.entries(vault('v'), 1, 1000)).toEqual([
      { sequence: 1, bytes: entryBytes('v', 1) },
    ])
    const place = { vault: vault('v'), pack: large.id }
    expect(await read(again.packs, place, { offset: 69_999, length: 1 })).toEqual(
      large.bytes.subarray(69_999),
    )
    expect((await again.ledger.usage(anna)).liveBytes).toBe(74_096)
  })

  it('have an incarnation of their own', async () => {
    const [one, two] = [await make(), await make()]
    expect(one.logs.incarnation).not.toEqual(two.logs.incarnation)
    await Promise.all([one.close(), two.close()])
  })

  it('are opened by one process at a time', async () => {
    const folder = newFolder()
    const first = await open(folder)
    await expect(open(folder)).rejects.toMatchObject({ code: 'data-locked' })
    await first.close()
    await (await open(folder)).close()
  })

  it('are not opened when they are of a version to come', async () => {
    const folder = newFolder()
    await mkdir(folder)
    const rows = await LevelRows.open(join(folder, 'database'))
    await rows.commit((view) => view.put('meta/format', new Uint8Array([2])))
    await rows.close()
    await expect(open(folder)).rejects.toMatchObject({ code: 'version-unknown', data: { version: 2 } })
  })

  it('refuse what comes after they were closed, and finish what came before', async () => {
    const folder = newFolder()
    const stores = await open(folder)
    const appended = stores.logs.append(append('v', 0))
    await stores.close()
    await stores.close()
    expect(await appended).toEqual({ result: 'appended' })
    await expect(stores.logs.append(append('v', 1))).rejects.toMatchObject({ code: 'store-closed' })
    await expect(stores.logs.vault(vault('v'))).rejects.toMatchObject({ code: 'store-closed' })
  })

  it('keep a large pack as a plain file that sha256sum can check', async () => {
    const folder = newFolder()
    const stores = await open(folder)
    onTestFinished(() => stores.close())
    const large = pack('large', 70_000)
    await send(stores, large)
    expect(readdirSync(join(folder, 'packs', toHex(vault('v'))))).toEqual([toHex(large.id)])
    expect(readdirSync(join(folder, 'incoming'))).toEqual([])
  })

  it('forget at the start what was still on its way in, with its charge', async () => {
    const folder = newFolder()
    const stores = await open(folder)
    const large = pack('large', 200_000)
    const arrival = { vault: vault('v'), pack: large.id, sizeBytes: large.sizeBytes }
    await stores.ledger.reserve({ ...arrival, chargedTo: anna, quota: roomy, now: start })
    const upload = await stores.packs.begin(arrival)
    await upload.write(large.bytes.subarray(0, 100_000))
    await stores.close()
    writeFileSync(join(folder, 'incoming', 'left-over'), 'half of a pack')
    const again = await open(folder)
    onTestFinished(() => again.close())
    expect(readdirSync(join(folder, 'incoming'))).toEqual([])
    expect(await again.ledger.rows(vault('v'), [large.id])).toEqual([undefined])
    expect((await again.ledger.usage(anna)).pendingBytes).toBe(0)
    expect(await all(again.packs.list())).toEqual([])
  })

  it('remove files that no row knows, and leave alone what is not theirs', async () => {
    const folder = newFolder()
    const stores = await open(folder)
    const [kept, orphan] = [pack('kept', 70_000), pack('orphan', 70_000)]
    await send(stores, kept)
    const upload = await stores.packs.begin({ vault: vault('v'), pack: orphan.id, sizeBytes: 70_000 })
    await upload.write(orphan.bytes)
    await upload.finish() // the power fails before the row is written
    await stores.close()
    writeFileSync(join(folder, 'packs', 'README'), 'a note of the hoster')
    const again = await open(folder)
    onTestFinished(() => again.close())
    expect((await all(again.packs.list())).map((place) => place.pack)).toEqual([kept.id])
    expect(existsSync(join(folder, 'packs', 'README'))).toBe(true)
  })

  it.each(['buried', 'deleted'])(
    'finish a deletion that was interrupted once the pack was %s',
    async (point) => {
      const folder = newFolder()
      const stores = await open(folder)
      const packs = [pack('small'), pack('large', 70_000)]
      for (const one of packs) await send(stores, one)
      const now = start + 2 * day
      const gone = await stores.ledger.bury(await stores.ledger.due(now, 10), now)
      expect(gone).toHaveLength(2)
      if (point === 'deleted') await stores.packs.delete(gone)
      await stores.close()
      const again = await open(folder)
      onTestFinished(() => again.close())
      expect(await again.ledger.due(now, 10)).toEqual([])
      expect(await all(again.ledger.list())).toEqual([])
      expect(await all(again.packs.list())).toEqual([])
    },
  )
})

describe('group commit', () => {
  it('flushes once for many appends that wait at the same time', async () => {
    const rows = await LevelRows.open(join(newFolder()))
    onTestFinished(() => rows.close())
    const first = rows.commit((view) => view.put('a', new Uint8Array([1])))
    await first
    const flushes = rows.flushes
    await Promise.all(
      Array.from({ length: 500 }, (_, at) => rows.commit((view) => view.put(`k${at}`, new Uint8Array([1])))),
    )
    expect(rows.flushes).toBe(flushes + 1)
  })

  it('flushes the directory once for many packs that are finished at the same time', async () => {
    const folder = newFolder()
    await mkdir(folder)
    const rows = await LevelRows.open(join(folder, 'database'))
    const packs = await FilePackStore.open(folder, rows)
    const uploads = await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        const one = pack(`p${at}`, 70_000)
        const upload = await packs.begin({ vault: vault('v'), pack: one.id, sizeBytes: one.sizeBytes })
        await upload.write(one.bytes)
        return upload
      }),
    )
    await uploads.pop()!.finish()
    const flushes = packs.flushes
    await Promise.all(uploads.map((upload) => upload.finish()))
    // The rest of each file is written before it joins a group: the first to be ready may be flushed on its own.
    expect(packs.flushes - flushes).toBeLessThanOrEqual(uploads.length / 2)
    await packs.close()
    await rows.close()
  })
})
