// A log with its payloads opened, by the keys of a member: what a relay cannot see, to compare with what it does see.
import {
  advance,
  decodeChange,
  epochKeysFor,
  joinPayload,
  openContainer,
  openPayload,
  packKeyOf,
  payloadKeyOf,
  toHex,
  type ChangePayload,
  type Entry,
  type KeyPairs,
  type LogState,
} from '@grenier/crypto'
import type { StoredPack } from './relay-store.ts'

/** A `change`, opened. `contentPacks`, `payloadPacks`: ids of the packs it adds, by what is in them. */
export interface OpenedChange {
  readonly entry: Entry
  readonly change: ChangePayload
  readonly contentPacks: readonly string[]
  readonly payloadPacks: readonly string[]
}

/** The state after each entry; every chain link and signature is checked on the way. */
export function statesOf(entries: readonly Entry[]): LogState[] {
  const states: LogState[] = []
  for (const entry of entries) states.push(advance(states.at(-1), entry))
  return states
}

/** The changes of a log, opened with the keys that a member has at its end. */
export function openChanges(
  entries: readonly Entry[],
  packs: readonly StoredPack[],
  member: KeyPairs,
): OpenedChange[] {
  const states = statesOf(entries)
  const last = states.at(-1)
  if (last === undefined) return []
  const { vault, spine } = last
  const epochKeys = epochKeysFor({ vault, spine, pairs: member })
  const stored = new Map(packs.map((pack) => [pack.id, pack.bytes]))
  return entries.flatMap((entry, at): OpenedChange[] => {
    const { header } = entry
    if (header.kind !== 'change') return []
    const epoch = states[at]?.spine.epochs.at(-1)?.number ?? 0
    const key = epochKeys.get(epoch)
    if (key === undefined) throw new Error(`no key of epoch ${epoch}`)
    const rule = { payloadVersionMax: spine.payloadVersionMax }
    const ids = header.added.map(({ id }) => toHex(id))
    const place = { payloadKey: payloadKeyOf(key, epoch, vault), binding: vault, ...rule }
    const content = openPayload(entry.payload, place)
    const pointed = content.kind === 'pointer' ? content.pointer.packs : []
    const packKey = packKeyOf(key, epoch, vault)
    const open = (position: number): Uint8Array => {
      const bytes = stored.get(ids[position] ?? '')
      if (bytes === undefined) throw new Error('a payload lies in a pack that is not stored')
      return openContainer({ type: 'pack', key: packKey, binding: vault, bytes }).plain
    }
    const body =
      content.kind === 'body' ? content.body : joinPayload(content.pointer, pointed.map(open), rule)
    const change = decodeChange(body, [...header.added, ...header.restored])
    const payloadPacks = pointed.map((position) => ids[position] ?? '')
    return [{ entry, change, contentPacks: ids.filter((id) => !payloadPacks.includes(id)), payloadPacks }]
  })
}

/** Ids of the chunks that more than one place of the log claims, with how often. */
export function chunksClaimedTwice(changes: readonly OpenedChange[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { change } of changes)
    for (const { chunks } of change.index)
      for (const { id } of chunks) counts.set(toHex(id), (counts.get(toHex(id)) ?? 0) + 1)
  return new Map([...counts].filter(([, count]) => count > 1))
}
