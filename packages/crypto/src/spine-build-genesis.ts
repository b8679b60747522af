// The genesis: a vault's first entry, made by its creator's device while the certificate is at hand.
import type { Certificate } from './certificate.ts'
import { epochCommitment } from './epoch-key.ts'
import { signEntry } from './entry.ts'
import type { GenesisHeader } from './header.ts'
import { publicKeysOf } from './identity.ts'
import { retentionMsDefault } from './limits.ts'
import { advance } from './log-state.ts'
import { sealPayload } from './payload.ts'
import { encodeGenesisPayload, sealVaultList, type VaultListItem } from './payload-names.ts'
import type { Random } from './random.ts'
import type { KeyPairs, PublicKeys } from './sign.ts'
import type { Recipient } from './spine.ts'
import { sealsTo, type BuiltEpoch } from './spine-build.ts'
import { payloadKeyOf } from './subkeys.ts'

/** `identity`: public keys are enough; `certificate`: the device's, by that identity; `vaults`: the owner's other vaults. */
export interface MakeGenesis {
  readonly identity: PublicKeys
  readonly device: KeyPairs
  readonly certificate: Certificate
  readonly name: string
  readonly deviceName: string
  readonly at: number
  readonly random: Random
  readonly retentionMs?: number | undefined
  readonly vaults?: readonly VaultListItem[] | undefined
}

/** A new vault: its genesis, the state after it (`state.vault` is its id), and the key of epoch 0. @throws CryptoError as `advance` */
export function makeGenesis(options: MakeGenesis): BuiltEpoch {
  const { identity, device, certificate, random } = options
  const nonce = random.bytes(32)
  const epochKey = random.bytes(32)
  const recipients: Recipient[] = [
    { kind: 'device', keys: publicKeysOf(device) },
    { kind: 'identity', keys: identity },
  ]
  const header: GenesisHeader = {
    kind: 'genesis',
    sequence: 0,
    device: device.sign.publicKey,
    at: options.at,
    added: [],
    restored: [],
    nonce,
    part: {
      certificate,
      identityKem: identity.kem,
      retentionMs: options.retentionMs ?? retentionMsDefault,
      epoch: {
        number: 0,
        commitment: epochCommitment({ binding: nonce, epoch: 0, key: epochKey }),
        earlier: [],
        seals: sealsTo(recipients, { binding: nonce, epoch: 0, secret: epochKey, random }),
      },
    },
  }
  const payload = genesisPayload(options, { nonce, epochKey })
  const entry = signEntry({ header, payload, secretKey: device.sign.secretKey })
  return { entry, state: advance(undefined, entry), epoch: 0, epochKey }
}

function genesisPayload(options: MakeGenesis, keys: { nonce: Uint8Array; epochKey: Uint8Array }) {
  const { identity, random, name, deviceName, vaults } = options
  const { nonce, epochKey } = keys
  const to = { kind: 'identity', recipient: identity.kem, binding: nonce, epoch: 0, random } as const
  const sealedList = vaults === undefined ? undefined : sealVaultList({ ...to, vaults })
  return sealPayload(encodeGenesisPayload({ name, deviceName, vaults: sealedList }), {
    payloadKey: payloadKeyOf(epochKey, 0, nonce),
    binding: nonce,
    epoch: 0,
    bulk: false,
    random,
  })
}
