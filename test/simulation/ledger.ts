// What users wrote, and what became of it: a version that its own user overwrote or removed may be gone; one that nobody took away is in every
// tree, under whatever name, or in the log's history.
import { createHash } from 'node:crypto'

/** The versions of one run, by their bytes. */
export class Ledger {
  readonly #written = new Map<string, string>()
  readonly #taken = new Set<string>()

  /** A user's write was completed. `where`: for people. */
  wrote(bytes: Uint8Array, where: string): void {
    const version = versionOf(bytes)
    this.#written.set(version, where)
    this.#taken.delete(version)
  }

  /** A user knowingly overwrote or removed what was there. */
  took(bytes: Uint8Array): void {
    this.#taken.add(versionOf(bytes))
  }

  /** Whether a user ever wrote exactly this. */
  knows(version: string): boolean {
    return this.#written.has(version)
  }

  /** Versions that nobody took away and that are not among these. */
  missingFrom(held: ReadonlySet<string>): string[] {
    const missing: string[] = []
    for (const [version, where] of this.#written)
      if (!this.#taken.has(version) && !held.has(version)) missing.push(`${where} (${version})`)
    return missing
  }

  get size(): number {
    return this.#written.size
  }
}

/** A short name of some bytes. */
export function versionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}
