// Where a relay is reached, and what it takes from the network before it knows who is there.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { limits } from '@grenier/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { relayOrigins, relayUrl, reachedAs } from './relay-address.ts'
import { startRelay } from './start-relay.ts'

const facts = {
  host: '127.0.0.1',
  port: 8090,
  publicUrl: undefined,
  tls: false,
  pin: undefined,
  local: ['192.168.1.5'],
}

describe('the address of a relay', () => {
  it('on loopback is reached under each of its names', () => {
    expect(relayUrl(facts)).toBe('ws://127.0.0.1:8090')
    expect(relayOrigins(facts)).toEqual([
      'http://127.0.0.1:8090',
      'http://localhost:8090',
      'http://[::1]:8090',
    ])
  })

  it('on every interface is that of the network, with the pin', () => {
    const wide = { ...facts, host: '0.0.0.0', port: 8443, tls: true, pin: new Uint8Array(32) }
    expect(relayUrl(wide)).toBe(`wss://192.168.1.5:8443#sha256=${'A'.repeat(43)}`)
    expect(relayOrigins(wide)).toContain('https://localhost:8443')
    expect(reachedAs(wide)).toEqual(['192.168.1.5', 'localhost', '127.0.0.1', '::1'])
  })

  it('behind a proxy is the public one, and loopback for those on the machine', () => {
    const proxied = { ...facts, publicUrl: new URL('https://relay.example') }
    expect(relayUrl(proxied)).toBe('wss://relay.example')
    expect(relayOrigins(proxied)).toEqual([
      'https://relay.example',
      'http://127.0.0.1:8090',
      'http://localhost:8090',
      'http://[::1]:8090',
    ])
  })
})

async function started() {
  const dataFolder = mkdtempSync(join(tmpdir(), 'grenier-server-'))
  const relay = await startRelay({
    dataFolder,
    host: '127.0.0.1',
    port: 0,
    tls: 'none',
    registration: 'open',
  })
  onTestFinished(async () => {
    await relay.stop()
    rmSync(dataFolder, { recursive: true, force: true })
  })
  return relay
}

async function dialled(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url)
  await once(socket, 'message')
  return socket
}

describe('a server', () => {
  it('answers one line on its front page, and nothing elsewhere', async () => {
    const { url } = await started()
    const front = await fetch(url.replace('ws', 'http'))
    expect(await front.text()).toMatch(/^[^\n]+\n$/)
    const other = await fetch(`${url.replace('ws', 'http')}/admin`)
    expect(other.status).toBe(404)
  })

  it('ends a connection that sends text, or a frame beyond the limit', async () => {
    const { url } = await started()
    const text = await dialled(url)
    text.send('hello')
    expect((await once(text, 'close'))[0]).toBe(1003)
    const large = await dialled(url)
    large.on('error', () => undefined)
    large.send(new Uint8Array(limits.frameBytes + 1))
    await once(large, 'close')
  })

  it('gives a stranger little room', async () => {
    const { url, core } = await started()
    const socket = await dialled(url)
    socket.on('error', () => undefined)
    socket.send(new Uint8Array(limits.frameBytes))
    expect((await once(socket, 'close'))[0]).toBe(1006)
    expect(core.connections).toBe(0)
  })

  it('stops once, with its connections', async () => {
    const relay = await started()
    const socket = await dialled(relay.url)
    const closed = once(socket, 'close')
    await Promise.all([relay.stop(), relay.stop()])
    expect((await closed)[0]).toBe(1001)
  })
})
