// One message of each type, and of each form that a type has, for the tests of this package.
import { relayErrorCodes } from './error-codes.ts'
import type { ClientMessage } from './client-message.ts'
import type { RelayMessage } from './relay-message.ts'

/** `count` bytes of one value. */
export const filled = (count: number, value = 7): Uint8Array => new Uint8Array(count).fill(value)

const vault = filled(32, 1)
const pack = filled(32, 2)
const signature = filled(64, 3)
const login = {
  type: 'login',
  id: 1,
  version: 1,
  key: filled(32),
  clientNonce: filled(32),
  signature,
} as const

/** Each form of what a client says. */
export const clientMessages: readonly ClientMessage[] = [
  { ...login, keyKind: 'device' },
  { ...login, keyKind: 'identity', certificate: filled(1300) },
  { ...login, keyKind: 'one-time', resume: filled(16) },
  { ...login, keyKind: 'device', certificate: filled(1300), reopen: true },
  { type: 'open-account', id: 2, certificate: filled(1300) },
  { type: 'open-account', id: 2, certificate: filled(1300), invite: 'GARDEN-4711' },
  { type: 'head', id: 23, vault },
  { type: 'entries', id: 24, vault, from: 2 ** 40, limitBytes: 1_000_000 },
  { type: 'append', id: 255, vault, entry: filled(3000) },
  { type: 'put-back', id: 255, vault, entry: filled(3000) },
  { type: 'vouch', id: 255, vault, bodyHashes: filled(64), entry: filled(3000) },
  { type: 'lost', id: 255, vault },
  { type: 'lost', id: 255, vault, after: pack },
  { type: 'have', id: 256, vault, packs: [pack, filled(32, 9)] },
  { type: 'put', id: 65_535, vault, pack, sizeBytes: 4_194_304 },
  { type: 'part', id: 65_536, offset: 4_128_768, bytes: filled(65_536) },
  { type: 'part', id: 23, offset: 0, bytes: filled(1) },
  { type: 'get', id: 4_294_967_295, vault, pack, offset: 65_616, length: 65_552, creditBytes: 65_552 },
  { type: 'more', id: 5, bytes: 65_536 },
  { type: 'subscribe', id: 6, vault },
  { type: 'vaults', id: 7 },
  { type: 'vaults', id: 7, after: vault },
  { type: 'account', id: 8 },
  { type: 'withdraw-device', id: 9, device: filled(32) },
  { type: 'renew-account', id: 9, identity: filled(32), signature },
  { type: 'vault-facts', id: 9, vault },
  { type: 'delete-vault', id: 9, vault, wish: 'delete', at: 1_795_000_000_000, signature },
  { type: 'delete-vault', id: 9, vault, wish: 'keep', at: 0, signature },
  { type: 'ping', id: 10 },
]

const head = { sequence: 12, hash: filled(32), at: 1_795_000_000_000 }

/** Each form of what a relay says. */
export const relayMessages: readonly RelayMessage[] = [
  { type: 'challenge', version: 1, nonce: filled(32), incarnation: filled(16), now: 1_795_000_000_000 },
  { type: 'ok', id: 1, re: 'login', session: filled(16), resumed: false, now: 1_795_000_000_000 },
  { type: 'ok', id: 2, re: 'open-account' },
  { type: 'ok', id: 3, re: 'head', ...head },
  { type: 'ok', id: 4, re: 'append', sequence: 12 },
  { type: 'ok', id: 4, re: 'put-back', sequence: 12 },
  { type: 'ok', id: 4, re: 'vouch' },
  { type: 'ok', id: 4, re: 'lost', packs: [pack], last: false },
  { type: 'ok', id: 4, re: 'lost', packs: [], last: true },
  { type: 'ok', id: 5, re: 'have', states: ['absent', 'pending', 'claimed', 'dropped'] },
  { type: 'ok', id: 6, re: 'put' },
  { type: 'ok', id: 7, re: 'subscribe', ...head },
  { type: 'ok', id: 8, re: 'vaults', vaults: [vault], last: true },
  { type: 'ok', id: 8, re: 'vaults', vaults: [], last: true },
  { type: 'ok', id: 9, re: 'account', plan: 'member', quotaBytes: 10 ** 12, usedBytes: 0 },
  { type: 'ok', id: 10, re: 'withdraw-device' },
  { type: 'ok', id: 10, re: 'renew-account' },
  { type: 'ok', id: 10, re: 'vault-facts', packBytes: 0, keptBytes: 1, entryBytes: 2, entries: 3 },
  {
    type: 'ok',
    id: 10,
    re: 'vault-facts',
    packBytes: 2 ** 40,
    keptBytes: 0,
    entryBytes: 700,
    entries: 3,
    deletion: { key: filled(32), keyKind: 'device', at: 1, signature, finalAt: 2_592_000_001 },
  },
  { type: 'ok', id: 10, re: 'delete-vault' },
  { type: 'ok', id: 10, re: 'delete-vault', finalAt: 2_592_000_001 },
  { type: 'ok', id: 10, re: 'delete-vault', revived: true },
  ...relayErrorCodes.map((code) => ({ type: 'error', id: 11, code, retryable: false }) as const),
  { type: 'error', code: 'shutting-down', retryable: true, retryAfterMs: 5000, message: 'back soon' },
  { type: 'error', id: 12, code: 'entry-refused', retryable: false, data: { reason: 'no-right', at: 12 } },
  { type: 'credit', id: 13, offset: 65_536, bytes: 0 },
  { type: 'data', id: 14, offset: 0, bytes: filled(65_536) },
  { type: 'data', id: 14, offset: 65_536, bytes: filled(16) },
  { type: 'entries-part', id: 15, entries: [], head: 0, last: true },
  {
    type: 'entries-part',
    id: 15,
    entries: [
      { sequence: 3, bodyHash: filled(32) },
      { sequence: 4, entry: filled(2000) },
    ],
    head: 12,
    last: false,
  },
  { type: 'entry', vault, sequence: 13, entry: filled(2000) },
  { type: 'pong', id: 16, now: 1_795_000_000_000 },
]
