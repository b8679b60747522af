// A user's hand between two calls of a device's file system: what programs do to a folder while it is being synced.
import { placeOneByOne, readOneByOne, stageOneByOne, type FileSystem } from '@grenier/client'

type Change = Parameters<FileSystem['change']>[0]
type Path = Parameters<FileSystem['list']>[0]

/** What is called around the calls; each may edit the folder, or throw what the disk would. */
export interface Hands {
  beforeChange?: ((change: Change) => void) | undefined
  afterChange?: ((change: Change) => void) | undefined
  /** After a file was opened, before anything of it was read. */
  opened?: ((path: string) => void) | undefined
  /** After each part that was read. */
  read?: ((path: string, offset: number) => void) | undefined
  /** After each part of a staged file that was written. */
  wrote?: ((offset: number) => void) | undefined
  /** After everything so far was made durable. */
  flushed?: (() => void) | undefined
}

/** The file system, with these hands about. They may change at any time. */
export function heardBy(files: FileSystem, hands: Hands): FileSystem {
  const heard: FileSystem = {
    list: (path) => files.list(path),
    look: (paths) => files.look(paths),
    readLink: (path) => files.readLink(path),
    async openStaged(name) {
      const writer = await files.openStaged(name)
      return {
        async write(offset, bytes) {
          await writer.write(offset, bytes)
          hands.wrote?.(offset)
        },
        close: () => writer.close(),
        async finish(bits) {
          const change = { do: 'finish-staged', name, ...bits } as const
          hands.beforeChange?.(change)
          const stamp = await writer.finish(bits)
          if (hands.afterChange === undefined) return stamp
          hands.afterChange(change)
          const [look] = await files.look([`.grenier/staging/${name}` as Path])
          return look?.stamp ?? stamp
        },
      }
    },
    resumeStaged: (name, from) => files.resumeStaged(name, from),
    traits: () => files.traits(),
    async openForReading(path) {
      const reader = await files.openForReading(path)
      hands.opened?.(path)
      return {
        stamp: reader.stamp,
        async read(offset, lengthMax) {
          const bytes = await reader.read(offset, lengthMax)
          hands.read?.(path, offset)
          return bytes
        },
        stampNow: () => reader.stampNow(),
        close: () => reader.close(),
      }
    },
    async change(change) {
      hands.beforeChange?.(change)
      const made = await files.change(change)
      hands.afterChange?.(change)
      return made
    },
    async flush(directories) {
      await files.flush(directories)
      hands.flushed?.()
    },
    readWhole: (wanted) => readOneByOne(heard, wanted),
    stageWhole: (wanted) => stageOneByOne(heard, wanted),
    placeNew: (places) => placeOneByOne(heard, places),
  }
  return heard
}
