// Data to be measured with, the same bytes each time: one random file, many small ones, an installed dependency tree.
import { createCipheriv } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const mib = 1 << 20
const blockMib = 16
const repository = fileURLToPath(new URL('..', import.meta.url))

/** What a load can be. */
export const loadNames = ['D1', 'D2', 'D3', 'tree'] as const
export type LoadName = (typeof loadNames)[number]

/** What a load is, in words of a table. */
export const loadTitles: Readonly<Record<LoadName, string>> = {
  D1: 'one random file of 1 GiB',
  D2: '10,000 files of 1 to 16 KiB',
  D3: '100,000 files of about 1 KiB',
  tree: 'an installed dependency tree',
}

export interface DataOptions {
  /** 1 is the whole load; 0.01 a hundredth of it. */
  readonly scale: number
  /** The folder of which `tree` is a copy; the repository's own node_modules unless given. */
  readonly tree?: string | undefined
}

/** Makes a load below `folder`, which is made. */
export function makeLoad(load: LoadName, folder: string, { scale, tree }: DataOptions): void {
  const files = (count: number, folders: number): Pick<ManyFiles, 'files' | 'folders'> => {
    const perFolder = count / folders
    const scaled = Math.max(1, Math.round(folders * scale))
    return { files: scaled * perFolder, folders: scaled }
  }
  if (load === 'D1') randomFile(folder, Math.max(1, Math.round(1024 * scale)))
  if (load === 'D2') manyFiles(folder, { ...files(10_000, 200), bytes: [1024, 16_384] })
  if (load === 'D3') manyFiles(folder, { ...files(100_000, 1000), bytes: [512, 1535] })
  if (load === 'tree') {
    const most = { files: Math.round(20_000 * scale), bytes: 600e6 * scale }
    dependencyTree(tree ?? join(repository, 'node_modules'), folder, most)
  }
}

/** One file that nothing compresses, named `big.bin`. Other bytes for another `seed`, 0 to 255. */
export function randomFile(folder: string, sizeMib: number, seed = 7): void {
  fs.mkdirSync(folder, { recursive: true })
  const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32, seed), Buffer.alloc(16, 1))
  const zeros = Buffer.alloc(blockMib * mib)
  const file = fs.openSync(join(folder, 'big.bin'), 'w')
  for (let at = 0; at < sizeMib; at += blockMib) {
    fs.writeSync(file, cipher.update(zeros.subarray(0, Math.min(blockMib, sizeMib - at) * mib)))
  }
  fs.closeSync(file)
}

export interface ManyFiles {
  readonly files: number
  readonly folders: number
  readonly bytes: readonly [least: number, most: number]
}

/** Text of words, some far more often than others, in folders of equal size. */
export function manyFiles(folder: string, { files, folders, bytes: [least, most] }: ManyFiles): void {
  const next = numbers(10_000)
  const write = textWriter(next)
  const each = files / folders
  for (let at = 0; at < files; at += 1) {
    const parent = join(folder, `folder ${String(Math.floor(at / each)).padStart(4, '0')}`)
    if (at % each === 0) fs.mkdirSync(parent, { recursive: true })
    const text = write(least + (next() % (most - least + 1)))
    fs.writeFileSync(join(parent, `file ${String(at).padStart(6, '0')}.txt`), text)
  }
}

/** Text that compresses to about a half, of so many bytes. */
export function textOf(bytes: number, seed = 77): Uint8Array {
  return new TextEncoder().encode(textWriter(numbers(seed))(bytes))
}

function textWriter(next: () => number): (size: number) => string {
  const words = Array.from({ length: 4096 }, () => (next() + 2 ** 20).toString(36).slice(0, 2 + (next() % 9)))
  return (size) => {
    let text = ''
    while (text.length < size) {
      const share = (next() & 0xffff) / 0x10000
      text += `${words[Math.floor(4096 * share ** 3)] ?? ''} `
    }
    return text.slice(0, size)
  }
}

/** Marsaglia's xorshift32. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state
  }
}

/**
 * Copies files of `from` until there are enough. Links are followed, each folder once: what pnpm installs is a net of links, with circles.
 */
function dependencyTree(from: string, to: string, most: { files: number; bytes: number }): void {
  const seen = new Set<string>()
  const left = { ...most }
  const copy = (source: string, target: string): void => {
    const real = fs.realpathSync(source)
    if (seen.has(real)) return
    seen.add(real)
    for (const name of fs.readdirSync(real).sort()) {
      if (left.files <= 0 || left.bytes <= 0) return
      const stat = fs.statSync(join(real, name), { throwIfNoEntry: false })
      if (stat?.isDirectory() === true) copy(join(real, name), join(target, name))
      if (stat?.isFile() !== true || stat.size > left.bytes) continue
      fs.mkdirSync(target, { recursive: true })
      fs.copyFileSync(join(real, name), join(target, name))
      left.files -= 1
      left.bytes -= stat.size
    }
  }
  copy(from, to)
  if (left.files === most.files) throw new Error(`no file below ${from}`)
}

/** The folder of a load below `folder`, made when it is not there: it is made aside, so that a half of one is never taken for it. */
export function loadIn(folder: string, load: LoadName, options: DataOptions): string {
  const isOther = options.scale !== 1 || (load === 'tree' && options.tree !== undefined)
  const variant = load === 'tree' ? (options.tree ?? '') : ''
  const mark = isOther ? `-${options.scale}${variant.replaceAll(/[^\w.-]+/g, '_')}` : ''
  const place = join(folder, `${load}${mark}`)
  if (fs.existsSync(place)) return place
  fs.rmSync(`${place}.part`, { recursive: true, force: true })
  makeLoad(load, `${place}.part`, options)
  fs.renameSync(`${place}.part`, place)
  return place
}

/** How many files, and bytes in them, lie below a folder. */
export function sizeOf(folder: string): { files: number; bytes: number } {
  const sum = { files: 0, bytes: 0 }
  for (const entry of fs.readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    sum.files += 1
    sum.bytes += fs.statSync(join(entry.parentPath, entry.name)).size
  }
  return sum
}
