// What the relay had before something of it went, whether its disk became another one or time passed and it deleted what was due: so that what is
// missing in the end is excused by what really went, and by nothing else.
import type { PackId, VaultId } from '@grenier/crypto'
import { bodiesAt, everAt, vaultOf, type Ever, type MayLack } from './history.ts'
import { placeOf } from './vault-place.ts'
import type { RelayDisk } from './relay-disk.ts'
import type { World } from './world.ts'

interface Replaced {
  readonly before: RelayDisk
  /** As it was when it came; undefined: empty. */
  readonly after: RelayDisk | undefined
}

/** The relay's disks of one run that are not there any more. */
export class Past {
  readonly #world: World
  /** Entries as they were before the relay let go of them, by body hash, hex. */
  readonly kept = new Map<string, Uint8Array>()
  readonly #swept: RelayDisk[] = []
  readonly #replaced: Replaced[] = []

  constructor(world: World) {
    this.#world = world
  }

  /** Right before relays delete what is due. */
  sweeps(): void {
    for (const { disk } of this.#world.relays) this.#swept.push(disk.copy())
  }

  /** Another disk is in the place of `before`, which nobody changes any more. */
  replaces(before: RelayDisk, after: RelayDisk | undefined): void {
    this.#replaced.push({ before, after })
  }

  /** Whether what a relay had alone may be gone. */
  get isReplaced(): boolean {
    return this.#replaced.length > 0
  }

  /** Whether the relay's log of now and one that it, or another relay, had are two histories, neither the beginning of the other. */
  async hasParted(): Promise<boolean> {
    const vault = vaultOf(this.#world)
    if (vault === undefined) return false
    const now = await bodiesAt({ disk: await this.#disk(), vault })
    const others = this.#world.relays.map(({ disk }) => disk)
    for (const disk of [...this.#replaced.map(({ before }) => before), ...others]) {
      const then = await bodiesAt({ disk, vault })
      if (then.some((body, at) => at < now.length && body !== now[at])) return true
    }
    return false
  }

  /** What the relay's log gives back now. @throws when what it must have cannot be brought back */
  async now(): Promise<Ever | undefined> {
    const vault = vaultOf(this.#world)
    if (vault === undefined) return undefined
    return await everAt({ disk: await this.#disk(), vault, kept: this.kept }, await this.#lost(vault))
  }

  /** Where the vault is. */
  async #disk(): Promise<RelayDisk> {
    return (await placeOf(this.#world, this))?.disk ?? this.#world.relayDisk
  }

  /**
   * Why a version may be in no log any more: a prune let go of it, the relay lost its bytes with a disk, or its entry. The last only where
   * `mayLackEntries`: what was acknowledged is put back by whoever knows it, unless histories part. undefined: it may not be gone.
   */
  async excuseOf(version: string, now: Ever, mayLackEntries: boolean): Promise<string | undefined> {
    for (const then of await this.#pasts()) {
      const bodies = then.versions.get(version)
      if (bodies === undefined) continue
      for (const body of bodies)
        if (now.retired.has(body)) return 'a prune let go of it'
        else if (now.bodies.has(body)) return 'the relay lost its bytes'
        else if (mayLackEntries && this.#replaced.length > 0) return 'the relay lost its entry'
    }
    return undefined
  }

  /** What each of these disks had; nothing of it is owed. */
  async #pasts(): Promise<Ever[]> {
    const vault = vaultOf(this.#world)
    if (vault === undefined) return []
    const all: Ever[] = []
    for (const disk of [...this.#swept, ...this.#replaced.map(({ before }) => before)])
      all.push(await everAt({ disk, vault, kept: this.kept }, () => true))
    return all
  }

  /** Packs that lay on a disk and that the one in its place did not have, or nobody had claimed on it. */
  async #lost(vault: VaultId): Promise<MayLack> {
    const lost = new Set<string>()
    for (const { before, after } of this.#replaced) {
      const ids = before.packsOf(vault)
      const rows = (await after?.open(() => true).ledger.rows(vault, ids)) ?? []
      for (const [at, id] of ids.entries()) {
        const state = rows[at]?.state
        if (state !== 'claimed' && state !== 'dropped') lost.add(nameOf(id))
      }
    }
    return (pack) => lost.has(nameOf(pack))
  }
}

function nameOf(pack: PackId): string {
  return Buffer.from(pack).toString('hex')
}
