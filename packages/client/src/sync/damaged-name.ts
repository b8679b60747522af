// What a file is called of which only a part could be had: `name (damaged).ext`, the same wording in every language.
import { markedName } from './conflict-name.ts'
import type { Name } from './name.ts'

/** No file system holds more. */
const nameBytesMax = 255

/** The names that it may have, the best first. Never the name of the whole file: nobody shall take the one for the other. */
export function* damagedNames(name: Name): Generator<Name, never> {
  for (let count = 1; ; count += 1)
    yield markedName({ name, kind: 'file', bytesMax: nameBytesMax }, 'damaged', count)
}
