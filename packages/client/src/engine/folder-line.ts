// The line of an open folder to the relay where its vault is: logged in as this device, at another relay once the log says so, or once an owner's
// entry at a mirror does and the relay is gone.
import { Backoff } from '../relay/backoff.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { Connection } from './connection.ts'
import { Elsewhere } from './elsewhere.ts'
import { goOn } from './going-on.ts'
import type { Healing } from './healing.ts'
import { refuseLeft } from './leaving.ts'
import { logInAgain } from './log-in-again.ts'
import { deviceLogin } from './relay-login.ts'
import type { Vault } from './vault.ts'

export interface FolderLineParts {
  readonly vault: Vault
  readonly healing: Healing
  /** Attempts in a row before giving up; undefined: never. */
  readonly attemptsMax: () => number | undefined
}

/** One line. */
export class FolderLine {
  readonly connection: Connection
  /** When the relay was heard last, ms since 1970. */
  lastContactMs: number | undefined
  readonly #parts: FolderLineParts
  readonly #elsewhere: Elsewhere
  #resume: Uint8Array | undefined

  constructor(parts: FolderLineParts) {
    this.#parts = parts
    const { platform, signal, report } = parts.vault
    this.#elsewhere = new Elsewhere(parts.vault, () => parts.attemptsMax() !== undefined)
    this.connection = new Connection({
      open: (wanted) => this.#open(wanted),
      clock: platform.clock,
      backoff: new Backoff(platform.random),
      signal,
      attemptsMax: parts.attemptsMax,
      changed: (state) => report({ event: 'state', state: state === 'online' ? 'syncing' : 'offline' }),
    })
  }

  /** After this failure of the relay: whether the vault goes on elsewhere, so that the next session is one with that relay. */
  async goesOnAfter(error: unknown): Promise<boolean> {
    return await this.#elsewhere.after(error)
  }

  /** The relay was heard. */
  heard(): void {
    this.lastContactMs = this.#parts.vault.platform.clock.now()
  }

  /** `wanted` is aborted when nobody wants this session any more. */
  async #open(wanted: AbortSignal): Promise<RelaySession> {
    refuseLeft(this.#parts.vault)
    try {
      return await this.#logIn()
    } catch (error) {
      if (!(await this.#elsewhere.after(error, wanted))) throw this.#elsewhere.withMirror(error)
      return await this.#logIn()
    }
  }

  async #logIn(): Promise<RelaySession> {
    const { vault, healing } = this.#parts
    await goOn(vault)
    const session = await logInAgain({ vault, healing }, { ...deviceLogin(vault.home), resume: this.#resume })
    this.#resume = session.resumption
    this.heard()
    return session
  }
}
