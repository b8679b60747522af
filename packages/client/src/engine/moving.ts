// Takes a vault to another relay: all of it is carried there while everybody works on; then an owner's entry, which follows the head of that very
// moment or not at all, closes the log where it was. Whatever it is cut off by, it goes on when it is asked for again.
import { compareRoles, decodeEntry, makeConfig, roleOf, toHex, type PackId } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { openOwnAccount } from './account-opening.ts'
import { carriedVault } from './carried-vault.ts'
import { carry, type Carried } from './carrying.ts'
import { connectionTo, onSessionOf } from './connect-to.ts'
import type { Connection } from './connection.ts'
import type { EntryWriter } from './entry-writer.ts'
import { goOn, moveIn } from './going-on.ts'
import type { Mending } from './mending.ts'
import { mirrorRefused, mirrorsOf } from './mirror-list.ts'
import type { Receiver } from './receiver.ts'
import { deviceLogin, logInAt, relayUrl, sameRelay } from './relay-login.ts'
import { Tally } from './tally.ts'
import { keepThere, reviveThere, wishDeletion } from './vault-deletion.ts'
import { pays, type Vault } from './vault.ts'

/** Others may append while the last of it is carried, again and again: so often it is carried before the log is closed, then after. */
const roundsMax = 8
/** How much of the copy is looked at by content before the old one goes. */
const provenShare = 0.1

/** What is wanted. `invite`: the hoster's code for an account at the new relay. `removeOld`: the copy at the old one goes, once the new one is proved. */
export interface MoveOptions {
  readonly relay: string
  readonly invite?: string | undefined
  readonly removeOld: boolean
}

/** What a move came to. */
export interface Moved {
  readonly relay: string
  /** Where it was; undefined where that is not known any more. */
  readonly from: string | undefined
  /** Whether it had moved already. */
  readonly isThere: boolean
  readonly entries: number
  readonly packs: number
  readonly bytes: number
  /** Packs that are nowhere, hex. */
  readonly lacking: readonly string[]
  /** From when on the old copy is gone for good, by that relay's clock, ms; undefined where it stays. */
  readonly removedMs: number | undefined
}

export interface MovingParts {
  readonly vault: Vault
  readonly entries: EntryWriter
  readonly receiver: Receiver
  readonly connection: Connection
  readonly mending: Mending
  /** Does something when nothing else goes on in this folder. */
  readonly ask: <T>(work: () => Promise<T>) => Promise<T>
}

/** One move of one vault. */
export class Moving {
  readonly #parts: MovingParts
  #sum = { entries: 0, packs: 0, bytes: 0 }
  #lacking: readonly PackId[] = []

  constructor(parts: MovingParts) {
    this.#parts = parts
  }

  /**
   * @throws ClientError `relay-refused` (reason `no-right` for who may not), `relay-unreachable`, `vault-differs`, `move-unfinished` where the old copy
   * was to go and the new one is not proved, or the old one not closed
   */
  async move({ relay, invite, removeOld }: MoveOptions): Promise<Moved> {
    const { vault, ask } = this.#parts
    const url = relayUrl(relay).text
    await ask(() => this.#receive())
    const isThere = vault.record.relay === url
    if (!isThere) {
      this.#refuseOthers()
      await this.#account(url, invite)
      await reviveThere(vault, { relay: url, vault: vault.log.vault })
      await this.#carry(vault.record.relay, url)
      // Only now does that relay know every owner; and until here the move may not have come about.
      await keepThere(vault, { relay: url, vault: vault.log.vault })
      await ask(() => this.#close(url))
    }
    const from = vault.record.movedFrom
    // What came in the last moment, and what an earlier attempt did not come to.
    if (from !== undefined && !(isThere && (await this.#isWhole()))) await this.#carry(from, url)
    const removedMs = removeOld && from !== undefined ? await this.#removeOld(from) : undefined
    if (removedMs !== undefined) vault.record = await withoutFormer(vault)
    return { relay: url, from, isThere, ...this.#sum, lacking: this.#lacking.map(toHex), removedMs }
  }

  async #receive(): Promise<RelaySession> {
    const { receiver, connection } = this.#parts
    const session = await connection.session()
    receiver.missed()
    await receiver.receive(session)
    return session
  }

  /** An owner's device of the identity that pays: it alone can begin a vault anywhere. */
  #refuseOthers(): void {
    const { vault } = this.#parts
    const role = roleOf(vault.log.state.spine, vault.home.device.sign.publicKey)
    if (pays(vault) && role !== undefined && compareRoles(role, 'owner') >= 0) return
    throw new ClientError('relay-refused', 'an owner’s device of who made the vault may move it', {
      data: { reason: 'no-right' },
    })
  }

  /** What the identity signed for this device opens the account, where registration lets it. */
  async #account(relay: string, invite: string | undefined): Promise<void> {
    const { vault } = this.#parts
    const { certificate, identity } = vault.home
    if (certificate === undefined || identity === undefined) return
    const opened = await openOwnAccount(vault, { relay, invite })
    if (opened instanceof ClientError) throw opened
    await vault.home.enrol({ identity: { keys: identity, certificate }, relay })
  }

  async #carry(from: string, to: string): Promise<void> {
    const { vault } = this.#parts
    const [source, target] = [connectionTo(vault, from), connectionTo(vault, to)]
    try {
      const tally = new Tally({
        clock: vault.platform.clock,
        report: vault.report,
        device: vault.home.deviceName,
        traffic: () => target.traffic,
      })
      this.#add(await carry({ from: carriedVault(vault, source), tally, onSession: onSessionOf(target) }))
    } finally {
      await Promise.all([source.close(), target.close()])
    }
  }

  #add({ entries, packs, bytes, lacking }: Carried): void {
    const sum = this.#sum
    this.#sum = { entries: sum.entries + entries, packs: sum.packs + packs, bytes: sum.bytes + bytes }
    this.#lacking = lacking
  }

  /** The log ends where it is, at a head of which all has been carried; nothing comes between. */
  async #close(relay: string): Promise<void> {
    const { vault, entries, connection } = this.#parts
    const { log, platform } = vault
    for (let round = 1; ; round += 1) {
      const session = await this.#receive()
      if (vault.record.relay === relay) return
      if (round <= roundsMax) await this.#carry(vault.record.relay, relay)
      const { sequence, hash } = log.state.head
      const { random } = platform
      const sealing = { ...entries.on(session), random, epochKeys: log.keys.epochKeys }
      const { entry } = makeConfig({ ...sealing, continuation: { relay, sequence, hash } })
      if ((await entries.append(session, entry)) === 'moved') continue
      await goOn(vault)
      await connection.close()
      return
    }
  }

  /** Whether the relay has all of it, as it says. */
  async #isWhole(): Promise<boolean> {
    const { vault, connection } = this.#parts
    return (await (await connection.session()).lost(vault.log.vault)).length === 0
  }

  /** @throws ClientError `move-unfinished` */
  async #removeOld(from: string): Promise<number | undefined> {
    const { vault, ask, mending } = this.#parts
    await ask(() => this.#receive())
    if (!(await this.#isWhole()) || this.#lacking.length > 0) throw unfinished('lost')
    const { lacking, wrong } = await mending.verify({ share: provenShare })
    if (lacking + wrong > 0) throw unfinished('hurt')
    await this.#assertClosed(from)
    await this.#assertStays()
    await this.#assertNoMirror(from)
    const place = { relay: from, vault: vault.log.vault }
    const { finalAtMs } = await wishDeletion(vault, place, 'delete')
    try {
      await this.#assertStays()
      await this.#assertNoMirror(from)
    } catch (error) {
      await wishDeletion(vault, place, 'keep')
      throw error
    }
    return finalAtMs
  }

  /** An owner may have made a mirror of it since: also a moment ago. @throws ClientError `mirror-refused` */
  async #assertNoMirror(from: string): Promise<void> {
    await this.#parts.ask(() => this.#receive())
    if (mirrorsOf(this.#parts.vault).some((relay) => sameRelay(relay, from)))
      throw mirrorRefused('kept', from)
  }

  /** The old log is a part of this one, and takes nothing more: else what others write there would go with it. @throws ClientError */
  async #assertClosed(from: string): Promise<void> {
    const { log, trees, home, platform } = this.#parts.vault
    const session = await logInAt(platform, from, deviceLogin(home))
    try {
      const head = await session.head(log.vault)
      if (head === undefined) return
      if (head.sequence >= log.nextSequence) throw unfinished('open')
      for await (const given of session.entries(log.vault, head.sequence)) {
        if (!isSeen(() => log.assertSeen(trees, given))) break
        const leads = 'entry' in given ? moveIn(decodeEntry(given.entry)) : undefined
        if (leads !== undefined && leads !== from) return
        break
      }
      throw unfinished('open')
    } finally {
      await session.close()
    }
  }

  /** Both may be one relay under two names: then what is wished of the one is heard from the other. @throws ClientError `move-unfinished` */
  async #assertStays(): Promise<void> {
    const { vault, connection } = this.#parts
    const { deletion } = await (await connection.session()).vaultFacts(vault.log.vault)
    if (deletion !== undefined) throw unfinished('going')
  }
}

/** Of a copy that goes there is no more to be said or carried. */
async function withoutFormer({ home, record }: Vault): Promise<Vault['record']> {
  const now = { ...record, movedFrom: undefined }
  await home.addFolder(now)
  return now
}

/** Whether the entry is one of this log. */
function isSeen(check: () => void): boolean {
  try {
    check()
    return true
  } catch (error) {
    if (error instanceof ClientError && error.code === 'relay-contradicts') return false
    throw error
  }
}

/** `open`: others may still write to the old copy, or did. `going`: the copy that is to stay is itself to be deleted. */
function unfinished(what: 'lost' | 'hurt' | 'open' | 'going'): ClientError {
  return new ClientError('move-unfinished', 'the old copy may not go', {
    data: { what },
  })
}
