// The homes of simulated devices: in memory, with keys that were made once.
import type { FolderRecord, Home } from '@grenier/client'
import {
  certifyDevice,
  identityFromEntropy,
  makeDevice,
  publicDevice,
  publicIdentity,
  type Certificate,
  type Device,
  type Identity,
} from '@grenier/crypto'
import { Seeded } from './seeded.ts'
import { relayUrl } from './world.ts'

/** Keys are made once: 2,500 encapsulations a second are not what a simulation should spend its time on. */
export const readyMade = ((): {
  entropy: Uint8Array
  identity: Identity
  devices: Device[]
  certificates: Certificate[]
} => {
  const random = new Seeded(0x9e3779b9)
  const devices = Array.from({ length: 4 }, () => makeDevice(random))
  const entropy = random.bytes(32)
  const identity = identityFromEntropy(entropy)
  const certificates = devices.map((device) => certifyDevice(identity, publicDevice(device)))
  return { entropy, identity, devices, certificates }
})()

/** Keys of devices that come later, by their number: two of a friend's, and another one of the same person's. */
const latecomers = ((): Map<number, { identity: Identity; device: Device; certificate: Certificate }> => {
  const random = new Seeded(0x51ed270b)
  const friend = identityFromEntropy(random.bytes(32))
  const owners = [
    [4, friend],
    [5, friend],
    [6, readyMade.identity],
  ] as const
  return new Map(
    owners.map(([at, identity]) => {
      const device = makeDevice(random)
      return [at, { identity, device, certificate: certifyDevice(identity, publicDevice(device)) }]
    }),
  )
})()

/** A home that is durable by construction: the command's own home is tested with the command. */
export class MemoryHome implements Home {
  readonly directory = '/home'
  readonly deviceName: string
  readonly device: Device
  readonly identity: Home['identity']
  readonly certificate: Certificate
  readonly relays = [relayUrl]
  folders: readonly FolderRecord[] = []
  readonly backups = []
  readonly limits = { up: undefined, down: undefined }
  /** Files kept about halts, by path. */
  readonly evidence = new Map<string, Uint8Array>()

  constructor(deviceName: string, at: number) {
    this.deviceName = deviceName
    const late = latecomers.get(at)
    const device = late?.device ?? readyMade.devices[at]
    const certificate = late?.certificate ?? readyMade.certificates[at]
    this.identity = publicIdentity(late?.identity ?? readyMade.identity)
    if (device === undefined || certificate === undefined) throw new RangeError('more machines than keys')
    this.device = device
    this.certificate = certificate
  }

  stateDirectory(vault: string): string {
    return `/home/state/${vault}`
  }

  addFolder(record: FolderRecord): Promise<void> {
    const others = this.folders.filter(({ path, vault }) => path !== record.path && vault !== record.vault)
    this.folders = [...others, record]
    return Promise.resolve()
  }

  limit(): Promise<void> {
    return Promise.resolve()
  }

  renew(): Promise<void> {
    return Promise.resolve()
  }

  enrol(): Promise<void> {
    return Promise.resolve()
  }

  removeFolder(path: string): Promise<void> {
    this.folders = this.folders.filter((folder) => folder.path !== path)
    return Promise.resolve()
  }

  keepEvidence(vault: string, name: string, bytes: Uint8Array): Promise<string> {
    const path = `${this.directory}/evidence/${vault}/${name}`
    this.evidence.set(path, bytes)
    return Promise.resolve(path)
  }
}
