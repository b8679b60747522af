// A relay with a certificate of its own making, and clients that trust the key in the URL and nothing else.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dialWebSocket } from '@grenier/client'
import { decodeRelayMessage, parseRelayUrl, pinText } from '@grenier/protocol'
import { startRelay, type RunningRelay } from '@grenier/relay'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const dataFolder = mkdtempSync(join(tmpdir(), 'grenier-pin-'))
let relay: RunningRelay
beforeAll(async () => {
  relay = await startRelay({ dataFolder, host: '127.0.0.1', port: 0, tls: 'self', registration: 'open' })
})
afterAll(async () => {
  await relay.stop()
  rmSync(dataFolder, { recursive: true })
})

describe('a relay with a self-made certificate', () => {
  test('prints its pin in the URL, and is reached with it', async () => {
    expect(relay.url).toMatch(/^wss:\/\/127\.0\.0\.1:\d+#sha256=[\w-]{43}$/)
    const wire = await dialWebSocket(parseRelayUrl(relay.url))
    const first = await new Promise<Uint8Array>((resolve) => wire.onFrame(resolve))
    expect(decodeRelayMessage(first).type).toBe('challenge')
    wire.close()
    await new Promise((resolve) => wire.onClose(resolve))
  })

  test('is refused with another pin, before anything is said', async () => {
    const [url] = relay.url.split('#')
    const wrong = parseRelayUrl(`${url ?? ''}#${pinText(new Uint8Array(32).fill(7))}`)
    const refusal = { code: 'relay-unreachable', retryable: false, data: { reason: 'pin' } }
    await expect(dialWebSocket(wrong)).rejects.toMatchObject(refusal)
    expect(relay.core.connections).toBe(0)
  })

  test('is refused without a pin, before anything is said', async () => {
    const [url] = relay.url.split('#')
    const refusal = { code: 'relay-unreachable', retryable: false, data: { reason: 'certificate' } }
    await expect(dialWebSocket(parseRelayUrl(url ?? ''))).rejects.toMatchObject(refusal)
    expect(relay.core.connections).toBe(0)
  })
})
