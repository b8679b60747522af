// `mirror promote`: the relay of a vault is gone, and an owner goes on at a mirror of it. What this device knows beyond the mirror's copy is put there
// first; then it works there, and says so in the log, behind everything. The others find that entry at the mirror, and follow it.
import { equal, movedTo } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { withoutOther } from '../state/lost-packs.ts'
import { carriedVault } from './carried-vault.ts'
import { carry, type Carried, type CarriedVault } from './carrying.ts'
import { connectionTo, onSessionOf } from './connect-to.ts'
import type { Connection } from './connection.ts'
import { followed } from './elsewhere.ts'
import type { EntryWriter } from './entry-writer.ts'
import { noteFormer, tellFormer } from './former-relay.ts'
import { goOnWhereTold, noteTold, sayWhereTold } from './going-on.ts'
import type { Mending } from './mending.ts'
import { isAccountUnknown, openWhereUnknown } from './account-opening.ts'
import { mirrorRefused, mirrorsOf } from './mirror-list.ts'
import { requireOwner } from './pruning.ts'
import type { Receiver } from './receiver.ts'
import { relayUrl, sameRelay } from './relay-login.ts'
import { keepThere } from './vault-deletion.ts'
import type { Vault } from './vault.ts'

/** What is wanted. `invite`: the hoster's code, where the account there is still to be opened. `force`: although the relay can be reached. */
export interface PromoteOptions {
  readonly relay: string
  readonly invite?: string | undefined
  readonly force: boolean
}

/** What it came to. `entries`: put there from here; `packs`, `bytes`: content sent anew; `lacking`: packs that are not there, and of which something is nowhere else. */
export interface Promoted {
  readonly relay: string
  readonly from: string | undefined
  /** Whether the vault was there already. */
  readonly isThere: boolean
  readonly entries: number
  readonly packs: number
  readonly bytes: number
  readonly lacking: number
}

export interface PromotingParts {
  readonly vault: Vault
  readonly receiver: Receiver
  readonly entries: EntryWriter
  readonly mending: Mending
  readonly connection: Connection
  /** Does something when nothing else goes on in this folder. */
  readonly ask: <T>(work: () => Promise<T>) => Promise<T>
}

/** One promotion of one mirror. */
export class Promoting {
  readonly #parts: PromotingParts

  constructor(parts: PromotingParts) {
    this.#parts = parts
  }

  /**
   * Cut off anywhere, the same call goes on; once this device works there, every run of it does.
   * @throws ClientError `relay-refused` (reason `no-right` for who is no owner), `mirror-refused` (`what`: `unknown`, `first-works`, `stranger`),
   * `relay-unreachable`; `relay-contradicts` where another owner went on there, and this device has what is not there
   */
  async promote({ relay: text, invite, force }: PromoteOptions): Promise<Promoted> {
    const { vault, connection, mending, ask } = this.#parts
    const url = relayUrl(text).text
    const from = vault.record.relay
    const isThere = sameRelay(from, url)
    let carried: Given = { entries: 0, packs: 0, bytes: 0 }
    if (!isThere) {
      requireOwner(vault)
      const relay = mirrorsOf(vault).find((one) => sameRelay(one, url))
      if (relay === undefined) throw mirrorRefused('unknown', url)
      if (force) await this.#lastOfFirst()
      else if (await this.#firstWorks()) throw mirrorRefused('first-works', from)
      await this.#account(relay, invite)
      carried = await this.#putLog(relay, force ? from : undefined)
      await keepThere(vault, { relay, vault: vault.log.vault })
      await noteFormer(vault, from, vault.log.state.head.sequence)
      await goOnWhereTold(vault, relay)
      await connection.renew()
    }
    await ask(() => this.#say())
    const healed = await mending.heal()
    await tellFormer(vault)
    const lost = await (await connection.session()).lost(vault.log.vault)
    return {
      relay: vault.record.relay,
      from: vault.record.movedFrom,
      isThere,
      entries: carried.entries + healed.entries,
      packs: carried.packs + healed.packs,
      bytes: carried.bytes + healed.bytes,
      lacking: await vault.trees.write({ flush: false }, (rows) => withoutOther(rows, lost).length),
    }
  }

  /** Before anything else of this device is there. Also where an earlier call was cut off after it began to work there. */
  async #say(): Promise<void> {
    const { vault, connection, receiver, entries } = this.#parts
    const session = await connection.session()
    receiver.missed()
    await receiver.receive(session)
    await this.#tell()
    await sayWhereTold({ vault, entries, receiver }, session)
  }

  /** Who came back with the words, or was told, works at a mirror of which the log says nothing yet. */
  async #tell(): Promise<void> {
    const { vault } = this.#parts
    const { log, record } = vault
    const isMirror = mirrorsOf(vault).some((relay) => sameRelay(relay, record.relay))
    if (!isMirror || movedTo(log.state.spine) === record.relay) return
    requireOwner(vault)
    await noteTold(vault)
  }

  /** What it has that this device does not know yet would be out of reach. Where it does not give it, that is how it is. */
  async #lastOfFirst(): Promise<void> {
    const { ask, receiver, connection } = this.#parts
    try {
      await ask(async () => {
        receiver.missed()
        await receiver.receive(await connection.session())
      })
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
    }
  }

  async #firstWorks(): Promise<boolean> {
    const { vault } = this.#parts
    const first = connectionTo(vault, vault.record.relay)
    try {
      return (await onSessionOf(first)((session) => session.head(vault.log.vault))) !== undefined
    } catch (error) {
      if (!(error instanceof ClientError) || error.code === 'interrupted') throw error
      return false
    } finally {
      await first.close()
    }
  }

  /** Of who pays, where there is none; the others need none there, as they needed none here. */
  async #account(relay: string, invite: string | undefined): Promise<void> {
    const { home, log } = this.#parts.vault
    const { certificate, identity } = home
    if (identity === undefined || certificate === undefined) return
    if (!equal(identity.sign, log.state.spine.genesisIdentity)) return
    await openWhereUnknown(this.#parts.vault, { relay, invite })
    await home.enrol({ identity: { keys: identity, certificate }, relay })
  }

  /**
   * The entries that the mirror lacks, as they were signed. What they claim comes from the relay that is left, as far as it gives it (`from`: where
   * it may); what is nowhere any more the mirror knows to be lost, and gets anew from whoever has the files.
   */
  async #putLog(relay: string, from: string | undefined): Promise<Given> {
    const { vault } = this.#parts
    const target = connectionTo(vault, relay)
    const source = from === undefined ? undefined : connectionTo(vault, from)
    const onSession = onSessionOf(target)
    try {
      return await carry({
        from: { ...carriedVault(vault, target), pack: packsOf(vault, source) },
        onSession,
      })
    } catch (error) {
      if (isAccountUnknown(error)) throw mirrorRefused('stranger', relay)
      if (!(error instanceof ClientError) || error.code !== 'vault-differs') throw error
      // Another owner may have gone on there before: then this device follows, and a person decides about what it has besides.
      if (!(await onSession((session) => followed(vault, session, relay)))) throw error
      return { entries: 0, packs: 0, bytes: 0 }
    } finally {
      await Promise.all([target.close(), source?.close()])
    }
  }
}

/** A relay that is left drips as it likes: a pack of 4 MiB comes in this time at 14 KiB/s. */
const packMs = 5 * 60_000

/** What was put somewhere. */
type Given = Pick<Carried, 'entries' | 'packs' | 'bytes'>

/** What the relay that is left gives of its packs. Once it cannot be reached, or a pack takes too long, nothing more is asked of it. */
function packsOf(vault: Vault, source: Connection | undefined): CarriedVault['pack'] {
  let isGone = source === undefined
  return async (id) => {
    if (source === undefined || isGone) return undefined
    const late = Promise.withResolvers<undefined>()
    const timer = vault.platform.clock.after(packMs, () => {
      isGone = true
      late.resolve(undefined)
    })
    try {
      return await Promise.race([carriedVault(vault, source).pack(id), late.promise])
    } catch (error) {
      if (!(error instanceof ClientError) || error.code === 'interrupted') throw error
      if (error.code === 'relay-unreachable') isGone = true
      return undefined
    } finally {
      timer.cancel()
    }
  }
}
