// What people do to their files, in bulk and from a seed: every kind of change that a sync has to carry, each path touched once.
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Seeded } from '../simulation/seeded.ts'

/** Files below a folder, in the order of names; links and what is below other folders' links left out. */
export function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return filesUnder(path)
      return entry.isFile() && !entry.name.startsWith('edit-') ? [path] : []
    })
}

type Edit = (path: string, seeded: Seeded, at: number) => void

const edits: readonly Edit[] = [
  (path, seeded) => writeFileSync(path, seeded.bytes(1 + seeded.below(200_000))),
  (path) => appendFileSync(path, 'and one more line\n'),
  (path) => truncateSync(path, Math.floor(lstatSync(path).size / 2)),
  (path, _, at) => renameSync(path, `${path}.renamed-${at}`),
  (path, _, at) => renameSync(path, join(path, '..', '..', `edit-moved-${at}`)),
  (path) => rmSync(path),
  (path) => chmodSync(path, lstatSync(path).mode & 0o100 ? 0o640 : 0o755),
  (path, seeded) => lutimesSync(path, 1e9, 1e9 + seeded.below(1e8) + 0.5),
  (path, _, at) => symlinkSync(`some/where/${at}`, `${path}.link`),
  (path, _, at) => mkdirSync(join(path, '..', `edit-empty-${at}`, 'in', 'it'), { recursive: true }),
  (path) => {
    rmSync(path)
    mkdirSync(path)
    writeFileSync(join(path, 'edit-file-became-folder'), path)
  },
  (path) => {
    rmSync(path)
    symlinkSync('edit-file-became-link', path)
  },
  // As editors save: a new file renamed over the old one.
  (path, seeded) => {
    writeFileSync(`${path}.edit-new`, seeded.bytes(500))
    renameSync(`${path}.edit-new`, path)
  },
  (path, _, at) => linkSync(path, join(path, '..', `edit-hard-link-${at}`)),
]

/** Makes `count` edits below a folder, of every kind in turn. */
export function editMany(folder: string, seeded: Seeded, count: number): void {
  const files = filesUnder(folder)
  if (files.length < count) throw new Error(`only ${files.length} files below ${folder}`)
  const step = Math.floor(files.length / count)
  for (let at = 0; at < count; at += 1) edits[at % edits.length]!(files[at * step]!, seeded, at)
}

/** Renames, moves, closes and removes whole folders: the first four of those below. */
export function editFolders(folder: string): void {
  const [first, second, third, fourth] = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('edit-'))
    .map((entry) => join(folder, entry.name))
    .sort()
  if (first === undefined || second === undefined || third === undefined || fourth === undefined)
    throw new Error(`too few folders below ${folder}`)
  renameSync(first, `${first}-renamed`)
  renameSync(second, join(third, 'edit-moved-in'))
  chmodSync(third, 0o750)
  rmSync(fourth, { recursive: true })
}
