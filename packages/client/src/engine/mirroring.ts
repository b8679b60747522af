// Keeps the mirrors of a vault up to date beside a run, on lines of its own: after everything else is settled, within the bandwidth limit, and gone on
// with where it was cut off. Whatever a mirror does, or does not, is noted for `status` and told once; the sync never fails by it.
import { compareRoles, CryptoError, roleOf } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { claimsOf } from '../state/pack-table.ts'
import { isAccountUnknown } from './account-opening.ts'
import { carriedVault } from './carried-vault.ts'
import type { CarriedVault } from './carrying.ts'
import { connectionTo, onSessionOf } from './connect-to.ts'
import type { Connection } from './connection.ts'
import { followed } from './elsewhere.ts'
import { tellFormer } from './former-relay.ts'
import { isLeft, left } from './going-on.ts'
import { copyToMirror } from './mirror-copy.ts'
import { mirrorsOf, noteMirrors } from './mirror-list.ts'
import { mirrorNote, noteMirror } from './mirror-note.ts'
import { sameRelay } from './relay-login.ts'
import type { Tally } from './tally.ts'
import { mayWrite, pays, type Vault } from './vault.ts'
import { keepThere, reviveThere } from './vault-deletion.ts'

/** One that could not be brought up to date is tried again after this long. */
const againMs = 5 * 60_000
const dayMs = 86_400_000
/** Who only reads asks a mirror so often whether the vault goes on there. */
const lookMs = 3_600_000

export interface MirroringParts {
  readonly vault: Vault
  /** Whether there is something better to do. */
  readonly isBusy: () => boolean
  /** Of a run that waits for it: counts a copy, and tells how far it is. */
  readonly tallyOf?: ((traffic: () => { sentBytes: number; receivedBytes: number }) => Tally) | undefined
  /** The vault goes on elsewhere: the next connection is one to there. */
  readonly moved: () => Promise<void>
}

/** The mirrors of one vault, for one run. */
export class Mirroring {
  readonly #parts: MirroringParts
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #failedMs = new Map<string, number>()
  readonly #told = new Map<string, string>()
  #going: Promise<void> | undefined
  /** What ended it beside the run, which is to hear of it. */
  #broken: { readonly error: unknown } | undefined

  constructor(parts: MirroringParts) {
    this.#parts = parts
    this.#signal = AbortSignal.any([parts.vault.signal, this.#stop.signal])
  }

  /** Begins, where it is not at it: what it may have missed meanwhile comes the next time. */
  begin(): void {
    if (this.#broken !== undefined) throw this.#broken.error
    this.#going ??= this.bring()
      .catch(async (error: unknown) => {
        if (isLeft(error)) await this.#parts.moved()
        else this.#broken = { error }
      })
      .finally(() => (this.#going = undefined))
  }

  /**
   * Brings all of them up to date, as far as they can be. Never rejects for what a mirror does.
   * @throws ClientError `vault-moved` where an owner went on at one of them, though the relay is there
   */
  async bring(): Promise<void> {
    const { vault } = this.#parts
    if (vault.log.isEmpty) return
    await noteMirrors(vault)
    for (const relay of mirrorsOf(vault)) {
      if (sameRelay(relay, vault.record.relay)) continue
      // Who only reads may not put anything anywhere.
      await (mayWrite(vault) ? this.#bringOne(relay) : this.#look(relay))
    }
    await tellFormer(vault, this.#signal)
  }

  /** Stops, and waits until nothing of it is under way. */
  async end(): Promise<void> {
    this.#stop.abort()
    await this.#going
  }

  async #bringOne(relay: string): Promise<void> {
    const { vault } = this.#parts
    const { platform, trees, log } = vault
    const failedMs = this.#failedMs.get(relay)
    const isWaiting = failedMs !== undefined && platform.clock.monotonic() - failedMs < againMs
    if (isWaiting || this.#signal.aborted || this.#isThere(relay)) return
    const on = { home: vault.home, platform, signal: this.#signal }
    const [source, target] = [connectionTo(on, vault.record.relay), connectionTo(on, relay)]
    try {
      const from = this.#yielding(carriedVault(vault, source))
      const isFirst = mirrorNote(trees, relay).through < 0 && isOwner(vault)
      // It takes nothing of a vault that it deleted, where whoever made it a mirror could not say so yet.
      if (isFirst) await reviveThere(on, { relay, vault: log.vault })
      const { through, lacking } = await copyToMirror({
        ...{ vault, from, onSession: onSessionOf(target) },
        tally: this.#parts.tallyOf?.(() => target.traffic),
      })
      // A copy that was left there, and was to go, stays. Before the first copy that relay may not know who says so.
      if (isFirst) await keepThere(on, { relay, vault: log.vault })
      if (through > log.state.head.sequence) await this.#followed(relay, target)
      const lackBytes = lacking.reduce((sum, id) => sum + (claimsOf(trees, id)[0]?.sizeBytes ?? 0), 0)
      const atMs = platform.clock.now()
      // What stands there beyond what is known here is heard from the relay itself.
      const known = Math.min(through, log.state.head.sequence)
      await noteMirror(vault, relay, { through: known, lackPacks: lacking.length, lackBytes, atMs })
      this.#failedMs.delete(relay)
      this.#told.delete(relay)
    } catch (error) {
      if (isLeft(error)) throw error
      if (isOther(error)) await this.#followed(relay, target)
      await this.#failed(relay, error)
    } finally {
      await Promise.all([source.close(), target.close()])
    }
  }

  /** What stands there beyond what is known here, or instead of it, may be an owner's word. Why it could not be asked. @throws ClientError `vault-moved` */
  async #followed(relay: string, target: Connection): Promise<ClientError | CryptoError | undefined> {
    const { vault } = this.#parts
    try {
      if (!(await onSessionOf(target)((session) => followed(vault, session, relay)))) return undefined
    } catch (error) {
      if (error instanceof ClientError || error instanceof CryptoError) return error
      throw error
    }
    throw left(relay)
  }

  /** Of who only reads: an owner may have gone on there. @throws ClientError `vault-moved` */
  async #look(relay: string): Promise<void> {
    const { vault } = this.#parts
    const { awaitedMs, failure, ...known } = mirrorNote(vault.trees, relay)
    const nowMs = vault.platform.clock.now()
    if (Math.abs(nowMs - (known.atMs ?? 0)) < lookMs) return
    await noteMirror(vault, relay, { ...known, awaitedMs, failure, atMs: nowMs })
    const target = connectionTo({ home: vault.home, platform: vault.platform, signal: this.#signal }, relay)
    try {
      const error = await this.#followed(relay, target)
      if (isAccountUnknown(error)) await this.#failed(relay, error)
      else if (error === undefined) await noteMirror(vault, relay, { ...known, atMs: nowMs })
    } finally {
      await target.close()
    }
  }

  /** Nothing came since it was last brought up to date; it may have lost something, and is asked once a day. */
  #isThere(relay: string): boolean {
    const { trees, log, platform } = this.#parts.vault
    const { through, lackPacks, failure, atMs = 0 } = mirrorNote(trees, relay)
    const isFresh = Math.abs(platform.clock.now() - atMs) < dayMs
    return isFresh && failure === undefined && lackPacks === 0 && through >= log.state.head.sequence
  }

  /** A user who works, and others who write, go first. */
  #yielding(from: CarriedVault): CarriedVault {
    const giveWay = (): void => {
      if (this.#parts.isBusy()) throw new GaveWay()
    }
    return {
      ...from,
      async *entries(first) {
        try {
          yield* from.entries(first)
        } catch (error) {
          throw ofTheSource(error)
        }
      },
      async pack(id) {
        giveWay()
        try {
          return await from.pack(id)
        } catch (error) {
          throw ofTheSource(error)
        }
      },
    }
  }

  /** Whether others had a day to bring there what makes this device known: the vault may go on there, and none of them is left where this one is. */
  async #isAwaitedLong(relay: string): Promise<boolean> {
    const { vault } = this.#parts
    const [note, nowMs] = [mirrorNote(vault.trees, relay), vault.platform.clock.now()]
    const { awaitedMs = nowMs } = note
    if (note.awaitedMs === undefined) await noteMirror(vault, relay, { ...note, awaitedMs })
    return Math.abs(nowMs - awaitedMs) >= dayMs
  }

  async #failed(relay: string, error: unknown): Promise<void> {
    const { vault } = this.#parts
    if (error instanceof GaveWay || this.#signal.aborted) return
    if (!(error instanceof ClientError || error instanceof CryptoError)) throw error
    const { platform, trees, report } = vault
    const data = error instanceof ClientError ? error.data['reason'] : undefined
    const [isUnknown, isFirst] = [data === 'account-unknown', mirrorNote(trees, relay).through < 0]
    // The first copy is that of who pays, and may be under way: until then the relay knows nobody who joined, and takes no entry before its packs.
    const isToCome = isFirst && !isOwner(vault) && (isUnknown || data === 'pack-missing')
    // It never knew this device, and lost nothing.
    const isStranger = isFirst && isUnknown && !pays(vault)
    const isLong = (isToCome || isStranger) && (await this.#isAwaitedLong(relay))
    if (isToCome && !isLong) return
    this.#failedMs.set(relay, platform.clock.monotonic())
    const reason = isStranger && isLong ? 'stranger' : data === undefined ? undefined : String(data)
    const failure = { code: error.code, reason, sinceMs: platform.clock.now() }
    await noteMirror(vault, relay, { ...mirrorNote(trees, relay), failure })
    const told = `${error.code} ${reason ?? ''}`
    if (this.#told.get(relay) !== told)
      report({ event: 'mirror', relay, code: error.code, ...(reason === undefined ? {} : { reason }) })
    this.#told.set(relay, told)
  }
}

function isOther(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'vault-differs'
}

/** The relay that it comes from is away: that is no failure of the mirror's. */
function ofTheSource(error: unknown): unknown {
  const isAway = error instanceof ClientError && error.code === 'relay-unreachable'
  return isAway ? new GaveWay() : error
}

function isOwner({ log, home }: Vault): boolean {
  const role = roleOf(log.state.spine, home.device.sign.publicKey)
  return role !== undefined && compareRoles(role, 'owner') >= 0
}

/** Not an error. */
class GaveWay extends Error {}
