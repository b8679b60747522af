// The first spine, from a genesis: its creator's identity and device, epoch 0, the first retention floor.
import { equal, toHex, type EntryHash } from './bytes.ts'
import { isCertificateOf, verifyCertificate } from './certificate.ts'
import type { GenesisHeader } from './header.ts'
import type { PublicKeys } from './sign.ts'
import type { Spine } from './spine.ts'
import { draftOf, wrong } from './spine-draft.ts'
import { sealsFor } from './spine-epoch.ts'

/**
 * The spine of a vault that has its genesis only. `hash`: the entry hash of the genesis, which is the vault id.
 * @throws CryptoError `public-part-wrong`; `signature-wrong` if the identity did not certify the device
 */
export function genesisSpine(header: GenesisHeader, hash: EntryHash): Spine {
  const { certificate, identityKem, epoch } = header.part
  const identity: PublicKeys = { sign: certificate.identity, kem: identityKem }
  const device: PublicKeys = { sign: certificate.device, kem: certificate.deviceKem }
  if (!equal(device.sign, header.device)) wrong('the genesis is not signed by the device of its certificate')
  if (equal(device.sign, identity.sign)) wrong('the identity of a genesis is its device')
  if (!isCertificateOf(certificate, identity)) wrong('the certificate of a genesis is not of its identity')
  verifyCertificate(certificate)
  if (epoch.number !== 0 || epoch.earlier.length > 0)
    wrong('a genesis opens epoch 0, before which nothing is')
  const founded = foundingSpine(header, hash, { identity, device })
  const made = { binding: header.nonce, by: header.device }
  return { ...founded, seals: sealsFor(draftOf(founded), epoch, made) }
}

function foundingSpine(
  header: GenesisHeader,
  hash: EntryHash,
  keys: { identity: PublicKeys; device: PublicKeys },
): Spine {
  const { epoch, retentionMs } = header.part
  const member = { role: 'owner', since: 0, until: undefined } as const
  const { identity, device } = keys
  return {
    head: hash,
    sequence: 0,
    nonce: header.nonce,
    genesisIdentity: identity.sign,
    devices: new Map([[toHex(device.sign), { ...member, keys: device, identity: identity.sign }]]),
    identities: new Map([[toHex(identity.sign), { ...member, keys: identity, renewedBy: undefined }]]),
    invites: new Map(),
    epochs: [{ number: 0, commitment: epoch.commitment, since: 0, by: header.device, earlier: [] }],
    seals: new Map(),
    rekeyDue: false,
    retention: [{ floorMs: retentionMs, since: 0, until: undefined }],
    payloadVersionMax: 1,
    prune: undefined,
    continuation: undefined,
  }
}
