// Renewals of the marker that lose power, one after the other: the folder is known again each time.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../clock.ts'
import { openMemoryFileSystem } from '../disk/file-system-memory.ts'
import { MemoryFolder } from '../disk/memory-folder.ts'
import { MemoryDisk } from '../state/state-store-memory.ts'
import { TreesStore } from '../state/trees-store.ts'
import { checkFolder, markFolder, renewMarker } from './folder-place.ts'

const clock: Clock = {
  now: () => 1_700_000_000_000,
  monotonic: () => 0,
  after: () => ({ cancel: () => undefined }),
}

/** After how many calls of the disk it ends, whether that loses power, and what chance says then. */
const cut = fc.record({ calls: fc.nat(14), power: fc.boolean(), chance: fc.nat(7) })

describe('the marker of a folder', () => {
  it('is the one that the state knows, however often its renewal is cut off', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(cut, { maxLength: 6 }), async (cuts) => {
        let left = Infinity
        const folder = new MemoryFolder({ clock, fault: () => (left-- > 0 ? undefined : 'ESTALE') })
        const disk = new MemoryDisk()
        let count = 0
        const random = { bytes: (length: number) => new Uint8Array(length).fill((count += 1)) }
        const open = () => ({
          files: openMemoryFileSystem(folder),
          trees: TreesStore.open(disk.open()),
          random,
        })
        await markFolder(open(), new Uint8Array(32))
        disk.crash(disk.unflushedBatches)
        for (const { calls, power, chance } of cuts) {
          left = calls
          await renewMarker(open(), '/folder').catch((error: unknown) => {
            expect(error).toMatchObject({ code: 'folder-unusable', cause: { code: 'ESTALE' } })
          })
          left = Infinity
          if (power) folder.crash((below) => chance % below)
          disk.crash(power ? 0 : disk.unflushedBatches)
        }
        await checkFolder(open(), '/folder')
      }),
      { numRuns: 500 },
    )
  })
})
