// What goes to disks and comes from them: the sender's reading, the relay's packs, the receiver's file. The classes that do it, on real files.
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { packBytesMax, packIdOf, vaultId, type PackId } from '@grenier/crypto'
import { openRealFileSystem } from '../../packages/client/src/disk/file-system-real.ts'
import type { RelativePath } from '../../packages/client/src/sync/name.ts'
import { FilePackStore } from '../../packages/relay/src/store/pack-store-files.ts'
import { MemoryRows } from '../../packages/relay/src/store/rows-memory.ts'
import { leastOf } from './cost.ts'
import type { StageCost } from './stage-cost.ts'

const mibBytes = 1 << 20
const readBytes = 4 * mibBytes
const chunkBytes = mibBytes
/** As much as comes in one message. */
const partBytes = 256 * 1024
const vault = vaultId(new Uint8Array(32).fill(3))

interface Pack {
  readonly id: PackId
  readonly bytes: Uint8Array
}

/** Measures them below `folder`, each with so many MiB. */
export async function diskCosts(
  folder: string,
  { mib, runs }: { mib: number; runs: number },
): Promise<StageCost[]> {
  const bytes = new Uint8Array(randomBytes(mib * mibBytes))
  const packs = packsOf(bytes)
  const stored = { mib, isStored: true } as const
  const plain = { mib, isStored: false } as const
  const relay = { thread: 'relay', ...stored } as const
  const read = reading(join(folder, 'sent'), bytes)
  const store = await storing(join(folder, 'packs'), packs)
  const write = writing(join(folder, 'received'), bytes)
  const costs: StageCost[] = [
    { name: 'read', thread: 'sender', ...plain, waitsForDisk: false, ...(await leastOf(runs, read)) },
    { name: 'check and store, durable', ...relay, waitsForDisk: true, ...(await leastOf(runs, store.put)) },
    { name: 'read a pack', ...relay, waitsForDisk: false, ...(await leastOf(runs, store.get)) },
    {
      name: 'write, durable',
      thread: 'receiver',
      ...plain,
      waitsForDisk: true,
      ...(await leastOf(runs, write)),
    },
  ]
  await store.close()
  return costs
}

/** What writing the same bytes durably takes at least: write and fdatasync, and nothing else. */
export async function writeFloor(
  folder: string,
  { mib, runs }: { mib: number; runs: number },
): Promise<StageCost> {
  const bytes = randomBytes(Math.min(mib * mibBytes, packBytesMax))
  const count = Math.ceil((mib * mibBytes) / bytes.length)
  const cost = await leastOf(runs, () => {
    for (let at = 0; at < count; at += 1) {
      const file = fs.openSync(join(folder, 'floor'), 'w')
      fs.writeSync(file, bytes)
      fs.fdatasyncSync(file)
      fs.closeSync(file)
    }
  })
  const done = (count * bytes.length) / mibBytes
  return {
    name: 'floor: write and fdatasync',
    thread: 'relay',
    mib: done,
    isStored: true,
    waitsForDisk: true,
    ...cost,
  }
}

function packsOf(bytes: Uint8Array): Pack[] {
  const count = Math.ceil(bytes.length / packBytesMax)
  return Array.from({ length: count }, (_, at) => {
    const pack = bytes.subarray(at * packBytesMax, (at + 1) * packBytesMax)
    return { id: packIdOf(pack), bytes: pack }
  })
}

function reading(folder: string, bytes: Uint8Array): () => Promise<void> {
  fs.mkdirSync(folder)
  fs.writeFileSync(join(folder, 'file'), bytes)
  const fileSystem = openRealFileSystem(folder)
  return async () => {
    const reader = await fileSystem.openForReading('file' as RelativePath)
    for (let at = 0; at < bytes.length; at += readBytes) await reader.read(at, readBytes)
    await reader.close()
  }
}

/** Two packs at a time, as a connection has them, so that they share a flush. */
async function storing(
  folder: string,
  packs: readonly Pack[],
): Promise<{ put: () => Promise<void>; get: () => Promise<void>; close: () => Promise<void> }> {
  fs.mkdirSync(folder)
  const store = await FilePackStore.open(folder, new MemoryRows())
  const putOne = async ({ id, bytes }: Pack): Promise<void> => {
    const upload = await store.begin({ vault, pack: id, sizeBytes: bytes.length })
    for (let at = 0; at < bytes.length; at += partBytes)
      await upload.write(bytes.subarray(at, at + partBytes))
    await upload.finish()
  }
  return {
    async put() {
      for (let at = 0; at < packs.length; at += 2) await Promise.all(packs.slice(at, at + 2).map(putOne))
    },
    async get() {
      // As a connection reads: some pieces at a time, into memory that is used again.
      const pieces = Array.from({ length: 4 }, () => new Uint8Array(partBytes))
      for (const { id, bytes } of packs) {
        const reader = await store.open({ vault, pack: id })
        for (let at = 0; at < bytes.length; at += 4 * partBytes)
          await reader.read(at, fitted(pieces, bytes.length - at))
        await reader.close()
      }
    },
    close: () => store.close(),
  }
}

/** As much of the pieces as there are bytes left. */
function fitted(pieces: readonly Uint8Array[], leftBytes: number): Uint8Array[] {
  return pieces.flatMap((piece, at) => {
    const length = Math.min(piece.length, leftBytes - at * piece.length)
    return length > 0 ? [piece.subarray(0, length)] : []
  })
}

function writing(folder: string, bytes: Uint8Array): () => Promise<void> {
  fs.mkdirSync(folder)
  const fileSystem = openRealFileSystem(folder)
  return async () => {
    const writer = await fileSystem.openStaged('one')
    for (let at = 0; at < bytes.length; at += chunkBytes)
      await writer.write(at, bytes.subarray(at, at + chunkBytes))
    await writer.close()
    const path = 'file' as RelativePath
    await fileSystem.change({ do: 'finish-staged', name: 'one', mode: 0o644, mtimeNs: 0n })
    await fileSystem.change({ do: 'place', name: 'one', path, replace: true })
    await fileSystem.flush(['' as RelativePath])
  }
}
