// How long the relay keeps what was dropped, and how long versions stay before they are let go of: the retention floor, which an owner's `config`
// sets. The relay counts a lower one only from when the old one has passed.
import { makeConfig } from '@grenier/crypto'
import { notePrunesUnasked } from './prune-consent.ts'
import { requireOwner, type PruningParts } from './pruning.ts'
import { floorOf, heldMs } from './retention-floor.ts'

/** `floorMs`: as it was set last. `holdsMs`: what holds now, while a longer one of before has not passed. */
export interface Retention {
  readonly floorMs: number
  readonly holdsMs: number
}

/**
 * The floor; set before, where `floorMs` says another one: then versions go by it here without a question. @throws ClientError `relay-refused` (reason `no-right`) for who is no
 * owner and sets one
 */
export async function retention(
  { vault, entries, receiver, session: open }: PruningParts,
  floorMs: number | undefined,
): Promise<Retention> {
  const session = await open()
  await receiver.receive(session)
  while (floorMs !== undefined && floorOf(vault) !== floorMs) {
    requireOwner(vault)
    const { log, platform } = vault
    const sealing = { ...entries.on(session), random: platform.random, epochKeys: log.keys.epochKeys }
    const { entry } = makeConfig({ ...sealing, retentionMs: floorMs })
    if ((await entries.append(session, entry)) === 'moved') await receiver.receive(session)
  }
  if (floorMs !== undefined) await vault.trees.write({ flush: true }, notePrunesUnasked)
  return { floorMs: floorOf(vault), holdsMs: heldMs(vault, entries.atNow(session)) }
}
