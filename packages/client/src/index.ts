// The public face of the client library: the engine and its world, real and in memory.
export { systemClock, type Clock, type Timer } from './clock.ts'
export { inlineWorkerPool } from './content/worker-pool-inline.ts'
export { threadedWorkerPool } from './content/worker-pool-threads.ts'
export type { WorkerPool } from './content/worker-pool.ts'
export { openMemoryFileSystem } from './disk/file-system-memory.ts'
export { openRealFileSystem } from './disk/file-system-real.ts'
export { DiskError, type FileSystem, type WatchEvents, type Watcher } from './disk/file-system.ts'
export { readOneByOne } from './disk/read-whole.ts'
export { MemoryFolder } from './disk/memory-folder.ts'
export { MemoryUser, type Seen } from './disk/memory-user.ts'
export { watchFolder } from './disk/watch.ts'
export type { BrakeSight } from './engine/brake-record.ts'
export type { Approval, EngineContext, FolderEngine, Invitation, RunOptions } from './engine/api.ts'
export type { FolderEvent, FolderState, FolderStatus, Progress, Report, Summary } from './engine/events.ts'
export { backupVersions, backUp, startBackup, type BackedUp, type NewBackup } from './engine/open-backup.ts'
export type { BackupSource } from './engine/backup-source.ts'
export type { BackupVersion } from './engine/backup-versions.ts'
export { SourceFiles, type SourceOptions } from './disk/source-files.ts'
export { openHistory } from './engine/open-history.ts'
export type { HistoryAnswer, HistoryQuery, HistoryRow, LookQuery, Moment } from './engine/history-query.ts'
export {
  addFolder,
  adoptFolder,
  approveFolder,
  joinFolder,
  openAccount,
  openFolder,
} from './engine/open-folder.ts'
export type { Platform } from './engine/platform.ts'
export { ClientError, type ClientErrorCode } from './errors.ts'
export { openKeys } from './home/device-key.ts'
export { homeExists, makeHome, openHome, type NewHome } from './home/home-files.ts'
export type { BackupSettings, FolderRecord, Home, KeepRules } from './home/home.ts'
export { dialWebSocket } from './relay/dial-websocket.ts'
export { LevelStateStore } from './state/state-store-level.ts'
export { MemoryDisk } from './state/state-store-memory.ts'
export type { StateStore } from './state/state-store.ts'
