// The run of one folder: receive, look, plan, carry out, until nothing differs; then wait for a hint, a push or a timer. Nothing here is
// remembered across a crash: what is kept are observations, and from them everything is planned again.
import { ClientError } from '../errors.ts'
import type { IngestFile } from '../content/ingest.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { rootPath, type RelativePath } from '../sync/name.ts'
import type { NodeId } from '../sync/tree.ts'
import { Bell } from './bell.ts'
import { sightFrom } from './brake.ts'
import { catchUp } from './catch-up.ts'
import { pauseUntil } from './connection.ts'
import { EarlySending, unlessNews } from './early-sending.ts'
import type { FolderRunParts } from './folder-run-parts.ts'
import { isRightLost, isVaultUnknown } from './leaving.ts'
import type { Meanwhile } from './meanwhile.ts'
import { Overtaking } from './overtaking.ts'
import type { Done } from './plan-work.ts'
import { RunFailures } from './run-failures.ts'
import { isWhole } from './state-start.ts'

/** Hints may be lost: everything is looked at again after this long. */
const rescanMs = 10 * 60_000
/** What did not go well and may the next time, and a folder that does not settle, are tried again after this long. */
const [againMs, unsettledMs] = [60_000, 5000]
/** What the brake holds is looked at again after this long: a person may have put it right by hand. */
const heldMs = 30_000
/** Passes in a row that changed something; a folder that never settles is left to the next wake-up. */
const passesMax = 200
/** What changed so lately that a further change might not show is looked at again after so long: times are fine, or else whole seconds. */
const settlePausesMs = [60, 2_160]
/** So many pauses in all, or a file that never rests would hold a run up. */
const settlePausesMax = 40

/** How a run came out, for now. `held`: by the brake. */
type Outcome = 'settled' | 'unsettled' | 'held'

/** One run. `hint`, `rescan` and `ring` may be called at any time. */
export class FolderRun {
  readonly #parts: FolderRunParts
  readonly #failures: RunFailures
  readonly #bell = new Bell()
  readonly #hinted = new Set<RelativePath>()
  /** Directories that were not what was seen of them: nobody hinted at them, and what is looked at too soon looks the same. */
  readonly #again: Set<RelativePath>
  #lookAtAll = true
  /** Grows with each look that saw something: what the brake saw before holds no more. */
  #sights = 0
  /** How many there were when the relay refused something last. */
  #refusedAt: number | undefined
  /** How often something was hinted at. */
  #hints = 0
  #brakeChecked: string | undefined
  #goesOn = false
  #caughtUp = false
  #watches = false
  readonly #overtaking: Overtaking
  readonly #early: EarlySending
  #isLooking = false
  #session: RelaySession | undefined

  constructor(parts: FolderRunParts) {
    this.#parts = parts
    this.#again = parts.work.again
    const { vault, connection, receiver, shipper, tally, failuresMax } = parts
    this.#failures = new RunFailures({
      vault,
      failuresMax,
      goesOnAfter: parts.goesOnAfter,
      achieved: () => receiver.count + vault.log.nextSequence + shipper.acknowledgedCount + tally.done,
      moved: () => connection.traffic.sentBytes + connection.traffic.receivedBytes,
    })
    this.#overtaking = new Overtaking({
      ...parts,
      hinted: this.#hinted,
      watches: () => this.#watches,
      looksAtAll: () => this.#lookAtAll,
      isLooking: () => this.#isLooking,
      saw: () => (this.#sights += 1),
      checkBrake: () => this.#checkBrake(),
      isOnline: () => this.#session !== undefined,
      online: () => this.#online(),
    })
    this.#early = new EarlySending({ ...parts, checkBrake: () => this.#checkBrake() })
  }

  /** Something may have changed in this directory. */
  hint(directory: RelativePath): void {
    this.#hinted.add(directory)
    this.#hints += 1
    this.#bell.ring()
    this.#overtaking.ring()
  }

  /** Others changed these nodes, by one entry. */
  heard(changed: readonly NodeId[]): void {
    this.#overtaking.heard(changed)
  }

  /** What is small overtakes bulk that is under way. `isBehind`: what could wait for the next walk should. */
  get meanwhile(): Meanwhile & { readonly isBehind: boolean } {
    return this.#overtaking
  }

  /** Something happened that is worth a look at the relay or the state. */
  ring(): void {
    this.#bell.ring()
  }

  /** Everything is to be looked at again. */
  rescan(): void {
    this.#lookAtAll = true
    this.#bell.ring()
  }

  /** A person approved what the brake held. */
  goOn(): void {
    this.#goesOn = true
    this.#bell.ring()
  }

  /** Whether something here waits to be looked at. */
  get isHinted(): boolean {
    return this.#lookAtAll || this.#hinted.size + this.#again.size > 0
  }

  /** Until both sides agree; false when the folder did not settle. @throws ClientError */
  async once(): Promise<boolean> {
    for (;;) {
      this.#stopIfAborted()
      try {
        await this.#catchUp()
        const settled = await this.#settle(await this.#online())
        this.#failures.over()
        this.#refusedAt = undefined
        return settled
      } catch (error) {
        this.#stopIfAborted()
        if ((await this.#failures.after(error)) === 'keep') continue
        this.#giveUpIfOld(error)
        this.#session = undefined
        await this.#parts.connection.close()
      }
    }
  }

  /**
   * Packs for which there is no room at the relay are sent again as they are; but not when something here was seen since: what they hold may be gone, and
   * behind it nothing else would ever be said. A run that is to end leaves that to the next one.
   */
  #giveUpIfOld(error: unknown): void {
    if (!this.#watches || !isOfRoom(error) || error !== this.#parts.shipper.failure) return
    const isOld = this.#refusedAt !== undefined && (this.isHinted || this.#sights !== this.#refusedAt)
    if (isOld) this.#parts.giveUp()
    // What was hinted at is looked at before anything is packed anew.
    this.#refusedAt = isOld ? undefined : this.#sights
  }

  /** Until aborted. @throws ClientError `interrupted`, or what halts the folder */
  async watch(): Promise<void> {
    const { vault } = this.#parts
    const { signal } = vault
    this.#watches = true
    const ring = (): void => this.#bell.ring()
    signal.addEventListener('abort', ring)
    try {
      for (;;) {
        const outcome = await this.#onceOrHeld()
        if (outcome === 'settled') vault.report({ event: 'state', state: 'synced' })
        await this.#wait(outcome)
        this.#stopIfAborted()
        vault.report({ event: 'state', state: 'syncing' })
      }
    } finally {
      signal.removeEventListener('abort', ring)
    }
  }

  /** As `once`; but where the brake holds, the others who ask are answered, and it is looked at again now and then. */
  async #onceOrHeld(): Promise<Outcome> {
    const { vault, questions } = this.#parts
    this.#goesOn = false
    try {
      return (await this.once()) ? 'settled' : 'unsettled'
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'brake') throw error
      vault.report({ event: 'brake', ...sightFrom(error) })
      vault.report({ event: 'state', state: 'braked', code: error.code })
      await questions.answer()
      return 'held'
    }
  }

  async #wait(outcome: Outcome): Promise<void> {
    const { vault, receiver, questions } = this.#parts
    let due = false
    const timer = vault.platform.clock.after(this.#delayMs(outcome), () => {
      due = true
      if (outcome !== 'unsettled') this.#lookAtAll = true
      this.#bell.ring()
    })
    // What keeps changing does not wake by having changed; anything new does.
    const left = new Set(outcome === 'unsettled' ? [...this.#hinted, ...this.#again] : [])
    const quiet = (): boolean =>
      !this.#lookAtAll &&
      [...this.#hinted].every((directory) => left.has(directory)) &&
      !receiver.waiting &&
      this.#session !== undefined
    const idle = (): boolean =>
      !due &&
      !this.#goesOn &&
      !questions.waiting &&
      !vault.signal.aborted &&
      // While the brake holds, what moves is looked at when it is due: whatever moves it may go on for long.
      (outcome === 'held' || quiet())
    try {
      while (idle()) await this.#bell.wait()
    } finally {
      timer.cancel()
    }
  }

  #delayMs(outcome: Outcome): number {
    if (outcome === 'held') return heldMs
    if (outcome === 'unsettled') return unsettledMs
    return this.#parts.tally.hasPassing ? againMs : rescanMs
  }

  /** Once a run, before it hears of anybody else. A key that is withheld may be there after the next entries. */
  async #catchUp(): Promise<void> {
    const { vault, planning } = this.#parts
    if (this.#caughtUp || vault.log.isEmpty || !isWhole(vault)) return
    await unlessNews(this.#parts, async () => this.#parts.first(await this.#online()))
    await this.#look()
    try {
      const learn = (files: readonly IngestFile[]): Promise<void> => this.#parts.sender().learn(files)
      await catchUp({ trees: vault.trees, planning, learn })
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'key-withheld') throw error
    }
    this.#caughtUp = true
  }

  /** A session that is logged in, subscribed, and knows which packs arrived. */
  async #online(): Promise<RelaySession> {
    const { connection, receiver, shipper, vault } = this.#parts
    const session = await connection.session()
    if (session === this.#session) return session
    const subscribe = (): Promise<void> =>
      session.subscribe(vault.log.vault, (entry) => {
        receiver.pushed(entry)
        this.#bell.ring()
        this.#overtaking.ring()
      })
    receiver.missed()
    await subscribe().catch(async (error: unknown) => {
      // A relay that lost the vault has nothing to be told of before it is put back; who was taken out of it is to hear so.
      if (!isRightLost(error) && (!isVaultUnknown(error) || vault.log.isEmpty)) throw error
      await receiver.receive(session)
      receiver.missed()
      await subscribe()
    })
    await receiver.receive(session)
    await shipper.online(session)
    this.#session = session
    void session.closed.then(() => {
      if (this.#session === session) this.#session = undefined
      this.#bell.ring()
    })
    return session
  }

  async #settle(session: RelaySession): Promise<boolean> {
    let outcome = await this.#settleOnce(session)
    while (outcome === 'more') outcome = await this.#settleOnce(session)
    if (outcome === 'settled') await this.#parts.work.tidy()
    return outcome === 'settled'
  }

  /** `more`: both sides agreed, and something came since. */
  async #settleOnce(session: RelaySession): Promise<'settled' | 'unsettled' | 'more'> {
    const { receiver, tally, duties } = this.#parts
    let [waits, waited] = [0, 0]
    for (let pass = 0; pass < passesMax; pass += 1) {
      this.#stopIfAborted()
      await receiver.receive(session)
      await this.#parts.first(session)
      const before = receiver.count
      const looked = await this.#look()
      const sights = this.#sights
      tally.beginPass()
      const done = await this.#pass(session)
      const drained = await this.#parts.sender().drain(session)
      if (done.complete) tally.endPass()
      const owed = await duties(session, false)
      const isNew = receiver.waiting || receiver.count > before
      if (!done.complete || done.lasting + drained > 0 || owed || isNew) {
        waits = 0
        continue
      }
      if (this.#hinted.size + this.#again.size === 0) {
        if (looked + done.read > 0 || this.#sights !== sights || (await duties(session, true))) continue
        await this.#parts.brake.settled()
        await this.#keepAll()
        const more = await this.#parts.whenIdle?.()
        // A prune hears of others, too.
        const isSame = receiver.count === before && this.#sights === sights && this.#again.size === 0
        return isSame && more !== true ? 'settled' : 'more'
      }
      const pauseMs = settlePausesMs[waits++]
      if (pauseMs === undefined || waited++ >= settlePausesMax) break
      if (await this.#pauseUntilNews(pauseMs)) waits = 0
    }
    tally.problem({ path: rootPath, code: 'changing' })
    return 'unsettled'
  }

  /** What is only waited for does not hold up what is new. Whether something was. */
  async #pauseUntilNews(pauseMs: number): Promise<boolean> {
    const { vault, receiver, questions } = this.#parts
    const hints = this.#hints
    const isNews = (): boolean => receiver.waiting || questions.waiting || this.#hints !== hints
    return await pauseUntil({ clock: vault.platform.clock, signal: vault.signal }, { pauseMs, isNews })
  }

  /** What this device knows survives a loss of power from here on. */
  async #keepAll(): Promise<void> {
    await this.#parts.vault.trees.write({ flush: true }, () => undefined)
  }

  /** Looks where hints point, or everywhere. Returns how many rows changed. */
  async #look(): Promise<number> {
    const { look, tally, checkFolder } = this.#parts
    if (!this.isHinted) return 0
    await checkFolder()
    const directories = [...new Set([...this.#hinted, ...this.#again])]
    this.#hinted.clear()
    this.#again.clear()
    const all = this.#lookAtAll
    this.#lookAtAll = false
    const session = this.#session
    this.#isLooking = true
    const looking = all ? look.whole(this.#early.during(session)) : look.some(directories)
    const seen = await looking
      .finally(() => (this.#isLooking = false))
      .catch((error: unknown) => {
        this.#lookAtAll ||= all
        this.#sights += 1
        throw error
      })
    if (all) tally.lookedAtAll(seen.problems)
    else for (const problem of seen.problems) tally.problem(problem, 'look')
    const count = seen.came + seen.changed + seen.vanished
    if (count > 0) this.#sights += 1
    return count
  }

  /** One walk over what differs. `complete`: it came to the end. */
  async #pass(session: RelaySession): Promise<Done & { complete: boolean }> {
    const { planning, work } = this.#parts
    const sum = { lasting: 0, read: 0 }
    let after = this.#early.takeAfter()
    const isAll = after === undefined
    if (isAll) this.#overtaking.forget()
    for (;;) {
      await this.#checkBrake()
      const next = await planning.next(after, work.seedsMax)
      if (next === undefined) return { ...sum, complete: isAll }
      const outcome = await work.carryOut(session, next.plan)
      for (const directory of outcome.lookAgain) this.#again.add(directory)
      sum.lasting += outcome.lasting + (outcome.replan ? 1 : 0)
      sum.read += outcome.read
      if (outcome.replan || next.batch.final) return { ...sum, complete: isAll && !outcome.replan }
      after = next.batch.last
    }
  }

  /** Before anything of a plan is carried out, whenever there is something new to be seen. */
  async #checkBrake(): Promise<void> {
    const { brake, receiver } = this.#parts
    const seen = `${receiver.count} ${this.#sights}`
    if (this.#brakeChecked === seen) return
    await brake.check()
    this.#brakeChecked = seen
  }

  #stopIfAborted(): void {
    if (this.#parts.vault.signal.aborted) throw new ClientError('interrupted', 'stopped')
  }
}

/** Whether a relay refused for want of room: more may be there later. */
function isOfRoom(error: unknown): boolean {
  if (!(error instanceof ClientError) || error.code !== 'relay-refused') return false
  return error.data['reason'] === 'quota' || error.data['reason'] === 'disk-full'
}
