// A small sample: texts, folders (an empty one too), a picture, a link. And whether a folder still holds nothing but that.
import { createHash } from 'node:crypto'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import type { Language } from './words.ts'

interface Sample {
  readonly texts: Readonly<Record<string, string>>
  readonly folders: readonly string[]
  readonly picture: string
  readonly link: readonly [name: string, target: string]
}

const samples: Readonly<Record<Language, Sample>> = {
  en: {
    texts: {
      'Welcome.txt':
        'This folder is synced.\nWhat is saved here appears in the other one, and the relay in between sees sealed bytes only.\n',
      'garden/plan.md': '# The garden\n\n- beans along the wall\n- three apple trees, one of them late\n',
      'garden/seeds.csv': 'kind,row,sown\nbeans,1,2026-04-12\nleek,2,2026-03-30\npumpkin,3,2026-05-02\n',
      'letters/to Anna.txt': 'Dear Anna,\n\nthe attic is dry, and the apples keep.\n',
    },
    folders: ['garden/next year'],
    picture: 'garden/apples.png',
    link: ['plan of the year', 'garden/plan.md'],
  },
  fr: {
    texts: {
      'Bienvenue.txt':
        'Ce dossier est synchronisé.\nCe qu’on y enregistre apparaît dans l’autre, et le relais entre les deux ne voit que des octets scellés.\n',
      'potager/plan.md': '# Le potager\n\n- des haricots le long du mur\n- trois pommiers, dont un tardif\n',
      'potager/semences.csv':
        'espèce,rang,semé\nharicots,1,2026-04-12\npoireaux,2,2026-03-30\ncourges,3,2026-05-02\n',
      'lettres/à Anna.txt': 'Chère Anna,\n\nle grenier est sec, et les pommes se gardent.\n',
    },
    folders: ['potager/l’an prochain'],
    picture: 'potager/pommes.png',
    link: ['plan de l’année', 'potager/plan.md'],
  },
}

/** Fills an empty folder. Times lie in the past, so that they can be seen to be kept. */
export function fillSample(folder: string, language: Language): void {
  const { texts, folders, picture, link } = samples[language]
  const files = new Map<string, string | Uint8Array>([...Object.entries(texts), [picture, pictureBytes()]])
  for (const made of folders) mkdirSync(join(folder, made), { recursive: true })
  for (const [name, content] of files) {
    const path = join(folder, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, content)
    utimesSync(path, new Date('2026-05-02T08:00:00Z'), new Date('2026-05-02T08:00:00Z'))
  }
  // Not every Windows account may make links.
  if (process.platform !== 'win32') symlinkSync(link[1], join(folder, link[0]))
}

/** A picture that opens: colours that run into each other, and grain, so that it does not compress away. */
function pictureBytes(): Uint8Array {
  const [width, height] = [320, 240]
  const rows = Buffer.alloc(height * (1 + width * 3))
  let grain = 1
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      grain = (grain * 1_103_515_245 + 12_345) % 2_147_483_648
      const at = y * (1 + width * 3) + 1 + x * 3
      rows[at] = 120 + (x >> 2) + ((grain >> 16) & 31)
      rows[at + 1] = 40 + (y >> 1) + ((grain >> 18) & 31)
      rows[at + 2] = 30 + ((x ^ y) >> 3) + ((grain >> 20) & 31)
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    pngPart('IHDR', header),
    pngPart('IDAT', deflateSync(rows)),
    pngPart('IEND', Buffer.alloc(0)),
  ])
}

function pngPart(kind: string, content: Buffer): Buffer {
  const part = Buffer.alloc(12 + content.length)
  part.writeUInt32BE(content.length, 0)
  part.write(kind, 4, 'latin1')
  content.copy(part, 8)
  part.writeUInt32BE(crc32(part.subarray(4, 8 + content.length)), 8 + content.length)
  return part
}

/** What is in a folder: each path with what it is. Our own `.grenier` aside. */
export function contentsOf(folder: string): Map<string, string> {
  const found = new Map<string, string>()
  const walk = (below: string): void => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      const name = join(below, entry.name)
      if (name === '.grenier') continue
      if (entry.isDirectory()) {
        found.set(name, 'folder')
        walk(name)
      } else if (entry.isSymbolicLink()) found.set(name, `link ${readlinkSync(join(folder, name))}`)
      else if (entry.isFile())
        found.set(
          name,
          createHash('sha256')
            .update(readFileSync(join(folder, name)))
            .digest('hex'),
        )
      else found.set(name, 'other')
    }
  }
  walk('')
  return found
}

/** Whether both hold the same. */
export function sameContents(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && [...one].every(([name, what]) => other.get(name) === what)
}
