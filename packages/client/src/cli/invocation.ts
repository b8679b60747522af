// What every command is given: who asks, where the home is, how to speak, and when to stop.
import type { Platform } from '../engine/platform.ts'
import type { Interrupt } from './interrupt.ts'
import type { Keyring } from './keyring.ts'
import type { Output } from './output.ts'
import type { GivenPassphrase } from './passphrase.ts'

/** One call of the command. */
export interface Invocation {
  readonly output: Output
  readonly interrupt: Interrupt
  /** Absolute. */
  readonly homeDirectory: string
  /** Never ask. */
  readonly yes: boolean
  /** That of this device's keys, or of those that are made now. */
  readonly passphrase: GivenPassphrase
  /** The desktop's. */
  readonly keyring: Keyring
  /** The real world. Made when first asked for: help needs none. */
  readonly platform: () => Platform
}
