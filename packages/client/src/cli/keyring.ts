// A keyring: where the desktop keeps secrets that its own log-in opens. What is asked of one here; keyring-desktop.ts asks the real one.

/** Secrets by name, each of 32 bytes. Durable and encrypted at rest, or refused. */
export interface Keyring {
  /** undefined when there is no such entry, or it is not what we write. @throws KeyringAway */
  get(name: string, signal: AbortSignal): Promise<Uint8Array | undefined>
  /** Replaces what was there. @throws KeyringAway */
  set(name: string, secret: Uint8Array, signal: AbortSignal): Promise<void>
  /** One that is not there is no error. @throws KeyringAway */
  remove(name: string, signal: AbortSignal): Promise<void>
}

/** There is no keyring here, or it stays closed. `detail`: what it says itself. */
export class KeyringAway extends Error {
  override readonly name = 'KeyringAway'
  readonly detail: string

  constructor(detail: string) {
    super(`no keyring: ${detail}`)
    this.detail = detail
  }
}

/** One that takes a secret and does not give it back. */
export class KeyringForgets extends KeyringAway {}
