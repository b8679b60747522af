import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeDevice, systemRandom } from '@grenier/crypto'
import { makeHome } from '../home/home-files.ts'
import { settleFolder } from '../engine/settling.ts'
import type { FolderRecord, Home } from '../home/home.ts'
import { keepLogState } from '../state/log-cache.ts'
import {
  existingFolder,
  isCutOff,
  knownFolder,
  knownVault,
  madeFolder,
  refuseSynced,
} from './folder-argument.ts'
import { homeDirectory } from './home-directory.ts'
import { realPlatform } from './real-platform.ts'

let place: string
let home: Home
beforeEach(() => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'grenier-folder-')))
  const device = makeDevice(systemRandom)
  home = makeHome(join(place, 'home'), { deviceName: 'd', device, identity: undefined, relays: [] })
})
afterEach(() => rmSync(place, { recursive: true }))

const fails = (code: string): Error => expect.objectContaining({ code }) as Error

describe('the folder that is meant', () => {
  test('is found by its name, however its accents are written', async () => {
    const [path, vault] = [join(place, 'there'), 'ab'.repeat(32)]
    mkdirSync(path)
    await home.addFolder({ path, vault, relay: 'wss://r', name: 'Été'.normalize('NFD') })
    for (const form of ['NFC', 'NFD']) {
      expect(knownFolder(home, 'Été'.normalize(form)).path).toBe(path)
      expect(knownVault(home, 'Été'.normalize(form)).path).toBe(path)
    }
  })

  test('is found by path, by a link to it, by name and by id', async () => {
    const [path, vault] = [join(place, 'Documents'), 'ab'.repeat(32)]
    mkdirSync(path)
    symlinkSync(path, join(place, 'link'))
    await home.addFolder({ path, vault, relay: 'wss://r', name: 'documents' })
    for (const text of [path, `${path}/`, join(place, 'link'), 'documents', vault])
      expect(knownFolder(home, text).path).toBe(path)
  })

  test('is found by path when it is not there now: a disk that is not mounted', async () => {
    const path = join(place, 'usb')
    await home.addFolder({ path, vault: 'cd'.repeat(32), relay: 'wss://r', name: 'usb stick' })
    expect(knownFolder(home, path).name).toBe('usb stick')
  })

  test('is told where a file in it was named instead', async () => {
    const path = join(place, 'Documents')
    mkdirSync(path)
    await home.addFolder({ path, vault: 'ab'.repeat(32), relay: 'wss://r', name: 'documents' })
    const data = { path: join(path, 'a', 'b.txt'), folder: path, inside: 'a/b.txt' }
    expect(() => knownFolder(home, join(path, 'a', 'b.txt'))).toThrow(
      expect.objectContaining({ code: 'folder-unknown', data }) as Error,
    )
    const beside = { path: `${path} 2` }
    expect(() => knownFolder(home, `${path} 2`)).toThrow(expect.objectContaining({ data: beside }) as Error)
  })

  test('is not guessed when a name is shared: the ids are listed', async () => {
    const vaults = ['ab'.repeat(32), 'cd'.repeat(32)]
    for (const vault of vaults)
      await home.addFolder({ path: join(place, vault.slice(0, 2)), vault, relay: 'wss://r', name: 'photos' })
    const ids = vaults.join(', ')
    expect(() => knownFolder(home, 'photos')).toThrow(
      expect.objectContaining({ code: 'name-ambiguous', data: { ids } }) as Error,
    )
    expect(() => knownFolder(home, 'nothing')).toThrow(fails('folder-unknown'))
  })

  test('is not guessed when a folder and a backup share a name, or a name and a path', async () => {
    const [folder, backup] = ['ab'.repeat(32), 'cd'.repeat(32)]
    await home.addFolder({ path: join(place, 'photos'), vault: folder, relay: 'wss://r', name: 'photos' })
    const settings = { backup: { from: 'folder' as const } }
    await home.addFolder({ path: place, vault: backup, relay: 'wss://r', name: 'photos', ...settings })
    const ambiguous = { code: 'name-ambiguous', data: { ids: `${folder}, ${backup}` } }
    expect(() => knownVault(home, 'photos')).toThrow(expect.objectContaining(ambiguous) as Error)
    expect(knownVault(home, folder).vault).toBe(folder)
    expect(knownVault(home, join(place, 'photos')).vault).toBe(folder)
    expect(knownVault(home, backup).vault).toBe(backup)
  })
})

describe('a folder to be synced', () => {
  test('must be there, and a folder', () => {
    writeFileSync(join(place, 'file'), '')
    expect(() => existingFolder(home.directory, join(place, 'file'))).toThrow(fails('folder-unusable'))
    expect(() => existingFolder(home.directory, join(place, 'none'))).toThrow(fails('folder-unusable'))
  })

  test.skipIf(process.getuid?.() === 0)('must be one that this user may read and write', () => {
    const folder = join(place, 'folder')
    mkdirSync(join(folder, 'below'), { recursive: true })
    for (const mode of [0o000, 0o500, 0o600]) {
      chmodSync(folder, mode)
      expect(() => existingFolder(home.directory, folder)).toThrow(fails('folder-unusable'))
    }
    expect(() => existingFolder(home.directory, join(folder, 'below'))).toThrow(fails('folder-unusable'))
    chmodSync(folder, 0o700)
    expect(existingFolder(home.directory, folder)).toBe(folder)
  })

  test('must not hold the keys of this device, there or yet to be made', () => {
    expect(() => existingFolder(home.directory, place)).toThrow(fails('usage'))
    expect(() => existingFolder(join(place, 'not', 'yet'), place)).toThrow(fails('usage'))
    expect(() => existingFolder(home.directory, home.directory)).toThrow(fails('usage'))
  })

  test('must not lie among the state of this device', () => {
    mkdirSync(join(home.directory, 'state', 'vault'), { recursive: true })
    for (const inside of ['state', 'state/vault'])
      expect(() => existingFolder(home.directory, join(home.directory, inside))).toThrow(fails('usage'))
    mkdirSync(`${home.directory}-beside`)
    expect(existingFolder(home.directory, `${home.directory}-beside`)).toBe(`${home.directory}-beside`)
  })

  test('is made for a join, and unmade only while it is empty', () => {
    const made = madeFolder(home.directory, join(place, 'new', 'er'))
    expect(existsSync(made.path)).toBe(true)
    made.unmake()
    expect(existsSync(made.path)).toBe(false)
    const other = madeFolder(home.directory, join(place, 'kept'))
    writeFileSync(join(other.path, 'file'), '')
    other.unmake()
    expect(existsSync(join(other.path, 'file'))).toBe(true)
    mkdirSync(join(place, 'mine'))
    madeFolder(home.directory, join(place, 'mine')).unmake()
    expect(existsSync(join(place, 'mine'))).toBe(true)
  })
})

describe('the home', () => {
  test('is the one asked for, else GRENIER_HOME, else the place of the platform', () => {
    expect(homeDirectory('/a', { GRENIER_HOME: '/b' })).toBe('/a')
    expect(homeDirectory(undefined, { GRENIER_HOME: '/b', XDG_DATA_HOME: '/c' })).toBe('/b')
    if (process.platform !== 'linux') return
    expect(homeDirectory(undefined, { XDG_DATA_HOME: '/c' })).toBe('/c/grenier')
    expect(homeDirectory('', { GRENIER_HOME: '', XDG_DATA_HOME: 'relative' })).toMatch(
      /\/\.local\/share\/grenier$/,
    )
  })
})

describe('a folder that is marked', () => {
  const vault = 'ab'.repeat(32)
  const record = (path: string): FolderRecord => ({ path, vault, relay: 'wss://r', name: 'n' })
  const folder = (name: string): string => {
    const path = join(place, name)
    mkdirSync(path)
    return path
  }
  /** What a join that is cut off before the record leaves. */
  const settled = async (by: Home, path: string, also: Parameters<typeof settleFolder>[2]): Promise<void> => {
    const context = {
      home: by,
      platform: realPlatform(),
      report: () => undefined,
      signal: new AbortController().signal,
    }
    await settleFolder(
      {
        ...context,
        home: {
          ...by,
          folders: by.folders,
          stateDirectory: (id) => by.stateDirectory(id),
          addFolder: () => Promise.resolve(),
        },
      },
      record(path),
      also,
    )
  }

  test('is gone on with where this home was cut off, and refused else', async () => {
    const device = makeDevice(systemRandom)
    const other = makeHome(join(place, 'other'), { deviceName: 'o', device, identity: undefined, relays: [] })
    const platform = realPlatform()
    const paths = {
      bare: folder('bare'),
      own: folder('own'),
      others: folder('others'),
      foreign: folder('foreign'),
    }
    await settled(home, paths.own, () => undefined)
    expect(await isCutOff(platform, home, paths.own)).toBe(true)
    expect(await isCutOff(platform, home, paths.bare)).toBe(false)
    await settled(other, paths.others, () => undefined)
    expect(await isCutOff(platform, home, paths.others)).toBe(false)
    mkdirSync(join(paths.foreign, '.grenier'))
    writeFileSync(join(paths.foreign, '.grenier', 'marker'), 'nothing of ours')
    expect(await isCutOff(platform, home, paths.foreign)).toBe(false)
    await settled(home, paths.own, (transaction) => keepLogState(transaction, new Uint8Array(1)))
    expect(await isCutOff(platform, home, paths.own)).toBe(false)
    for (const path of [paths.own, paths.others, paths.foreign])
      await expect(refuseSynced(platform, home, path)).rejects.toEqual(fails('state-foreign'))
    await refuseSynced(platform, home, paths.bare)
  })
})
