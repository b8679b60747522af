// A certificate of the relay's own making, for a local network that no certificate authority serves. Clients trust its public key by
// the pin in the URL, not its names or dates; the key is kept, so that a renewed certificate keeps the pin.
import './reflect-metadata.ts'
import { createHash, createPrivateKey, createPublicKey, webcrypto } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import type { Random } from '@grenier/crypto/verify'
import { RelayError } from '../errors.ts'
import { flushDirectory } from '../store/flush-group.ts'

const day = 86_400_000
/** Browsers and TLS libraries frown at certificates that are valid much longer; nobody has to renew this one by hand. */
const validMs = 398 * day
/** Renewed at a start when less than this is left. */
const renewMs = 30 * day
/** A clock that is a little behind still finds it valid. */
const backdatedMs = day

const keyFile = 'tls-key.pem'
const certificateFile = 'tls-certificate.pem'
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** What a TLS server needs, and what its clients check. */
export interface SelfMadeCertificate {
  /** PEM. */
  readonly certificate: string
  /** PEM, PKCS #8. */
  readonly key: string
  /** SHA-256 of the public key as SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), 32 bytes: what stands in the URL. */
  readonly pin: Uint8Array
  /** ms. */
  readonly expiresAt: number
}

/** Where it is kept and for whom it is made. */
export interface CertificateOptions {
  /** The data folder. */
  readonly folder: string
  /** Host names and IP addresses that clients may dial. */
  readonly names: readonly string[]
  readonly random: Random
  /** ms. */
  readonly now: number
}

/**
 * The certificate of this data folder: made where there is none, made anew (with the same key) when it ends soon or does not have these
 * names.
 * @throws RelayError `tls-failed` when what is there cannot be read, `data-unsafe` when others may read the key
 */
export async function selfMadeCertificate(options: CertificateOptions): Promise<SelfMadeCertificate> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 })
  const key = (await readKey(options.folder)) ?? (await makeKey(options.folder))
  const pin = spkiPin(key)
  const kept = await readCertificate(options, pin)
  const certificate = kept ?? (await makeCertificate(options, key))
  return { certificate: certificate.toString('pem'), key, pin, expiresAt: certificate.notAfter.getTime() }
}

/** The pin of a private key or a certificate (PEM): 32 bytes. @throws RelayError `tls-failed` */
export function spkiPin(pem: string): Uint8Array {
  try {
    const spki = createPublicKey(pem).export({ type: 'spki', format: 'der' })
    return new Uint8Array(createHash('sha256').update(spki).digest())
  } catch (cause) {
    throw new RelayError('tls-failed', 'a key or certificate does not decode', { cause })
  }
}

async function readKey(folder: string): Promise<string | undefined> {
  const path = join(folder, keyFile)
  const pem = await readText(path)
  if (pem === undefined) return undefined
  const { mode } = await stat(path)
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw new RelayError('data-unsafe', 'the TLS key may be read by others', { data: { path } })
  return pem
}

async function makeKey(folder: string): Promise<string> {
  const pair = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', pair.privateKey))
  const pem = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    type: 'pkcs8',
    format: 'pem',
  })
  await keep(folder, { name: keyFile, text: String(pem), mode: 0o600 })
  return String(pem)
}

// What is there, if it is of this key, has these names and does not end soon.
async function readCertificate(
  { folder, names, now }: CertificateOptions,
  pin: Uint8Array,
): Promise<x509.X509Certificate | undefined> {
  const pem = await readText(join(folder, certificateFile))
  if (pem === undefined || !Buffer.from(pin).equals(spkiPin(pem))) return undefined
  const certificate = new x509.X509Certificate(pem)
  const has = new Set(
    certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items.map(plainName),
  )
  const lasts = certificate.notAfter.getTime() - now >= renewMs && certificate.notBefore.getTime() <= now
  return lasts && names.every((name) => has.has(name.toLowerCase())) ? certificate : undefined
}

async function makeCertificate(
  { folder, names, random, now }: CertificateOptions,
  key: string,
): Promise<x509.X509Certificate> {
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(random),
      name: 'CN=grenier-relay',
      notBefore: new Date(now - backdatedMs),
      notAfter: new Date(now + validMs),
      signingAlgorithm: algorithm,
      keys: await importPair(key),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          names.map((name) => ({ type: isIP(name) === 0 ? 'dns' : 'ip', value: name.toLowerCase() })),
        ),
      ],
    },
    webcrypto,
  )
  await keep(folder, { name: certificateFile, text: certificate.toString('pem'), mode: 0o644 })
  return certificate
}

async function importPair(key: string): Promise<webcrypto.CryptoKeyPair> {
  const pkcs8 = createPrivateKey(key).export({ type: 'pkcs8', format: 'der' })
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']),
  }
}

// Positive, and not beginning with a zero byte (RFC 5280 §4.1.2.2): 16 bytes with the first between 0x40 and 0x7f.
function serialNumber(random: Random): string {
  const bytes = Buffer.from(random.bytes(16))
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes.toString('hex')
}

function plainName(name: x509.GeneralName): string {
  return name.value.toLowerCase()
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw new RelayError('tls-failed', 'the TLS files of the data folder cannot be read', {
      cause,
      data: { path },
    })
  }
}

// Whole or not at all, and never readable by others for a moment: the mode is set before the bytes are written.
async function keep(folder: string, file: { name: string; text: string; mode: number }): Promise<void> {
  const temporary = join(folder, `${file.name}.new`)
  const handle = await open(temporary, 'w', file.mode)
  try {
    await chmod(temporary, file.mode)
    await handle.writeFile(file.text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, join(folder, file.name))
  await flushDirectory(folder)
}
