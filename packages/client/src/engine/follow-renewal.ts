// When the identity of this device took new words, on whatever machine: the entry that says so carries a certificate for this device, and the home
// takes it over.
import { equal, type Entry } from '@grenier/crypto'
import type { Home } from '../home/home.ts'

/** Takes a new identity over from a judged entry, if it is for this device. Durable when it resolves. */
export async function followRenewal(home: Home, entry: Entry | undefined): Promise<void> {
  const { identity, device } = home
  const header = entry?.header
  if (header?.kind !== 'member' || header.part.action !== 'renew') return
  if (identity === undefined || !equal(identity.sign, header.device)) return
  const certificate = header.part.certificates.find((one) => equal(one.device, device.sign.publicKey))
  if (certificate !== undefined) await home.renew({ keys: header.part.identity, certificate })
}
