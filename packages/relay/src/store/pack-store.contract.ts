// What every PackStore does. Each case makes its own store.
import { concat, equal } from '@grenier/crypto/verify'
import { describe, expect, it, onTestFinished } from 'vitest'
import { all, pack, read, vault, type MakeStores, type SamplePack } from './store-samples.contract.ts'
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
      expect(equal(await read(packs, arrival(one), { ...whole, length: sizeBytes }), one.bytes)).toBe(true)
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
        const bytes = await read(packs, arrival(one), { offset, length })
        expect(equal(bytes, one.bytes.subarray(offset, offset + length))).toBe(true)
      }
    })

    it('fills several pieces of memory in one read, and another read elsewhere', async () => {
      const packs = await opened()
      await put(packs, one)
      const reader = await packs.open(arrival(one))
      const pieces = [1000, 0, 1, sizeBytes - 1020].map((length) => new Uint8Array(length))
      await reader.read(17, pieces)
      expect(equal(concat(pieces), one.bytes.subarray(17, sizeBytes - 2))).toBe(true)
      await reader.read(0, pieces.slice(0, 1))
      expect(equal(pieces[0]!, one.bytes.subarray(0, 1000))).toBe(true)
      await reader.close()
    })

    it('has taken bytes over when it says so: their memory is used again', async () => {
      const packs = await opened()
      const upload = await packs.begin(arrival(one))
      const memory = new Uint8Array(1500)
      for (let at = 0; at < sizeBytes; at += memory.length) {
        const part = memory.subarray(0, Math.min(memory.length, sizeBytes - at))
        part.set(one.bytes.subarray(at, at + part.length))
        await upload.write(part)
        memory.fill(0xff)
      }
      await upload.finish()
      expect(equal(await read(packs, arrival(one), { ...whole, length: sizeBytes }), one.bytes)).toBe(true)
    })

    it('says that a pack is missing, or ends before the range', async () => {
      const packs = await opened()
      await put(packs, one)
      const missing = { code: 'pack-missing' }
      await expect(packs.open(arrival(two))).rejects.toMatchObject(missing)
      await expect(packs.open(arrival(one, 'w'))).rejects.toMatchObject(missing)
      const beyond = { offset: sizeBytes - 5, length: 6 }
      await expect(read(packs, arrival(one), beyond)).rejects.toMatchObject(missing)
    })

    it('shows nothing of a pack before it is finished, nor after it was given up', async () => {
      const packs = await opened()
      const upload = await packs.begin(arrival(one))
      await upload.write(one.bytes)
      expect(upload.receivedBytes).toBe(sizeBytes)
      expect(await all(packs.list())).toEqual([])
      await expect(packs.open(arrival(one))).rejects.toMatchObject({ code: 'pack-missing' })
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
      expect(equal(await read(packs, arrival(one), { ...whole, length: sizeBytes }), one.bytes)).toBe(true)
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
      const reader = await packs.open(arrival(one))
      await reader.read(0, [new Uint8Array(1)])
      await reader.close()
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
      await expect(packs.open(arrival(pack('one')))).rejects.toMatchObject(closed)
    })
  })
}
