// What a relay has of a vault.
import { fromHex, toHex, vaultId } from '@grenier/crypto'
import type { Stores } from '@grenier/relay'

/** Entries in order, and packs that are claimed, by rising name: as hex. `of`: the vault's id, hex. */
export async function keptAt(
  relay: Stores,
  of: string,
): Promise<{ readonly entries: string[]; readonly packs: string[] }> {
  const vault = vaultId(fromHex(of))
  const entries = await relay.logs.entries(vault, 0, 1 << 28)
  const packs: string[] = []
  for await (const { pack, row } of relay.ledger.list(vault))
    if (row.state === 'claimed') packs.push(toHex(pack))
  return { entries: entries.map((one) => toHex('bytes' in one ? one.bytes : one.bodyHash)), packs }
}
