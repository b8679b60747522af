// What is to be backed up, from the command line: a folder, or what comes on standard input.
import { SourceFiles } from '../disk/source-files.ts'
import type { EngineContext } from '../engine/api.ts'
import type { BackupSource } from '../engine/backup-source.ts'
import { ClientError } from '../errors.ts'
import type { Home } from '../home/home.ts'
import { asName, type Name } from '../sync/name.ts'
import { realFolder, refuseHome } from './folder-argument.ts'
import { usageError } from './usage-error.ts'

export interface SourceFlags {
  readonly exclude?: readonly string[] | undefined
  readonly oneFileSystem?: boolean | undefined
  readonly includeCaches?: boolean | undefined
  readonly stdinName?: string | undefined
  readonly allowEmpty?: boolean | undefined
}

/** `path`: of the folder, as it really lies; empty for a stream. */
export type WantedSource =
  | { readonly from: 'folder'; readonly path: string }
  | { readonly from: 'stream'; readonly path: ''; readonly name: Name }

/** @throws ClientError `usage` */
export function wantedSource(
  home: Home,
  directory: string | undefined,
  { stdinName }: SourceFlags,
): WantedSource {
  if (stdinName === undefined) {
    if (directory === undefined) throw usageError('argument-missing', 'DIR')
    const path = realFolder(directory)
    refuseHome(home.directory, path)
    return { from: 'folder', path }
  }
  if (directory !== undefined) throw usageError('too-many', directory)
  const name = asName(stdinName)
  if (name === undefined || name === ('.grenier' as Name)) throw usageError('name', stdinName)
  return { from: 'stream', path: '', name }
}

/** Opens it. @throws ClientError `folder-unusable` */
export async function sourceOf(
  { platform, signal }: Pick<EngineContext, 'platform' | 'signal'>,
  wanted: WantedSource,
  flags: SourceFlags,
): Promise<BackupSource> {
  const allowEmpty = flags.allowEmpty === true
  if (wanted.from === 'stream') {
    const { name } = wanted
    return { from: 'stream', name, allowEmpty, pieces: standardInput(signal), nowMs: () => Date.now() }
  }
  const files = await openedSource(() => platform.fileSystem(wanted.path), wanted.path)
  const options = {
    exclude: flags.exclude ?? [],
    oneFileSystem: flags.oneFileSystem === true,
    caches: flags.includeCaches === true,
  }
  return { from: 'folder', files: new SourceFiles(files, options), allowEmpty }
}

async function openedSource<T>(open: () => Promise<T>, path: string): Promise<T> {
  try {
    return await open()
  } catch (cause) {
    if (!(cause instanceof ClientError) || cause.code !== 'folder-unusable') throw cause
    throw new ClientError(cause.code, 'the source is not there', { cause, data: { path, of: 'source' } })
  }
}

/** What comes on standard input, until its end, or until this process is to stop. */
async function* standardInput(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { stdin } = process
  const stop = (): void => void stdin.destroy()
  signal.addEventListener('abort', stop)
  try {
    for await (const piece of stdin) yield piece instanceof Uint8Array ? piece : Buffer.from(String(piece))
    if (signal.aborted) throw new ClientError('interrupted', 'stopped')
  } catch (cause) {
    if (signal.aborted) throw new ClientError('interrupted', 'stopped', { cause })
    throw cause
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
