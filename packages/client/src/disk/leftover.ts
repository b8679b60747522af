// What a removed folder may leave behind: what is ignored in it stays, and such a remainder is no folder that anybody made.
import { joinPath, type Name, type RelativePath } from '../sync/name.ts'
import { DiskError, type FileSystem } from './file-system.ts'
import { ignoreFile, type IgnoreRules } from './ignore.ts'

export interface LeftoverOptions {
  readonly files: FileSystem
  readonly ignore: Pick<IgnoreRules, 'enter' | 'ignores'>
  /** What was found out on the way, for the directories below that are asked about next: each is listed once, however deep it lies. */
  readonly answers?: Map<RelativePath, boolean> | undefined
}

/**
 * Whether a directory holds something, and nothing but what is ignored (at any depth); not when that cannot be found out. Ancestors
 * must have been entered in the rules.
 */
export async function holdsOnlyIgnored(options: LeftoverOptions, directory: RelativePath): Promise<boolean> {
  const answered = options.answers?.get(directory)
  if (answered !== undefined) return answered
  const answer = await findOut(options, directory)
  options.answers?.set(directory, answer)
  return answer
}

async function findOut(options: LeftoverOptions, directory: RelativePath): Promise<boolean> {
  const { files, ignore } = options
  const names = await listOrNothing(files, directory)
  await ignore.enter(directory, names.includes(ignoreFile))
  for (const name of names) {
    const path = joinPath(directory, name)
    if (ignore.ignores(path, false)) continue
    const [look] = await files.look([path])
    if (look === undefined || look.kind === 'other') continue
    if (look.kind !== 'directory') return false
    if (!ignore.ignores(path, true) && !(await holdsOnlyIgnored(options, path))) return false
  }
  return names.length > 0
}

async function listOrNothing(files: FileSystem, directory: RelativePath): Promise<readonly Name[]> {
  try {
    return (await files.list(directory)) ?? []
  } catch (error) {
    if (!(error instanceof DiskError) || error.code === 'ESTALE') throw error
    return []
  }
}
