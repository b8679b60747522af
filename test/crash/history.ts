// What the log holds, read as a member reads it: every version that a file ever had there, and chunks that were sent more often than once.
import {
  advance,
  chunkIdsOf,
  decodeEntry,
  toHex,
  type ChangePayload,
  type Entry,
  type LogState,
} from '@grenier/crypto'
import { contentOf } from '../../packages/client/src/content/content-list.ts'
import { Connection } from '../../packages/client/src/engine/connection.ts'
import { decodeBody } from '../../packages/client/src/engine/entry-body.ts'
import { folderRecord, openVault } from '../../packages/client/src/engine/open-vault.ts'
import { deviceLogin, logInAt } from '../../packages/client/src/engine/relay-login.ts'
import type { Vault } from '../../packages/client/src/engine/vault.ts'
import { vaultFetch } from '../../packages/client/src/engine/vault-fetch.ts'
import { readPayload } from '../../packages/client/src/log/payload-reader.ts'
import { Backoff } from '../../packages/client/src/relay/backoff.ts'
import { versionOf, type Device } from './device.ts'

export interface History {
  /** `versionOf` each. */
  readonly versions: ReadonlySet<string>
  /** Chunks that one device placed in more than one pack. */
  readonly sentTwice: readonly string[]
}

/** Reads the whole log of a device's folder, from the relay; the device must have folded it. */
export async function historyOf(device: Device): Promise<History> {
  const context = device.context()
  const record = folderRecord(context, device.folder)
  const open = await openVault(context, record)
  const connection = new Connection({
    open: () => logInAt(context.platform, record.relay, deviceLogin(context.home)),
    clock: context.platform.clock,
    backoff: new Backoff(context.platform.random),
    signal: context.signal,
    attemptsMax: () => 1,
    changed: () => undefined,
  })
  try {
    return await read(open.vault, connection)
  } finally {
    await connection.close()
    await open.close()
  }
}

async function read(vault: Vault, connection: Connection): Promise<History> {
  const { fetch } = vaultFetch(vault, connection)
  const session = await connection.session()
  let state: LogState | undefined
  const placed = new Map<string, number>()
  const wanted: Parameters<typeof fetch.read>[0][number][] = []
  for await (const given of session.entries(vault.log.vault, 0)) {
    if (!('entry' in given)) continue
    const entry = decodeEntry(given.entry)
    state = advance(state, entry)
    const change = await changeOf({ vault, connection, state }, entry)
    for (const { chunks } of change?.index ?? [])
      for (const { id } of chunks) {
        const key = `${toHex(entry.header.device)} ${toHex(id)}`
        placed.set(key, (placed.get(key) ?? 0) + 1)
      }
    for (const operation of change?.operations ?? []) {
      if (operation.op !== 'put' || operation.node.kind !== 'file') continue
      const { depth, chunks, sizeBytes } = operation.node
      wanted.push({ content: contentOf(depth, chunkIdsOf(chunks, change?.index ?? [])), sizeBytes })
    }
  }
  const contents = await fetch.read(wanted)
  return {
    versions: new Set(contents.flatMap((bytes) => (bytes === undefined ? [] : [versionOf(bytes)]))),
    sentTwice: [...placed].flatMap(([key, times]) =>
      times > 1 ? [`chunk ${key} was sent ${times} times`] : [],
    ),
  }
}

/** `state`: after the entry. */
async function changeOf(
  { vault, connection, state }: { vault: Vault; connection: Connection; state: LogState },
  entry: Entry,
): Promise<ChangePayload | undefined> {
  if (entry.header.kind !== 'change') return undefined
  const session = await connection.session()
  const payload = await readPayload(entry, {
    keys: vault.log.keys,
    spine: state.spine,
    fetch: (pack, range) => session.get(vault.log.vault, pack, range),
  })
  if ('fault' in payload) throw new Error(`entry ${entry.header.sequence}: ${payload.fault}`)
  return decodeBody(entry.header, payload.body).change
}
