// What keeps the relay honest about one vault: what it lost is given back, what it holds is looked at now and then, and what is hurt there is sent
// anew from what this device has.
import type { PackId } from '@grenier/crypto'
import type { FileSystem } from '../disk/file-system.ts'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { forgetLost, keepHurt } from '../state/lost-packs.ts'
import { Audit, type AuditProgress, type AuditSize } from './audit.ts'
import { pause, type Connection } from './connection.ts'
import type { EntryWriter } from './entry-writer.ts'
import { LostPacks } from './lost-packs.ts'
import type { Receiver } from './receiver.ts'
import type { Vault } from './vault.ts'
import { vaultFetch } from './vault-fetch.ts'
import { auditDueIn, noteAuditDue, noteVerified, type Verified } from './verified-note.ts'

/** A watching client looks at this much of what the relay holds, this often. */
const dailyBytes = 16 << 20
const dailyMs = 24 * 3_600_000
/** After one that broke off. */
const dailyAgainMs = 3_600_000
/** How often in a row something is asked of a relay that is busy. */
const attemptsMax = 5
const attemptMs = 1000

/** What an audit came to. `hurtFiles`: by path in the log; of these `left` could not be healed from here. */
export interface Verification extends Verified {
  readonly lacking: number
  readonly wrong: number
  readonly hurtFiles: readonly string[]
  readonly left: readonly string[]
}

/** What was given back. */
export interface GivenBack {
  readonly entries: number
  readonly packs: number
  readonly bytes: number
}

export interface MendingParts {
  readonly vault: Vault
  readonly files: FileSystem
  readonly entries: EntryWriter
  readonly receiver: Receiver
  readonly connection: Connection
  readonly isBusy: () => boolean
  /** Whether no run goes on. */
  readonly isAlone: () => boolean
  /** Does something when nothing else goes on in this folder. */
  readonly ask: <T>(work: () => Promise<T>) => Promise<T>
}

/** `share`: 0 to 1. */
export interface VerifyOptions {
  readonly share: number
  readonly progress?: AuditProgress | undefined
}

/** The duties, and what a person may ask for, of one open vault. */
export class Mending {
  readonly lost: LostPacks
  readonly #parts: MendingParts
  readonly #audit: Audit
  #given: GivenBack = { entries: 0, packs: 0, bytes: 0 }

  constructor(parts: MendingParts) {
    this.#parts = parts
    const { fetch } = vaultFetch(parts.vault, parts.connection)
    this.lost = new LostPacks({ ...parts, fetch })
    this.#audit = new Audit(parts.vault, fetch)
  }

  /** Something was given back. */
  gave({ entries, packs, bytes }: GivenBack): void {
    const given = this.#given
    this.#given = { entries: given.entries + entries, packs: given.packs + packs, bytes: given.bytes + bytes }
  }

  /** Puts back what is missing in the log, and deals with all that the relay lacks, also with what was before. */
  async heal(): Promise<GivenBack> {
    const before = this.#given
    const { receiver, ask } = this.#parts
    await ask(async () => {
      await this.lost.again()
      await this.#patiently(async (session) => {
        receiver.missed()
        await receiver.receive(session)
        await this.#mendAll(session)
      })
    })
    const { entries, packs, bytes } = this.#given
    return { entries: entries - before.entries, packs: packs - before.packs, bytes: bytes - before.bytes }
  }

  /** Checks packs by content, and sends anew what is hurt. */
  async verify({ share, progress }: VerifyOptions): Promise<Verification> {
    const { ask, isAlone, receiver, connection } = this.#parts
    const check = (): Promise<Verification> => this.#check({ share }, progress)
    // To look takes long, and changes nothing that a run works with: it goes on meanwhile.
    if (!isAlone()) {
      const found = await check()
      return await ask(() => this.#mend(found))
    }
    return await ask(async () => {
      receiver.missed()
      await receiver.receive(await connection.session())
      return await this.#mend(await check())
    })
  }

  async #check(size: AuditSize, progress?: AuditProgress): Promise<Verification> {
    const { vault, connection } = this.#parts
    const findings = await this.#audit.check(await connection.session(), size, progress)
    const { packs, of, bytes, lacking, wrong } = findings
    const hurt = [...lacking, ...wrong]
    // What is still hurt since an earlier look is named again, in whatever sample.
    const hurtFiles = await this.#hurtFiles(hurt)
    // What could not be sent anew then perhaps can be now.
    await vault.trees.write({ flush: false }, (rows) => forgetLost(rows, hurt))
    this.lost.hurt(hurt)
    const atMs = vault.platform.clock.now()
    const counts = { lacking: lacking.length, wrong: wrong.length, hurt: hurt.length }
    return { atMs, packs, of, bytes, ...counts, hurtFiles, left: hurtFiles, files: hurtFiles.length }
  }

  async #hurtFiles(found: readonly PackId[]): Promise<string[]> {
    const packs = [...found, ...(await this.#audit.hurtBefore())]
    return packs.length === 0 ? [] : await this.#audit.hurtFiles(packs)
  }

  async #mendAll(session: RelaySession): Promise<void> {
    while (await this.lost.step(session));
  }

  /** Sends anew what was found hurt. Nothing else may go on meanwhile. Gives what is left hurt then, and writes it down. */
  async #mend(found: Verification): Promise<Verification> {
    if (found.hurt > 0) await this.#patiently((session) => this.#mendAll(session))
    const left = found.hurtFiles.length === 0 ? [] : await this.#hurtFiles(this.lost.hurtSoFar)
    const isLeft = new Set(left)
    const still = found.hurtFiles.filter((path) => isLeft.has(path))
    const verified = { ...found, left: still, files: still.length }
    const { trees } = this.#parts.vault
    await trees.write({ flush: false }, (rows) => keepHurt(rows, this.lost.hurtSoFar))
    await noteVerified(trees, verified)
    // Whatever a person had looked at counts for the day as well.
    await noteAuditDue(trees, verified.atMs + dailyMs)
    return verified
  }

  /** The small audit of each day, when nothing else is to be done. */
  async daily(): Promise<void> {
    const { vault } = this.#parts
    const { trees, platform, report } = vault
    const due = auditDueIn(trees)
    const nowMs = platform.clock.now()
    // The first one comes a day after this device has begun. A time that lies further ahead than that is of a clock that was wrong.
    if (due === undefined || due - nowMs > dailyMs) {
      await noteAuditDue(trees, nowMs + dailyMs)
      return
    }
    if (nowMs < due) return
    // A line that breaks in the middle of it is not drained by one try after the other.
    await noteAuditDue(trees, nowMs + dailyAgainMs)
    const done = await this.#mend(await this.#check({ bytesMax: dailyBytes }))
    for (const path of done.left) report({ event: 'problem', path, code: 'pack-unavailable' })
  }

  async #patiently(work: (session: RelaySession) => Promise<void>): Promise<void> {
    const { vault, connection } = this.#parts
    for (let attempt = 1; ; attempt += 1) {
      try {
        await work(await connection.session())
        return
      } catch (error) {
        if (!(error instanceof ClientError) || !error.retryable || attempt >= attemptsMax) throw error
        const askedMs = Number(error.data['retryAfterMs'] ?? 0)
        await pause(
          { clock: vault.platform.clock, signal: vault.signal },
          Math.max(askedMs, attemptMs * attempt),
        )
      }
    }
  }
}
