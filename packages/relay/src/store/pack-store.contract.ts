// What every PackStore does. Each case makes its own store.
import { concat, equal } from '@grenier/crypto/verify'
import { describe, expect, it, onTestFinished } from 'vitest'
import { all, pack, vault, type MakeStores, type SamplePack } from './store-samples.contract.ts'
import type { PackArrival, PackStore } from './pack-store.ts'

const MiB = 1024 * 1024

/** Runs the contract against one implementation. */
export function describePackStore(name: string, make: MakeStores): void {
  const opened = async (): Promise<PackStore> => {
    const stores = await make()
    onTestFinished(() => stores.close())
    return stores.packs
  }
  const arrival = (one: SamplePack, vaultName = 'v'): PackArrival => ({
    vault: vault(vaultName),
    pack: one.id,
    sizeBytes: one.sizeBytes,
  })
  const put = async (packs: PackStore, one: SamplePack, vaultName = 'v'): Promise<void> => {
    const upload = await packs.begin(arrival(one, vaultName))
    for (let at = 0; at < one.sizeBytes; at += 65_536) await upload.write(one.bytes.subarray(at, at + 65_536))
    await upload.finish()
  }
  const whole = { offset: 0 }

  // Small and large packs may lie in different places: both keep the same contract.
  describe.each([
    ['of 4 KiB', 4096],
    ['of 64 KiB', 65_536],
    ['of 64 KiB and a byte', 65_537],
    ['of 1.5 MiB', 1.5 * MiB],
  ])(`PackStore ${name}, packs %s`, (_, sizeBytes) => {
    const one = pack('one', sizeBytes)
    const two = pack('two', sizeBytes)

    it('gives back the bytes that were put', async () => {
      const packs = await opened()
      await put(packs, one)
      const pieces = await all(packs.get(arrival(one), { ...whole, length: sizeBytes }))
      expect(equal(concat(pieces), one.bytes)).toBe(true)
      expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(65_536)
    })

    it('gives any range of them', async () => {
      const packs = await opened()
      await put(packs, one)
      for (const [offset, length] of [
        [0, 0],
        [0, 1],
        [sizeBytes - 1, 1],
        [1000, 2000],
        [17, sizeBytes - 17],
      ] as const) {
        const read = concat(await all(packs.get(arrival(one), { offset, length })))
        expect(equal(read, one.bytes.subarray(offset, offset + length))).toBe(true)
      }
    })

    it('says that a pack is missing, or ends before the range', async () => {
      const packs = await opened()
      await put(packs, one)
      const missing = { code: 'pack-missing' }
      await expect(all(packs.get(arrival(two), { offset: 0, length: 1 }))).rejects.toMatchObject(missing)
      await expect(all(packs.get(arrival(one, 'w'), { offset: 0, length: 1 }))).rejects.toMatchObject(missing)
      const beyond = { offset: sizeBytes - 5, length: 6 }
      await expect(all(packs.get(arrival(one), beyond))).rejects.toMatchObject(missing)
    })

    it('shows nothing of a pack before it is finished, nor after it was given up', async () => {
      const packs = await opened()
      const upload = await packs.begin(arrival(one))
      await upload.write(one.bytes)
      expect(upload.receivedBytes).toBe(sizeBytes)
      expect(await all(packs.list())).toEqual([])
      await expect(all(packs.get(arrival(one), { offset: 0, length: 1 }))).rejects.toMatchObject({
        code: 'pack-missing',
      })
      await upload.abort()
      await upload.abort()
      await expect(upload.finish()).rejects.toMatchObject({ code: 'store-closed' })
      expect(await all(packs.list())).toEqual([])
    })

    it('refuses bytes that are not what the name says', async () => {
      const packs = await opened()
      const upload = await packs.begin(arrival(one))
      const altered = one.bytes.slice()
      altered[sizeBytes - 1]! ^= 1
      await upload.write(altered)
      await expect(upload.finish()).rejects.toMatchObject({ code: 'pack-wrong' })
      expect(await all(packs.list())).toEqual([])
    })

    it('refuses more and fewer bytes than announced', async () => {
      const packs = await opened()
      const more = await packs.begin(arrival(one))
      await more.write(one.bytes)
      await expect(more.write(new Uint8Array(1))).rejects.toMatchObject({ code: 'pack-size' })
      await more.abort()
      const fewer = await packs.begin(arrival(one))
      await fewer.write(one.bytes.subarray(1))
      await expect(fewer.finish()).rejects.toMatchObject({ code: 'pack-size' })
      expect(await all(packs.list())).toEqual([])
    })

    it('takes the same pack twice, also at the same time', async () => {
      const packs = await opened()
      await Promise.all([put(packs, one), put(packs, one), put(packs, one, 'w')])
      await put(packs, one)
      expect(await all(packs.list(vault('v')))).toMatchObject([{ vault: vault('v'), pack: one.id }])
      const read = await all(packs.get(arrival(one), { ...whole, length: sizeBytes }))
      expect(equal(concat(read), one.bytes)).toBe(true)
    })

    it('deletes, and does not mind what is not there', async () => {
      const packs = await opened()
      await put(packs, one)
      await put(packs, two)
      await packs.delete([arrival(one), arrival(pack('three', sizeBytes))])
      await packs.delete([arrival(one)])
      expect((await all(packs.list())).map((place) => place.pack)).toEqual([two.id])
    })

    it('lets a reader stop early', async () => {
      const packs = await opened()
      await put(packs, one)
      for await (const piece of packs.get(arrival(one), { ...whole, length: sizeBytes })) {
        expect(piece.length).toBeGreaterThan(0)
        break
      }
      await packs.delete([arrival(one)])
    })
  })

  describe(`PackStore ${name}`, () => {
    it('lists small and large packs in order of vault and name', async () => {
      const packs = await opened()
      const samples = Array.from({ length: 8 }, (_, at) => pack(`p${at}`, at % 2 === 0 ? 4096 : 70_000))
      for (const vaultName of ['v', 'w']) for (const one of samples) await put(packs, one, vaultName)
      const listed = await all(packs.list())
      const sorted = listed.toSorted(
        (a, b) => Buffer.compare(a.vault, b.vault) || Buffer.compare(a.pack, b.pack),
      )
      expect(listed).toHaveLength(16)
      expect(listed).toEqual(sorted)
      expect(await all(packs.list(vault('w')))).toHaveLength(8)
    })

    it('refuses everything once it is closed', async () => {
      const packs = await opened()
      await put(packs, pack('one'))
      await packs.close()
      await packs.close()
      const closed = { code: 'store-closed' }
      await expect(packs.begin(arrival(pack('two')))).rejects.toMatchObject(closed)
      await expect(packs.delete([])).rejects.toMatchObject(closed)
      await expect(all(packs.get(arrival(pack('one')), { offset: 0, length: 1 }))).rejects.toMatchObject(
        closed,
      )
    })
  })
}
