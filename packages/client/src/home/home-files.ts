// The home on disk: `device.key` (the device's secret keys: device-key.ts) and `home.json` (names, relays, folders), both 0600 in a folder of 0700; state
// databases below `state/`. Written whole, flushed and renamed: a crash leaves the old file or the new one.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  decodeCertificate,
  encodeCertificate,
  fromHex,
  kemKey,
  signingKey,
  toHex,
  type Certificate,
  type Device,
  type PublicKeys,
} from '@grenier/crypto'
import * as v from 'valibot'
import { ClientError } from '../errors.ts'
import type { Limits } from '../relay/pace.ts'
import { hasKeys, keysAt, writeKeys } from './device-key.ts'
import { whileAlone } from './home-files-lock.ts'
import { openingKey, type EnrolledIdentity, type FolderRecord, type Home } from './home.ts'
import { writeDurably } from './write-durably.ts'

const hex = v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{2})+$/))

const rate = v.pipe(v.number(), v.integer(), v.minValue(1))

const count = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)))
const place = {
  ...{ path: v.string(), vault: hex, relay: v.string(), name: v.string() },
  movedFrom: v.optional(v.string()),
}
const backupSchema = v.object({
  from: v.picklist(['folder', 'stream']),
  keep: v.optional(v.object({ allMs: count, daily: count, weekly: count, monthly: count, yearly: count })),
})

const homeSchema = v.object({
  version: v.literal(1),
  deviceName: v.string(),
  identity: v.optional(v.object({ sign: hex, kem: hex, certificate: hex })),
  relays: v.array(v.string()),
  folders: v.array(v.object(place)),
  backups: v.optional(v.array(v.object({ ...place, backup: backupSchema }))),
  /** Bytes a second. */
  limits: v.optional(v.object({ up: v.optional(rate), down: v.optional(rate) })),
})

const unlimited: Limits = { up: undefined, down: undefined }

type HomeFile = v.InferOutput<typeof homeSchema>

/** What a new home starts with. */
export interface NewHome {
  readonly deviceName: string
  readonly device: Device
  readonly identity: { readonly keys: PublicKeys; readonly certificate: Certificate } | undefined
  readonly relays: readonly string[]
  /** Seals the keys; without it they are kept in clear. */
  readonly passphrase?: string | undefined
}

/** Whether there is a device in this directory. */
export function homeExists(directory: string): boolean {
  return hasKeys(directory)
}

/** How fast the device of this directory may send and receive; where there is none, or none that can be read, as fast as the line takes. */
export function limitsOf(directory: string): Limits {
  try {
    return homeExists(directory) ? openHome(directory).limits : unlimited
  } catch {
    // Whoever needs the home says what is wrong with it.
    return unlimited
  }
}

/** Makes a home. @throws ClientError `home-exists` */
export function makeHome(directory: string, start: NewHome): Home {
  if (homeExists(directory))
    throw new ClientError('home-exists', 'this home has a device already', { data: { path: directory } })
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const file: HomeFile = {
    version: 1,
    deviceName: start.deviceName,
    relays: [...start.relays],
    folders: [],
    ...(start.identity === undefined ? {} : { identity: identityRecord(start.identity) }),
  }
  writeHomeFile(directory, file)
  writeKeys(directory, start.device, start.passphrase)
  return new FileHome(directory, () => start.device, file)
}

/**
 * Opens a home. Its keys may be sealed: `device` throws `keys-locked` then, until this process has opened them.
 * @throws ClientError `home-missing`, `home-unsafe`, `state-broken`, `update-needed`
 */
export function openHome(directory: string): Home {
  if (!homeExists(directory))
    throw new ClientError('home-missing', 'no device in this home', { data: { path: directory } })
  const keys = keysAt(directory)
  try {
    const file = v.parse(homeSchema, JSON.parse(readFileSync(join(directory, homeFile), 'utf8')))
    return new FileHome(directory, () => keys.device(), file)
  } catch (cause) {
    throw new ClientError('state-broken', 'the home cannot be read', { cause, data: { path: directory } })
  }
}

const homeFile = 'home.json'

class FileHome implements Home {
  readonly directory: string
  readonly deviceName: string
  readonly #device: () => Device
  #file: HomeFile

  constructor(directory: string, device: () => Device, file: HomeFile) {
    this.directory = directory
    this.#device = device
    this.deviceName = file.deviceName
    this.#file = file
  }

  get device(): Device {
    return this.#device()
  }

  get identity(): PublicKeys | undefined {
    const { identity } = this.#file
    return identity && { sign: signingKey(fromHex(identity.sign)), kem: kemKey(fromHex(identity.kem)) }
  }

  get certificate(): Certificate | undefined {
    const { identity } = this.#file
    return identity && decodeCertificate(fromHex(identity.certificate))
  }

  enrol({ identity, relay }: { identity: EnrolledIdentity; relay: string | undefined }): Promise<void> {
    return this.#change((file) => {
      if (file.identity !== undefined && file.identity.sign !== toHex(identity.keys.sign))
        throw new ClientError('home-exists', 'this device is of another identity', {
          data: { path: this.directory },
        })
      const others = file.relays.filter((one) => one !== relay)
      const relays = relay === undefined ? others : [...others, relay]
      return { ...file, identity: identityRecord(identity), relays }
    })
  }

  renew(identity: EnrolledIdentity): Promise<void> {
    return this.#change((file) => ({ ...file, identity: identityRecord(identity) }))
  }

  get relays(): readonly string[] {
    return this.#file.relays
  }

  get folders(): readonly FolderRecord[] {
    return this.#file.folders
  }

  get backups(): readonly FolderRecord[] {
    return this.#file.backups ?? []
  }

  get limits(): Limits {
    const { up, down } = this.#file.limits ?? {}
    return { up, down }
  }

  limit(limits: Partial<Limits>): Promise<void> {
    return this.#change((file) => {
      const { up, down } = { ...file.limits, ...limits }
      return {
        ...file,
        limits: { ...(up === undefined ? {} : { up }), ...(down === undefined ? {} : { down }) },
      }
    })
  }

  stateDirectory(vault: string): string {
    return join(this.directory, 'state', vault)
  }

  addFolder(record: FolderRecord): Promise<void> {
    const { backup } = record
    return this.#change((file) => {
      if (backup !== undefined) {
        const others = (file.backups ?? []).filter(({ vault }) => vault !== record.vault)
        return { ...file, backups: [...others, { ...record, backup: { ...backup } }] }
      }
      const others = file.folders.filter(({ path, vault }) => path !== record.path && vault !== record.vault)
      return { ...file, folders: [...others, record] }
    })
  }

  removeFolder(key: string): Promise<void> {
    const isIt = (one: FolderRecord): boolean => openingKey(one) === key
    const { folders: known, backups: knownBackups = [] } = this.#read()
    const gone = [...known, ...knownBackups].find(isIt)
    // The state first: one that was left behind would take whatever is joined later for what it knew. And a full disk has room then.
    if (gone !== undefined) rmSync(this.stateDirectory(gone.vault), { recursive: true, force: true })
    return this.#change((file) => {
      const { folders, backups = [] } = file
      const first = [...folders, ...backups].find(isIt)
      return {
        ...file,
        folders: folders.filter((one) => one !== first),
        ...(backups.length === 0 ? {} : { backups: backups.filter((one) => one !== first) }),
      }
    })
  }

  keepEvidence(vault: string, name: string, bytes: Uint8Array): Promise<string> {
    const directory = join(this.directory, 'evidence', vault)
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    writeDurably(directory, name, bytes)
    return Promise.resolve(join(directory, name))
  }

  #read(): HomeFile {
    return v.parse(homeSchema, JSON.parse(readFileSync(join(this.directory, homeFile), 'utf8')))
  }

  /** What it is now, not when it was opened: another process of the same home may have written meanwhile, and none does between the two. */
  #change(edit: (file: HomeFile) => HomeFile): Promise<void> {
    return whileAlone(this.stateDirectory('home'), () => {
      const file = edit(this.#read())
      writeHomeFile(this.directory, file)
      this.#file = file
    })
  }
}

function writeHomeFile(directory: string, file: HomeFile): void {
  writeDurably(directory, homeFile, new TextEncoder().encode(`${JSON.stringify(file, undefined, 2)}\n`))
}

function identityRecord(identity: { keys: PublicKeys; certificate: Certificate }): HomeFile['identity'] {
  const { keys, certificate } = identity
  return { sign: toHex(keys.sign), kem: toHex(keys.kem), certificate: toHex(encodeCertificate(certificate)) }
}
