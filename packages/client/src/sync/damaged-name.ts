// What a file is called of which only a part could be had: `name (damaged).ext`, the same wording in every language.
import { markedName } from './conflict-name.ts'
import { asName, joinPath, type Name, type RelativePath } from './name.ts'

/** No file system holds more. */
const nameBytesMax = 255

/** The names that it may have, the best first. Never the name of the whole file: nobody shall take the one for the other. */
export function* damagedNames(name: Name): Generator<Name, never> {
  for (let count = 1; ; count += 1)
    yield markedName({ name, kind: 'file', bytesMax: nameBytesMax }, 'damaged', count)
}

/** So many names are tried: somebody has kept as many damaged copies. */
const namesMax = 20

/** Where a file may stand beside its place, the best first: nowhere that something of the tree is, as `isTaken` says. */
export function* damagedPlaces(
  path: RelativePath,
  isTaken: (path: RelativePath) => boolean,
): Generator<RelativePath, void> {
  const slash = path.lastIndexOf('/')
  const name = asName(path.slice(slash + 1))
  if (name === undefined) return
  let count = 0
  for (const candidate of damagedNames(name)) {
    if ((count += 1) > namesMax) return
    const beside = joinPath(path.slice(0, Math.max(0, slash)) as RelativePath, candidate)
    if (!isTaken(beside)) yield beside
  }
}
