// A second folder of a machine, beside its own: in memory too.
import { MemoryDisk, MemoryFolder, openMemoryFileSystem, type EngineContext } from '@grenier/client'
import type { HostileWorld } from './hostile-world.ts'

/** Where it is, and the world as it sees it. */
export function secondFolder(world: HostileWorld): {
  path: string
  context: (context: EngineContext) => EngineContext
} {
  const clock = world.scheduler.clockOf({ alive: () => true, skewMs: 0 })
  const [folder, disk] = [new MemoryFolder({ clock }), new MemoryDisk()]
  return {
    path: '/second',
    context: (context) => ({
      ...context,
      platform: {
        ...context.platform,
        limit: () => undefined,
        fileSystem: () => Promise.resolve(openMemoryFileSystem(folder)),
        state: () => Promise.resolve(disk.open()),
      },
    }),
  }
}
