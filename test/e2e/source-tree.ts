// Real input for real tests: a part of what is installed on this machine, copied as it is, and the odd things that a real disk has too.
import {
  copyFileSync,
  chmodSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The installed dependencies of this checkout. */
export const installed = fileURLToPath(new URL('../../node_modules/.pnpm', import.meta.url))
/** What distributions share: documents, icons, time zones. */
export const shared = '/usr/share'

/** Where copying stops, and which files are passed over. */
export interface CopyBounds {
  readonly filesMax: number
  readonly bytesMax: number
  readonly fileBytesMax: number
}

/** What was copied: files and links; bytes of files. */
export interface Copied {
  files: number
  bytes: number
}

/** Copies a folder, in the order of names, links as links, with permission bits and times, until a bound is met. */
export function copyTree(from: string, to: string, bounds: CopyBounds): Copied {
  const copied: Copied = { files: 0, bytes: 0 }
  const walk = (source: string, target: string): void => {
    mkdirSync(target, { recursive: true })
    for (const name of readdirSync(source).sort()) {
      if (copied.files >= bounds.filesMax || copied.bytes >= bounds.bytesMax) return
      const stats = lstatSync(join(source, name))
      if (stats.isDirectory()) walk(join(source, name), join(target, name))
      else if (stats.isSymbolicLink() || (stats.isFile() && stats.size <= bounds.fileBytesMax)) {
        copyOne(join(source, name), join(target, name))
        copied.files += 1
        copied.bytes += stats.isFile() ? stats.size : 0
      }
    }
  }
  walk(from, to)
  return copied
}

function copyOne(source: string, target: string): void {
  const stats = lstatSync(source)
  if (stats.isSymbolicLink()) {
    symlinkSync(readlinkSync(source, { encoding: 'buffer' }), target)
    return
  }
  copyFileSync(source, target)
  chmodSync(target, stats.mode & 0o777)
  lutimesSync(target, stats.atimeMs / 1000, stats.mtimeMs / 1000)
}

/** What copied trees rarely have: names of bytes, times long ago, bare permissions, links to nowhere, empty directories. */
export function addOddities(folder: string): void {
  const odd = join(folder, 'odd')
  mkdirSync(join(odd, 'empty', 'within', 'empty'), { recursive: true })
  writeFileSync(Buffer.concat([Buffer.from(`${odd}/latin-`), Buffer.from([0xe9, 0xff])]), 'not UTF-8')
  writeFileSync(join(odd, 'line\nbreak\ttab'), 'control')
  writeFileSync(join(odd, 'n'.repeat(255)), 'long')
  writeFileSync(join(odd, 'été'.normalize('NFC')), 'composed')
  writeFileSync(join(odd, ' spaces and ; $(signs) '), 'shell')
  writeFileSync(join(odd, '-rf'), 'dash')
  writeFileSync(join(odd, 'nothing'), '')
  writeFileSync(join(odd, 'zeros'), Buffer.alloc(3 << 20))
  for (const mode of [0o400, 0o555, 0o600, 0o640, 0o777]) {
    const path = join(odd, `mode-${mode.toString(8)}`)
    writeFileSync(path, 'mode')
    chmodSync(path, mode)
  }
  mkdirSync(join(odd, 'closed'))
  chmodSync(join(odd, 'closed'), 0o700)
  for (const [name, seconds] of [
    ['before-1970', '-86400.25'],
    ['fraction', '1234567890.123456789'],
    ['future', '4000000000.5'],
  ] as const) {
    writeFileSync(join(odd, name), name)
    lutimesSync(join(odd, name), seconds, seconds)
  }
  symlinkSync('/nowhere/at/all', join(odd, 'dangling'))
  symlinkSync('..', join(odd, 'upward'))
  symlinkSync('/etc', join(odd, 'outside'))
  symlinkSync('closed', join(odd, 'to-folder'))
}
