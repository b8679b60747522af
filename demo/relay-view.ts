// What the relay holds, as anybody sees it who looks at its data folder: names that are hashes, and sizes.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** A pack on the relay's disk. */
export interface SeenPack {
  readonly name: string
  readonly sizeBytes: number
}

/** The packs that lie as files of their own, and the size of everything else. */
export function relayView(data: string): { readonly packs: SeenPack[]; readonly restBytes: number } {
  const files = filesBelow(data)
  const packs = files.filter(({ path }) => /(?:^|[\\/])packs[\\/]/.test(path))
  const rest = files.filter((file) => !packs.includes(file))
  return {
    packs: packs
      .map(({ path, sizeBytes }) => ({ name: path.split(/[\\/]/).at(-1) ?? path, sizeBytes }))
      .sort((one, other) => (one.name < other.name ? -1 : 1)),
    restBytes: rest.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }
}

function filesBelow(folder: string, below = ''): { path: string; sizeBytes: number }[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name)
    if (entry.isDirectory()) return filesBelow(folder, path)
    // A file may go while one looks: the relay is at work.
    const stat = statSync(join(folder, path), { throwIfNoEntry: false })
    return entry.isFile() && stat !== undefined ? [{ path, sizeBytes: stat.size }] : []
  })
}
