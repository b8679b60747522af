// Sealed exports in memory, made by a machine of a simulated world.
import { fromHex } from '@grenier/crypto'
import { expect } from 'vitest'
import type { ArchiveSink, ArchiveSource } from '../../packages/client/src/archive/archive-file.ts'
import { ArchiveWriter } from '../../packages/client/src/archive/archive-writer.ts'
import { runSealedExport } from '../../packages/client/src/engine/sealed-export-run.ts'
import type { HostileWorld } from '../hostile/hostile-world.ts'
import type { Machine } from '../simulation/world.ts'

/** An archive, to be written, read and hurt. */
export class MemoryArchive implements ArchiveSource, ArchiveSink {
  bytes: Buffer = Buffer.alloc(0)
  /** After so many reads its disk fails. */
  readsLeft = Number.POSITIVE_INFINITY

  /** Another one with these bytes. */
  static of(bytes: Uint8Array): MemoryArchive {
    const archive = new MemoryArchive()
    archive.bytes = Buffer.from(bytes)
    return archive
  }

  get sizeBytes(): number {
    return this.bytes.length
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    if ((this.readsLeft -= 1) < 0) return Promise.reject(new Error('the disk fails'))
    return Promise.resolve(
      new Uint8Array(this.bytes.subarray(Math.max(0, offset), Math.max(0, offset) + length)),
    )
  }

  write(bytes: Uint8Array): Promise<void> {
    this.bytes = Buffer.concat([this.bytes, bytes])
    return Promise.resolve()
  }

  /** Flips a bit of what stands there, wherever it does. */
  hurtEntry(entry: Uint8Array): void {
    for (let at = this.bytes.indexOf(entry); at >= 0; at = this.bytes.indexOf(entry, at + 1))
      this.#flip(at + 50)
  }

  /** Flips a bit of the first copy of what stands there. */
  hurtEntryOnce(entry: Uint8Array): void {
    this.#flip(this.bytes.indexOf(entry) + 50)
  }

  /** Flips a bit of a pack of this name, at so many bytes of its record from the name on, wherever it stands. */
  hurtPack(id: Uint8Array, at = 60): void {
    for (let name = this.bytes.indexOf(id); name >= 0; name = this.bytes.indexOf(id, name + 1))
      if (this.bytes[name - 16] === 3) this.#flip(name + at)
  }

  #flip(at: number): void {
    this.bytes[at] = (this.bytes[at] ?? 0) ^ 1
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }
}

/** What a machine exports of its vault, with nothing lacking. */
export async function exported(world: HostileWorld, machine: Machine): Promise<MemoryArchive> {
  const [record] = machine.home.folders
  if (record === undefined) throw new Error('no folder')
  const archive = new MemoryArchive()
  const writer = await ArchiveWriter.begin(archive, fromHex(record.vault))
  const done = await world.settles(runSealedExport(machine.context(), { record, known: undefined, writer }))
  expect(done.lacking).toEqual([])
  return archive
}
