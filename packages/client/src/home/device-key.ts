// `device.key`: the device's secret keys, in clear, or sealed by a passphrase or for a keyring. A passphrase is stretched once a process: what
// was opened is kept here, in memory alone, for every opening of the home that follows.
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  checkSealedDevice,
  CryptoError,
  decodeDevice,
  deviceKeyOf,
  encodeDevice,
  isSealedDevice,
  keyringEntryOf,
  openSealedDevice,
  sealDevice,
  sealingOf,
  systemRandom,
  type Device,
  type SealedBy,
} from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { dropUnfinished, writeDurably } from './write-durably.ts'

const keyFile = 'device.key'
/** More than a device ever has, sealed or not: what is larger is not read. */
const keyFileBytesMax = 4096

const opened = new Map<string, Device>()

/** The keys of a home, as they lie there. */
export interface KeysAtRest {
  /** What opens them; undefined of keys in clear. */
  readonly sealedBy: SealedBy | undefined
  /** @throws ClientError `keys-locked` while they are sealed and this process has not opened them */
  readonly device: () => Device
}

/** Whether there are keys in this directory. */
export function hasKeys(directory: string): boolean {
  return existsSync(join(directory, keyFile))
}

/**
 * Reads what is there, and takes away what a crash left half written.
 * @throws ClientError `home-unsafe`, `state-broken`, `update-needed`; a sealed file that asks for too little or too much is broken
 */
export function keysAt(directory: string): KeysAtRest {
  const bytes = readKeys(directory)
  return readable(directory, () => {
    if (isSealedDevice(bytes)) {
      const sealedBy = checkSealedDevice(bytes)
      return { sealedBy, device: () => opened.get(directory) ?? locked(directory, whatOf(sealedBy)) }
    }
    const device = decodeDevice(bytes)
    bytes.fill(0)
    return { sealedBy: undefined, device: () => device }
  })
}

/**
 * Opens sealed keys for this process; gives the key of the passphrase, 32 bytes, secret: `openKeysWith` takes it.
 * @throws ClientError `keys-locked` (`what` is `wrong`) when the passphrase does not open them; else as `keysAt`
 */
export function openKeys(directory: string, passphrase: string): Uint8Array {
  const bytes = readKeys(directory)
  const key = readable(directory, () => deviceKeyOf(bytes, passphrase))
  if (!openKeysWith(directory, key)) return locked(directory, 'wrong')
  return key
}

/** Opens sealed keys for this process with a key that `openKeys` gave, or the secret of a keyring; whether it is the right one still. */
export function openKeysWith(directory: string, key: Uint8Array): boolean {
  const bytes = readKeys(directory)
  return readable(directory, () => {
    try {
      opened.set(directory, openSealedDevice(bytes, key))
      return true
    } catch (error) {
      if (error instanceof CryptoError && error.code === 'seal-broken') return false
      throw error
    }
  })
}

/** Under which name a keyring keeps what opens these keys; undefined when none does. @throws as `keysAt` */
export function keyringEntryAt(directory: string): string | undefined {
  const bytes = readKeys(directory)
  return readable(directory, () =>
    isSealedDevice(bytes) && checkSealedDevice(bytes) === 'keyring' ? keyringEntryOf(bytes) : undefined,
  )
}

/** What tells these sealed keys from the same keys sealed anew: public. @throws as `keysAt` */
export function sealingAt(directory: string): string {
  const bytes = readKeys(directory)
  return readable(directory, () => sealingOf(bytes))
}

/** Writes keys, sealed when there is a passphrase; what was there is replaced whole. Durable when it returns. */
export function writeKeys(directory: string, device: Device, passphrase: string | undefined): void {
  if (passphrase !== undefined) {
    writeDurably(directory, keyFile, sealDevice(device, { passphrase, random: systemRandom }))
    opened.set(directory, device)
    return
  }
  const bytes = encodeDevice(device)
  writeDurably(directory, keyFile, bytes)
  bytes.fill(0)
}

/** Writes keys that were sealed already: of this device. Durable when it returns. */
export function writeSealedKeys(directory: string, device: Device, sealed: Uint8Array): void {
  writeDurably(directory, keyFile, sealed)
  opened.set(directory, device)
}

function readKeys(directory: string): Uint8Array {
  const path = join(directory, keyFile)
  dropUnfinished(directory, keyFile)
  const { size, isFile } = refuseReadableByOthers(path)
  // A pipe would stop the whole program until somebody writes into it.
  if (!isFile || size > keyFileBytesMax)
    throw new ClientError('state-broken', 'the keys cannot be read', {
      data: { path: directory, what: 'keys' },
    })
  return new Uint8Array(readFileSync(path))
}

function refuseReadableByOthers(path: string): { size: number; isFile: boolean } {
  const found = lstatSync(path)
  const { mode, size } = found
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw new ClientError('home-unsafe', 'others may read the key of this device', { data: { path } })
  return { size, isFile: found.isFile() }
}

/** `work`, with what it says about bytes told as what it means for a home. */
function readable<T>(directory: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause
    if (cause.code === 'version-unknown')
      throw new ClientError('update-needed', 'this home was written by a newer version', { cause })
    throw new ClientError('state-broken', 'the home cannot be read', {
      cause,
      data: { path: directory, what: 'keys' },
    })
  }
}

function whatOf(sealedBy: SealedBy): 'sealed' | 'keyring' {
  return sealedBy === 'passphrase' ? 'sealed' : 'keyring'
}

function locked(directory: string, what: 'sealed' | 'keyring' | 'wrong'): never {
  throw new ClientError('keys-locked', 'the keys of this device are sealed', {
    data: { path: directory, what },
  })
}
