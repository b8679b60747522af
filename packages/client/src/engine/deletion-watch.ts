// Whether an owner wished the vault to be deleted at its relay: asked once a connection and now and then, told loudly, and kept for `status`.
import { fromHex, identityRoleOf, roleOf, signingKey, toHex, type LogState } from '@grenier/crypto'
import type { RelaySession } from '../relay/relay-session.ts'
import type { Deletion } from '../relay/relay-account.ts'
import { ItemReader, ItemWriter } from '../state/item-codec.ts'
import { otherKey } from '../state/state-keys.ts'
import type { StateRows } from '../state/state-rows.ts'
import { nameOfDevice } from './members.ts'
import { isSigned } from './vault-deletion.ts'
import type { Vault } from './vault.ts'

/** A wish to delete, as the relay tells of it. `by`: the key that signed, hex; `signed`: it did, and is an owner's by the log here. */
export interface DeletionWished {
  readonly by: string
  /** What that device calls itself, where that is known. */
  readonly device?: string | undefined
  /** When it was wished, and from when on it is final: ms since 1970, by the relay's clock. */
  readonly atMs: number
  readonly finalMs: number
  readonly signed: boolean
}

/** A run that watches asks again after so long: the shortest floor is a day. */
const againMs = 6 * 3_600_000
const key = otherKey('deletion')
const writer = new ItemWriter(256)

/** Asks on behalf of one run. */
export class DeletionWatch {
  readonly #vault: Vault
  #asked: { readonly session: RelaySession; readonly atMs: number } | undefined
  #told: string | undefined

  constructor(vault: Vault) {
    this.#vault = vault
  }

  /** Asks where it is due. A wish is told once a run, and again when it is another one. @throws ClientError as the relay fails */
  async look(session: RelaySession): Promise<void> {
    const { log, platform, trees, report } = this.#vault
    const nowMs = platform.clock.monotonic()
    if (log.isEmpty || (this.#asked?.session === session && nowMs - this.#asked.atMs < againMs)) return
    const { deletion } = await session.vaultFacts(log.vault)
    this.#asked = { session, atMs: nowMs }
    const wished = deletion && wishedIn(this.#vault, deletion)
    const row = wished && encoded(wished)
    const before = trees.other(key)
    if (row === undefined) {
      if (before !== undefined) await trees.write({ flush: false }, (rows) => rows.del(key))
    } else if (before === undefined || toHex(before) !== toHex(row))
      await trees.write({ flush: false }, (rows) => rows.put(key, row))
    const told = row && toHex(row)
    if (wished !== undefined && told !== this.#told) report({ event: 'deletion', ...wished })
    this.#told = told
  }
}

/** Makes of the relay's word what people are told. */
export function wishedIn(vault: Vault, deletion: Deletion): DeletionWished {
  const wished = wishedAfter(vault.log.state, deletion)
  return { ...wished, device: nameOfDevice(vault, wished.by) }
}

/** The same, of a log that is known and no more. */
export function wishedAfter({ spine, vault: id }: LogState, deletion: Deletion): DeletionWished {
  const by = signingKey(deletion.key)
  const role = deletion.keyKind === 'device' ? roleOf(spine, by) : identityRoleOf(spine, by)
  return {
    by: toHex(by),
    atMs: deletion.at,
    finalMs: deletion.finalAt,
    signed: role === 'owner' && isSigned(id, deletion),
  }
}

/** The wish that was last heard of; undefined: none. */
export function deletionIn(rows: StateRows): DeletionWished | undefined {
  const bytes = rows.other(key)
  if (bytes === undefined) return undefined
  const reader = new ItemReader(bytes)
  const [atMs, finalMs, signed] = [reader.uint(), reader.uint(), reader.uint() === 1]
  const [by, device] = [toHex(reader.bytes()), Buffer.from(reader.bytes()).toString()]
  return { by, device: device === '' ? undefined : device, atMs, finalMs, signed }
}

function encoded({ by, device, atMs, finalMs, signed }: DeletionWished): Uint8Array {
  for (const value of [atMs, finalMs, signed ? 1 : 0]) writer.uint(value)
  writer.bytes(fromHex(by))
  writer.bytes(Buffer.from(device ?? ''))
  return writer.take()
}
