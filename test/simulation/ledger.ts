// What users wrote, and what became of it. Three classes: nobody took it away: then it is in the trees, under whatever name. Somebody did, but not
// where it was written: then it went through the log, and is in its history. Whoever wrote it took it away again: then it may be gone.
import { hash } from 'node:crypto'

interface Version {
  /** For people. */
  readonly where: string
  /** Machines on which it was written, and not taken away since: there it is, or was sent from there. */
  readonly writers: Set<string>
  /** Whether a user anywhere overwrote or removed it since it was last written. */
  isTaken: boolean
}

/** The versions of one run, by their bytes. */
export class Ledger {
  readonly #versions = new Map<string, Version>()

  /** A user's write was completed at a machine. `where`: for people. */
  wrote(bytes: Uint8Array, machine: string, where: string): void {
    const name = versionOf(bytes)
    const known = this.#versions.get(name)
    const writers = known?.writers ?? new Set()
    this.#versions.set(name, { where, writers: writers.add(machine), isTaken: false })
  }

  /** A user at a machine knowingly overwrote or removed what was there. */
  took(bytes: Uint8Array, machine: string): void {
    const known = this.#versions.get(versionOf(bytes))
    if (known === undefined) return
    known.isTaken = true
    known.writers.delete(machine)
  }

  /** Whether a user ever wrote exactly this. */
  knows(version: string): boolean {
    return this.#versions.has(version)
  }

  /** Versions that have to be in a tree and are not among these. */
  missingFromTrees(held: ReadonlySet<string>): string[] {
    return this.#missing(held, ({ isTaken }) => !isTaken)
  }

  /** Versions that have to be in a tree or in the log's history and are not among these. */
  missingFrom(held: ReadonlySet<string>): string[] {
    return this.#missing(held, ({ isTaken, writers }) => !isTaken || writers.size > 0)
  }

  /** A version, for people. */
  told(version: string): string {
    return `${this.#versions.get(version)?.where ?? 'nobody'} (${version})`
  }

  get size(): number {
    return this.#versions.size
  }

  #missing(held: ReadonlySet<string>, isOwed: (version: Version) => boolean): string[] {
    const missing: string[] = []
    for (const [name, version] of this.#versions) if (!held.has(name) && isOwed(version)) missing.push(name)
    return missing
  }
}

/** A short name of some bytes. */
export function versionOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex').slice(0, 16)
}
