// What a process does to the world, one effect after the other: counted, written down, and ended by SIGKILL at the one it was told. Runs in
// the process that is to die.
import { closeSync, openSync, writeSync } from 'node:fs'
import type { Effect } from './journal.ts'

/** Kept before anybody changes what `node:fs` does. */
const write = writeSync

/** The moments of this process at which it can die: before each effect, and after each that takes its time. */
export class Moments {
  readonly #journal: number
  readonly #dieAt: number
  #count = 0
  #counts = false

  /** `journal`: a new file for what is done; `dieAt`: counted from 1, from `begin` on. */
  constructor(options: { readonly journal: string; readonly dieAt: number }) {
    this.#journal = openSync(options.journal, 'wx', 0o600)
    this.#dieAt = options.dieAt
  }

  /** From here on it can die. */
  begin(): void {
    this.#counts = true
  }

  /** How many there were. */
  get count(): number {
    return this.#count
  }

  /** Comes back unless this is the one. */
  reach(what: string): void {
    if (!this.#counts) return
    this.#count += 1
    this.note({ do: 'moment', at: this.#count, what })
    if (this.#count !== this.#dieAt) return
    process.kill(process.pid, 'SIGKILL')
    // The signal is as good as there; nothing more may happen until it is.
    for (;;);
  }

  /** Something was done. */
  note(effect: Effect): void {
    write(this.#journal, `${JSON.stringify(effect)}\n`)
  }

  close(): void {
    closeSync(this.#journal)
  }
}
