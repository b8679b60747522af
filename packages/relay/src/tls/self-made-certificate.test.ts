// The certificate is one that TLS takes, the key stays private, and the pin stays the same for good.
import { X509Certificate } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@grenier/crypto/verify'
import { describe, expect, it, onTestFinished } from 'vitest'
import { selfMadeCertificate, spkiPin, type SelfMadeCertificate } from './self-made-certificate.ts'

const day = 86_400_000
const names = ['relay.local', '127.0.0.1', '::1']

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'grenier-tls-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const make = (folder: string, more = {}): Promise<SelfMadeCertificate> =>
  selfMadeCertificate({ folder, names, random: systemRandom, now: Date.now(), ...more })

describe('a self-made certificate', () => {
  it('serves TLS, and its peer sees the key that the pin says', async () => {
    const made = await make(newFolder())
    const server = createServer({ cert: made.certificate, key: made.key }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', ca: made.certificate })
    await once(socket, 'secureConnect')
    expect(socket.authorized).toBe(true)
    const seen = new X509Certificate(socket.getPeerCertificate(true).raw)
    expect(spkiPin(seen.toString())).toEqual(made.pin)
    socket.destroy()
  })

  it('has the names, a positive serial number, and no right to sign others', async () => {
    const { certificate, expiresAt } = await make(newFolder(), {
      random: { bytes: () => new Uint8Array(16).fill(255) },
    })
    const read = new X509Certificate(certificate)
    expect(read.checkHost('relay.local')).toBe('relay.local')
    expect(read.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(read.checkIP('::1')).toBeDefined()
    expect(read.checkHost('elsewhere.example')).toBeUndefined()
    expect(read.ca).toBe(false)
    expect(read.serialNumber).toMatch(/^7F/)
    expect(Date.parse(read.validTo)).toBe(Math.floor(expiresAt / 1000) * 1000)
  })

  it('is kept, with a key that only its owner may read', async () => {
    const folder = newFolder()
    const made = await make(folder)
    expect(statSync(join(folder, 'tls-key.pem')).mode & 0o777).toBe(0o600)
    expect(await make(folder)).toEqual(made)
  })

  it('keeps its pin when it is renewed or gets another name', async () => {
    const folder = newFolder()
    const now = Date.now()
    const first = await make(folder, { now })
    const renewed = await make(folder, { now: now + 370 * day })
    expect(renewed.certificate).not.toBe(first.certificate)
    expect(renewed.expiresAt).toBeGreaterThan(first.expiresAt)
    const named = await make(folder, { now: now + 370 * day, names: [...names, 'other.local'] })
    expect(named.certificate).not.toBe(renewed.certificate)
    expect([renewed.pin, named.pin]).toEqual([first.pin, first.pin])
    expect(readFileSync(join(folder, 'tls-certificate.pem'), 'utf8')).toBe(named.certificate)
  })

  it('is made anew when the certificate of the folder is of another key', async () => {
    const [one, two] = [newFolder(), newFolder()]
    const first = await make(one)
    writeFileSync(join(one, 'tls-certificate.pem'), (await make(two)).certificate)
    const again = await make(one)
    expect(again.pin).toEqual(first.pin)
    expect(spkiPin(again.certificate)).toEqual(first.pin)
  })

  it('is refused when others may read the key, or it is no key at all', async () => {
    const folder = newFolder()
    await make(folder)
    chmodSync(join(folder, 'tls-key.pem'), 0o640)
    await expect(make(folder)).rejects.toMatchObject({ code: 'data-unsafe' })
    chmodSync(join(folder, 'tls-key.pem'), 0o600)
    writeFileSync(join(folder, 'tls-key.pem'), 'nothing')
    await expect(make(folder)).rejects.toMatchObject({ code: 'tls-failed' })
  })
})
