// A note in the staging area about a read-only directory that is opened for work: after a crash its bits are set back before anybody looks.
// A link, because its target is written in one step with its name, in the order in which the bits change after it.
import { nameFromBytes, nameToBytes, type RelativePath } from '../sync/name.ts'
import { DiskError, type FileSystem } from './file-system.ts'
import { stagedPath } from './staging-names.ts'

/** What we need of a directory to work in it. */
export const workBits = 0o700

/** A directory and the bits that it had. */
export interface Opened {
  readonly path: RelativePath
  readonly mode: number
}

/** Longer targets no link can hold: such a directory would stay open after a crash, and its new bits would be synced. */
export const linkTargetBytesMax = 4095

/** To be called before the bits change. @throws DiskError */
export async function noteOpened(files: FileSystem, name: string, { path, mode }: Opened): Promise<void> {
  const target = nameToBytes(`${mode.toString(8)}:${path}`)
  if (target.length <= linkTargetBytesMax) await files.change({ do: 'stage-link', name, target, mtimeNs: 0n })
}

/** Sets bits back as a note says, where they still are as they were set for work, and drops the note. @throws DiskError */
export async function setBack(files: FileSystem, name: string): Promise<void> {
  const { path, mode } = decodeNote(await files.readLink(stagedPath(name))) ?? {}
  if (path !== undefined && mode !== undefined) {
    const [look] = await files.look([path])
    if (look?.kind === 'directory' && look.stamp.mode === (mode | workBits))
      await files.change({ do: 'set-mode', path, mode })
  }
  await files.change({ do: 'drop-staged', name })
}

function decodeNote(target: Uint8Array): Opened | undefined {
  const cut = target.indexOf(0x3a)
  const mode = Number.parseInt(Buffer.from(target.subarray(0, cut)).toString('latin1'), 8)
  if (cut < 1 || !Number.isInteger(mode) || mode < 0 || mode > 0o777) return undefined
  const path = pathFromBytes(target.subarray(cut + 1))
  return path === undefined ? undefined : { path, mode }
}

/** A path as a note has it; undefined when it is none. */
export function pathFromBytes(bytes: Uint8Array): RelativePath | undefined {
  const names = split(bytes).map((part) => nameFromBytes(part))
  return names.some((name) => name === undefined) ? undefined : (names.join('/') as RelativePath)
}

function split(path: Uint8Array): Uint8Array[] {
  if (path.length === 0) return []
  const cut = path.indexOf(0x2f)
  return cut < 0 ? [path] : [path.subarray(0, cut), ...split(path.subarray(cut + 1))]
}

/** Whether a file system can be written to, as far as an error tells. */
export function isDenied(error: unknown): boolean {
  return error instanceof DiskError && ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'].includes(error.code)
}
