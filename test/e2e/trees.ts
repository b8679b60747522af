// Two folders compared: by a small comparer of our own, to the byte and the nanosecond, and by a program that is not ours.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync, type BigIntStats } from 'node:fs'

/** Node sets times through a double: near today a file's time is off by less than this (ns). */
const timeToleranceNs = 1_000n
/** What another program may say. */
const outputBytesMax = 1 << 28

/** What stands at one path. `content`: sha256 of a file's bytes, the target of a link, both in hex; undefined when not looked at. */
interface Node {
  readonly kind: 'file' | 'directory' | 'link' | 'other'
  readonly mode: number
  readonly sizeBytes: bigint
  readonly mtimeNs: bigint
  readonly content: string | undefined
}

/** A folder's nodes by path: the bytes of the path, one character each, so that names are compared as bytes. */
export type Tree = ReadonlyMap<string, Node>

/** How closely to look: `names` reads no content of files. */
export type Closeness = 'names' | 'contents'

/** Reads a folder, without `.grenier` at its root. */
export function readTree(folder: string, closeness: Closeness = 'contents'): Tree {
  const tree = new Map<string, Node>()
  const walk = (directory: Buffer, prefix: string): void => {
    for (const name of readdirSync(directory, { encoding: 'buffer' })) {
      const path = prefix + name.toString('latin1')
      if (path === '.grenier') continue
      const full = Buffer.concat([directory, Buffer.from('/'), name])
      const stats = lstatSync(full, { bigint: true })
      tree.set(path, nodeOf(full, stats, closeness))
      if (stats.isDirectory()) walk(full, `${path}/`)
    }
  }
  walk(Buffer.from(folder), '')
  return tree
}

function nodeOf(path: Buffer, stats: BigIntStats, closeness: Closeness): Node {
  const { mtimeNs } = stats
  const mode = Number(stats.mode & 0o777n)
  if (stats.isFile()) {
    const content =
      closeness === 'names' ? undefined : createHash('sha256').update(readFileSync(path)).digest('hex')
    return { kind: 'file', mode, mtimeNs, sizeBytes: stats.size, content }
  }
  // Times of directories are not kept; a link has no mode of its own.
  if (stats.isDirectory()) return { kind: 'directory', mode, mtimeNs: 0n, sizeBytes: 0n, content: undefined }
  if (!stats.isSymbolicLink()) return { kind: 'other', mode, mtimeNs, sizeBytes: 0n, content: undefined }
  const content = readlinkSync(path, { encoding: 'buffer' }).toString('hex')
  return { kind: 'link', mode: 0, mtimeNs, sizeBytes: 0n, content }
}

/** What differs, one sentence each; empty when nothing does. At most 50. */
export function differences(a: Tree, b: Tree): string[] {
  const found: string[] = []
  for (const path of new Set([...a.keys(), ...b.keys()])) {
    const difference = differenceAt(a.get(path), b.get(path))
    if (difference !== undefined) found.push(`${JSON.stringify(path)}: ${difference}`)
    if (found.length === 50) break
  }
  return found
}

function differenceAt(a: Node | undefined, b: Node | undefined): string | undefined {
  if (a === undefined) return 'only in the second'
  if (b === undefined) return 'only in the first'
  for (const field of ['kind', 'mode', 'sizeBytes', 'content'] as const)
    if (a[field] !== b[field]) return `${field} ${a[field]} against ${b[field]}`
  const off = a.mtimeNs > b.mtimeNs ? a.mtimeNs - b.mtimeNs : b.mtimeNs - a.mtimeNs
  return off < timeToleranceNs ? undefined : `mtime ${a.mtimeNs} against ${b.mtimeNs}`
}

/** Whether names, kinds, modes, sizes, times and targets agree: quick, to know when a look at the contents is worth it. */
export function looksEqual(a: string, b: string): boolean {
  try {
    return differences(readTree(a, 'names'), readTree(b, 'names')).length === 0
  } catch (error) {
    // Something went away between two looks: it is being worked on.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

/** What another program has to say against the equality of two folders: '' when nothing. rsync, or find and sha256sum where there is none. */
function othersSay(a: string, b: string): string {
  return rsyncSays(a, b) ?? listingsSay(a, b)
}

/** What rsync would still have to do to make `b` like `a`, checksums compared; undefined without rsync. */
function rsyncSays(a: string, b: string): string | undefined {
  const flags = ['-rlptni', '-OJ', '--checksum', '--delete', '--exclude=/.grenier']
  const run = spawnSync('rsync', [...flags, `${a}/`, `${b}/`], { maxBuffer: outputBytesMax })
  if (run.error !== undefined && 'code' in run.error && run.error.code === 'ENOENT') return undefined
  if (run.status !== 0) throw new Error(`rsync: ${run.stderr.toString()}`)
  return run.stdout.toString()
}

/** What those flags of rsync look at, as GNU find and sha256sum list it: one line a node, its name last, ended by NUL. */
const listing = `
find . -mindepth 1 -path ./.grenier -prune -o -type d -printf 'd %m %P\\0' \
  -o -type l -printf 'l %Ts %l, at %P\\0' -o -printf '%y %m %s %Ts %P\\0'
find . -path ./.grenier -prune -o -type f -print0 | xargs -0 -r sha256sum -z`

/** Lines that only one of the two listings has. */
function listingsSay(a: string, b: string): string {
  const [here, there] = [listingOf(a), listingOf(b)]
  const only = [
    ...[...here].filter((line) => !there.has(line)).map((line) => `only in the first: ${line}`),
    ...[...there].filter((line) => !here.has(line)).map((line) => `only in the second: ${line}`),
  ]
  return only.join('\n')
}

function listingOf(folder: string): Set<string> {
  const run = spawnSync('sh', ['-e', '-c', listing], { cwd: folder, maxBuffer: outputBytesMax })
  if (run.error !== undefined) throw run.error
  if (run.status !== 0) throw new Error(`neither rsync nor GNU find: ${run.stderr.toString()}`)
  return new Set(run.stdout.toString('latin1').split('\0'))
}

/** All that makes two folders differ, by our own comparer and another program; empty when they are equal. */
export function folderDifferences(a: string, b: string): string[] {
  const own = differences(readTree(a), readTree(b))
  const others = othersSay(a, b)
  return others === '' ? own : [...own, `another program: ${others.slice(0, 4000)}`]
}
