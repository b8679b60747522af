// Payloads of spine entries: names for people, addresses, and the owner's list of vaults. A bad one loses names and nothing else.
import { signingKey, vaultId, type SigningKey, type VaultId } from './bytes.ts'
import { decodeCbor, encodeCbor, type CborValue } from './cbor.ts'
import { asBytes, asText, asTuple, ascending, Fields } from './fields.ts'
import { sealBlobTo, openBlob } from './seal-blob.ts'
import type { OpenWith, SealTo } from './kem-seal.ts'
import {
  nameBytesMax,
  payloadPlainBytesMax,
  recipientsMax,
  relaysMax,
  urlBytesMax,
  vaultListBytesMax,
  vaultsMax,
} from './limits.ts'

/** `vaults`: the owner's list, sealed to the owner's identity (`sealVaultList`). */
export interface GenesisPayload {
  readonly name: string
  readonly deviceName: string
  readonly vaults?: Uint8Array | undefined
}

/** What a `config` changes of these; what is absent stays as it was. */
export interface ConfigPayload {
  readonly name?: string | undefined
  readonly relays?: readonly string[] | undefined
  readonly mirrors?: readonly string[] | undefined
  readonly vaults?: Uint8Array | undefined
}

/** Names of devices, new or changed. */
export interface MemberPayload {
  readonly devices: readonly { readonly device: SigningKey; readonly name: string }[]
}

/** One of the owner's vaults. `relay`: its URL. */
export interface VaultListItem {
  readonly vault: VaultId
  readonly name: string
  readonly relay: string
}

function open(body: Uint8Array, what: string): Fields {
  return new Fields(decodeCbor(body, { maxBytes: payloadPlainBytesMax }), what)
}

function optionalVaults(fields: Fields): { vaults?: Uint8Array } {
  return fields.has('vaults') ? { vaults: fields.bytesUpTo('vaults', vaultListBytesMax) } : {}
}

/** The body of a genesis. */
export function encodeGenesisPayload({ name, deviceName, vaults }: GenesisPayload): Uint8Array {
  return encodeCbor({ name, deviceName, vaults })
}

/** @throws CryptoError `malformed`, `limit` */
export function decodeGenesisPayload(body: Uint8Array): GenesisPayload {
  const fields = open(body, 'payload of a genesis').only(['name', 'deviceName', 'vaults'], 'malformed')
  return {
    name: fields.text('name', nameBytesMax),
    deviceName: fields.text('deviceName', nameBytesMax),
    ...optionalVaults(fields),
  }
}

/** The body of a `config`. */
export function encodeConfigPayload({ name, relays, mirrors, vaults }: ConfigPayload): Uint8Array {
  return encodeCbor({ name, relays, mirrors, vaults })
}

/** @throws CryptoError `malformed`, `limit` */
export function decodeConfigPayload(body: Uint8Array): ConfigPayload {
  const fields = open(body, 'payload of a config').only(['name', 'relays', 'mirrors', 'vaults'], 'malformed')
  const urls = (key: string) => fields.array(key, relaysMax).map((url) => asText(url, urlBytesMax, key))
  return {
    ...(fields.has('name') && { name: fields.text('name', nameBytesMax) }),
    ...(fields.has('relays') && { relays: urls('relays') }),
    ...(fields.has('mirrors') && { mirrors: urls('mirrors') }),
    ...optionalVaults(fields),
  }
}

/** The body of a `member` entry: by rising device key. */
export function encodeMemberPayload({ devices }: MemberPayload): Uint8Array {
  const sorted = [...devices].sort((a, b) => Buffer.compare(a.device, b.device))
  return encodeCbor({ devices: sorted.map(({ device, name }): CborValue => [device, name]) })
}

/** @throws CryptoError `malformed`, `limit` */
export function decodeMemberPayload(body: Uint8Array): MemberPayload {
  const fields = open(body, 'payload of a member entry').only(['devices'], 'malformed')
  const devices = fields.array('devices', recipientsMax).map((value) => {
    const [device, name] = asTuple(value, 2, 'name of a device')
    return {
      device: signingKey(asBytes(device, 32, 'a device')),
      name: asText(name, nameBytesMax, 'name of a device'),
    }
  })
  ascending(
    devices.map(({ device }) => device),
    'devices',
  )
  return { devices }
}

/** The owner's vaults, sealed to the owner's identity alone and padded. */
export function sealVaultList(to: SealTo & { readonly vaults: readonly VaultListItem[] }): Uint8Array {
  const blob = encodeCbor(to.vaults.map(({ vault, name, relay }): CborValue => [vault, name, relay]))
  return sealBlobTo({ ...to, blob })
}

/** The list that `sealVaultList` sealed. @throws CryptoError `seal-broken`, `malformed`, `limit` */
export function openVaultList(by: OpenWith & { readonly seal: Uint8Array }): VaultListItem[] {
  const decoded = decodeCbor(openBlob(by), { maxBytes: vaultListBytesMax })
  const wrapped = new Fields({ vaults: decoded }, 'a list of vaults')
  return wrapped.array('vaults', vaultsMax).map((value) => {
    const [vault, name, relay] = asTuple(value, 3, 'a vault')
    return {
      vault: vaultId(asBytes(vault, 32, 'a vault id')),
      name: asText(name, nameBytesMax, 'name of a vault'),
      relay: asText(relay, urlBytesMax, 'relay of a vault'),
    }
  })
}
