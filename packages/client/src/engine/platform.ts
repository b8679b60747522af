// Everything the engine cannot do by itself: where it touches the world. The command makes the real one; the simulation owns another.
import type { Random } from '@grenier/crypto'
import type { Wire } from '@grenier/protocol'
import type { Clock } from '../clock.ts'
import type { WorkerPool } from '../content/worker-pool.ts'
import type { Limits } from '../relay/pace.ts'
import type { FileSystem, WatchEvents, Watcher } from '../disk/file-system.ts'
import type { StateStore } from '../state/state-store.ts'

/** The world, as interfaces. */
export interface Platform {
  readonly clock: Clock
  readonly random: Random
  readonly pool: WorkerPool
  /** A connection to the relay at this URL (with its pin, if any). @throws ClientError `relay-unreachable` */
  dial(relayUrl: string): Promise<Wire>
  /** From now on no more bytes a second than this go over all these connections together. */
  limit(limits: Limits): void
  /** The file system of one synced folder. */
  fileSystem(folder: string): Promise<FileSystem>
  /** The state of one vault, opened; one opener at a time. @throws ClientError `home-locked` */
  state(directory: string): Promise<StateStore>
  /** A state that is empty, in a directory of its own beside this one; gone when it is closed. @throws ClientError `disk-full`, `disk-failed` */
  scratch(directory: string): Promise<StateStore>
  watch(folder: string, events: WatchEvents): Watcher
}
