// Before the first look of a run: what a crash left of an apply, and what is not ours to throw away. A move that was cut in two is finished;
// directories that were opened for work get their bits back, else these would be taken for an edit; files that somebody wrote to while they were
// replaced come back to light.
import { rootPath } from '../sync/name.ts'
import { giveName, rescued } from './apply-kept.ts'
import { joinPath } from '../sync/name.ts'
import { DiskError, stagingDirectory, type DiskTraits, type Look } from './file-system.ts'
import type { LookOptions } from './look-report.ts'
import { finishMoving, movingName } from './moving-note.ts'
import { isDenied, setBack } from './opened-note.ts'
import { isAsKept, isKept, isOpened, leftOf, stagedPath } from './staging-names.ts'

/** Where nothing can be written, everything stays as it is until it can. @throws DiskError */
export async function recover(options: LookOptions, traits: DiskTraits): Promise<void> {
  const { files } = options
  try {
    const names = (await files.list(stagingDirectory)) ?? []
    // First: what is open for work is known by the path that it has after it.
    if (names.some((name) => name === movingName)) await finishMoving(files)
    for (const name of names) {
      if (isOpened(name)) await setBack(files, name)
      else if (isKept(name)) await settleKept(options, name, traits)
      // A second name of what stands in the folder by now, say: nobody would sweep it in a run that has nothing to apply. What may be of use goes when all agree.
      else if (name !== movingName && leftOf(name) === undefined)
        await files.change({ do: 'drop-staged', name })
    }
  } catch (error) {
    if (!isDenied(error)) throw error
  }
}

async function settleKept(options: LookOptions, name: string, traits: DiskTraits): Promise<void> {
  const { files } = options
  const [look] = await files.look([stagedPath(name)])
  if (look === undefined) return
  if (isAsKept(name, look) || (await standsElsewhere(options, look))) {
    await files.change({ do: 'drop-staged', name })
    return
  }
  await giveName({ ...options, traits }, name, { path: joinPath(rootPath, rescued), kind: look.kind })
}

/** Whether the file has its own name still: the crash came before that was taken from it. */
async function standsElsewhere({ files, trees }: LookOptions, { stamp }: Look): Promise<boolean> {
  const tree = await trees.begin()
  try {
    const id = tree.byInode(stamp.dev, stamp.ino)
    const path = id === undefined ? undefined : tree.pathOf('local', id)
    if (path === undefined) return false
    const [there] = await files.look([path])
    return there?.stamp.dev === stamp.dev && there.stamp.ino === stamp.ino
  } catch (error) {
    if (error instanceof DiskError && error.code !== 'ESTALE') return false
    throw error
  } finally {
    tree.abandon()
  }
}
