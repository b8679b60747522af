// One open folder, as the commands see it: puts the parts of a run together, and lets other questions be answered while it goes on.
import { onFolder } from '../disk/folder-fault.ts'
import { OwnTraces } from '../disk/own-traces.ts'
import { absentFiles } from '../disk/source-files.ts'
import type { FolderRecord } from '../home/home.ts'
import type { Traits } from '../sync/action.ts'
import type {
  Approval,
  EngineContext,
  FolderEngine,
  Invitation,
  MemberChange,
  Members,
  RunOptions,
} from './api.ts'
import { approveHeld } from './brake-record.ts'
import type { BroughtBack } from './bringing-back.ts'
import type { BackupSource } from './backup-source.ts'
import { noteVersion, type BackupVersion } from './backup-versions.ts'
import type { Connection } from './connection.ts'
import { EntryWriter } from './entry-writer.ts'
import type { FolderStatus, Progress, Report, Summary } from './events.ts'
import { FolderLine } from './folder-line.ts'
import { renewMarker } from './folder-place.ts'
import { FolderOwning } from './folder-owning.ts'
import type { FolderRun } from './folder-run.ts'
import { FolderHistory } from './folder-history.ts'
import { movingAlong } from './going-on.ts'
import { keepingEvidence, stillnessOf } from './halting.ts'
import type { HistoryAnswer, HistoryQuery, TakeRow } from './history-query.ts'
import { Healing } from './healing.ts'
import { explained, refuseLeft } from './leaving.ts'
import type { InviteOptions } from './inviting.ts'
import { logIsBase } from './log-is-base.ts'
import type { MirrorChange } from './mirror-list.ts'
import { Mending, type GivenBack, type Verification, type VerifyOptions } from './mending.ts'
import { Moving, type Moved, type MoveOptions } from './moving.ts'
import { newRun, type Aside } from './new-run.ts'
import { OpenLooks } from './open-looks.ts'
import { openVault, type OpenVault } from './open-vault.ts'
import { Planning } from './planning.ts'
import { Promoting, type Promoted, type PromoteOptions } from './promoting.ts'
import type { Pruned, PruneOptions } from './pruning.ts'
import type { Retention } from './retention.ts'
import { Questions } from './questions.ts'
import { Receiver } from './receiver.ts'
import { Resting } from './resting.ts'
import { statusOf, summaryOf } from './standing.ts'
import { Tally } from './tally.ts'
import type { Vault } from './vault.ts'
import { vaultFetch } from './vault-fetch.ts'

/** Attempts to reach the relay, or to get something done there, before a run that is to end gives up: some seconds. */
const attemptsOnce = 4
/** A stream comes once: for its sake a run waits for some minutes. */
const attemptsStream = 16

/** What an engine is made of. */
interface Opened {
  readonly open: OpenVault
  readonly source?: BackupSource | undefined
  readonly traits: Traits
}

/** A folder that is open in this process. */
export class OpenFolderEngine implements FolderEngine {
  readonly #context: EngineContext
  readonly #source: BackupSource | undefined
  readonly #open: OpenVault
  readonly #vault: Vault
  readonly #planning: Planning
  readonly #line: FolderLine
  readonly #connection: Connection
  readonly #receiver: Receiver
  readonly #healing: Healing
  readonly #mending: Mending
  readonly #owning: FolderOwning
  readonly #entries: EntryWriter
  readonly #tally: Tally
  readonly #questions: Questions
  readonly #closing = new AbortController()
  #closed: Promise<void> | undefined
  #watching = false
  readonly #resting = new Resting()
  readonly #looks: OpenLooks
  /** Resolves when what goes on now, run or question, has ended. */
  #turn: Promise<undefined> = Promise.resolve(undefined)
  #run: FolderRun | undefined
  /** Whether something else waits to be done. */
  readonly #isBusy = (): boolean =>
    this.#receiver.waiting || this.#questions.waiting || this.#run?.isHinted === true
  #aside: Aside | undefined
  readonly #traces = new OwnTraces((directory) => this.#run?.hint(directory))

  private constructor(context: EngineContext, { open, source, traits }: Opened) {
    this.#context = context
    this.#open = open
    this.#source = source
    const report: Report = (event) => {
      if (event.event === 'healed') this.#mending.gave(event)
      context.report(event)
      if (event.event === 'state') this.#resting.enter(event.state)
    }
    const signal = AbortSignal.any([context.signal, this.#closing.signal])
    const vault = { ...open.vault, report, signal }
    this.#vault = vault
    const { clock } = context.platform
    this.#questions = new Questions(clock)
    this.#looks = new OpenLooks(clock)
    this.#healing = new Healing(vault)
    const attemptsMax = (): number | undefined => (this.#watching ? undefined : this.#attempts)
    this.#line = new FolderLine({ vault, healing: this.#healing, attemptsMax })
    this.#connection = this.#line.connection
    this.#receiver = new Receiver({
      vault,
      adopt: (ids) => this.#planning.adopt(ids),
      heal: (session, head, fault) => this.#healing.putBack(session, head, fault),
      heard: (...news) => this.#aside?.heard(...news),
    })
    const count = (): number => this.#receiver.count
    const isStream = this.record.backup?.from === 'stream'
    const isBackup = this.record.backup !== undefined
    const before = isBackup ? logIsBase({ trees: vault.trees, count, isStream }) : undefined
    this.#planning = new Planning(vault, traits, before)
    this.#entries = new EntryWriter(vault, this.#receiver)
    const [entries, receiver, connection] = [this.#entries, this.#receiver, this.#connection]
    this.#mending = new Mending({
      ...{ vault, files: open.files, entries, receiver, connection, isBusy: this.#isBusy },
      isAlone: () => this.#run === undefined,
      ask: (work) => this.#ask(work),
    })
    const owning = { vault, entries, receiver, isBusy: this.#isBusy, ...vaultFetch(vault, connection) }
    this.#owning = new FolderOwning({ ...owning, session: () => connection.session() })
    const device = context.home.deviceName
    this.#tally = new Tally({ clock, report, device, traffic: () => connection.traffic })
  }

  /** Opens a folder of this home. @throws ClientError `folder-unknown`, `home-locked`, `folder-unmarked`, `state-foreign` */
  static async open(context: EngineContext, record: FolderRecord): Promise<OpenFolderEngine> {
    const open = await openVault(context, record)
    try {
      await renewMarker({ ...open, trees: open.vault.trees, random: context.platform.random }, record.path)
      const traits = await onFolder(record.path, () => open.files.traits())
      return new OpenFolderEngine(context, { open, traits })
    } catch (error) {
      await open.close()
      throw error
    }
  }

  /** Opens a backup of this home; without a source nothing can be run. @throws ClientError `home-locked` */
  static async openBackup(
    context: EngineContext,
    record: FolderRecord,
    source?: BackupSource,
  ): Promise<OpenFolderEngine> {
    const files = source?.from === 'folder' ? source.files : absentFiles
    const open = await openVault(context, record, files)
    return new OpenFolderEngine(context, { open, source, traits: await files.traits() })
  }

  async run({ once }: RunOptions): Promise<Summary> {
    this.#watching = !once
    // From here on, what is asked is asked of the run.
    const run = this.#newRun()
    this.#run = run
    return await this.#inTurn(() => this.#carryOut(run, once))
  }

  /** Of a backup, after a run: it is a version from now on. Durable when it resolves. */
  async noteVersion({ files, bytes, problems }: Summary): Promise<BackupVersion> {
    const { log, trees } = this.#vault
    const atMs = this.#entries.atNow(await this.#connection.session())
    const version = { sequence: log.state.head.sequence, atMs, files, bytes, problems }
    await noteVersion(trees, version)
    return version
  }

  async approve(): Promise<Approval> {
    const sights = await approveHeld(this.#vault.trees)
    this.#run?.goOn()
    return { marked: false, sights }
  }

  async status(): Promise<FolderStatus> {
    const at = { state: this.#resting.state, tally: this.#tally, lastContactMs: this.#line.lastContactMs }
    return await statusOf(this.#vault, at)
  }

  get progress(): Progress {
    return this.#tally.progress
  }

  async invite(options: InviteOptions): Promise<Invitation> {
    return await this.#ask(() => this.#owning.invite(options))
  }

  async members(): Promise<Members> {
    return await this.#ask(() => this.#owning.members())
  }

  async changeMembers(change: MemberChange): Promise<Members> {
    return await this.#ask(() => this.#owning.changeMembers(change))
  }

  async heal(): Promise<GivenBack> {
    return await this.#mending.heal()
  }

  async verify(options: VerifyOptions): Promise<Verification> {
    return await this.#mending.verify(options)
  }

  async history(query: HistoryQuery, take: TakeRow): Promise<HistoryAnswer> {
    const answer = (taken: TakeRow): Promise<HistoryAnswer> =>
      this.#keepingEvidence(() => this.#historyOf().answer(query, taken))
    // What brings something back runs the folder itself.
    return query.do === 'restore' ? await answer(take) : await this.#looks.during(take, answer)
  }

  #historyOf(): FolderHistory {
    const [connection, receiver, entries] = [this.#connection, this.#receiver, this.#entries]
    return new FolderHistory({
      ...{ vault: this.#vault, connection, receiver, entries },
      run: () => (this.#run === undefined ? undefined : { run: this.#run, watches: this.#watching }),
      ask: (work) => this.#ask(work),
      once: () => this.run({ once: true }),
      rested: () => this.#resting.rested(),
    })
  }

  async prune(options: PruneOptions): Promise<Pruned> {
    return await this.#ask(() => this.#owning.prune(options))
  }

  async bringBack(): Promise<BroughtBack> {
    return await this.#ask(() => this.#owning.bringBack())
  }

  async retention(floorMs?: number): Promise<Retention> {
    return await this.#ask(() => this.#owning.retention(floorMs))
  }

  async move(options: MoveOptions): Promise<Moved> {
    const [vault, connection, mending] = [this.#vault, this.#connection, this.#mending]
    const ask = <T>(work: () => Promise<T>): Promise<T> => this.#ask(work)
    const [entries, receiver] = [this.#entries, this.#receiver]
    return await new Moving({ vault, connection, mending, entries, receiver, ask }).move(options)
  }

  async promote(options: PromoteOptions): Promise<Promoted> {
    const [vault, mending, receiver, entries] = [this.#vault, this.#mending, this.#receiver, this.#entries]
    const ask = <T>(work: () => Promise<T>): Promise<T> => this.#ask(work)
    const { connection } = this.#line
    return await new Promoting({ vault, mending, receiver, entries, connection, ask }).promote(options)
  }

  async changeMirrors(change: MirrorChange): Promise<readonly string[]> {
    return await this.#ask(() => this.#owning.changeMirrors(change))
  }

  async close(): Promise<void> {
    this.#closed ??= this.#close()
    await this.#closed
  }

  async #close(): Promise<void> {
    this.#closing.abort()
    await this.#connection.close()
    await this.#turn
    await this.#open.close()
  }

  async #carryOut(run: FolderRun, once: boolean): Promise<Summary> {
    const watcher = once ? undefined : this.#watch(run)
    try {
      await this.#keepingEvidence(async () => {
        refuseLeft(this.#vault)
        if (once) await run.once()
        else await run.watch()
      })
      this.#vault.report({ event: 'state', state: 'synced' })
      // One that ends by itself closes what they read.
      const { report, signal } = this.#vault
      const waits = (looks: number): void => report({ event: 'awaits-readers', looks })
      await this.#looks.ended(signal, waits, () => this.#questions.answer())
      return await this.#summary()
    } catch (error) {
      const state = stillnessOf(error)
      if (state !== undefined) this.#vault.report(state)
      throw error
    } finally {
      this.#run = undefined
      this.#watching = false
      this.#resting.over()
      await this.#aside?.end()
      this.#aside = undefined
      await watcher?.close()
      // Whoever asked when the run was ending gets an answer all the same.
      await this.#questions.answer()
    }
  }

  #watch(run: FolderRun): { close(): Promise<void> } {
    const watcher = this.#context.platform.watch(this.record.path, {
      hint: (directory) => run.hint(directory),
      isOwn: (path, there) => this.#traces.isOwn(path, there),
      isMade: (path, there) => this.#traces.isMade(path, there),
      overflow: () => run.rescan(),
      blind: (reason) => this.#vault.report({ event: 'blind', reason }),
    })
    // What changed before the watcher saw everything is found by one more look; one that never will is told by `blind`.
    watcher.ready.then(
      () => run.rescan(),
      () => run.rescan(),
    )
    return watcher
  }

  /** Asks now, or between two steps of the run that goes on. */
  async #ask<T>(work: () => Promise<T>): Promise<T> {
    const [vault, line] = [this.#vault, this.#connection]
    const said = (): Promise<T> => explained(vault, line, () => movingAlong(line, work))
    const kept = (): Promise<T> => this.#keepingEvidence(said)
    const run = this.#run
    if (run === undefined) return await this.#inTurn(kept)
    const asked = this.#questions.ask(kept)
    run.ring()
    return await asked
  }

  /** One after the other; all of it ends before the state is closed. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#turn
    const ended = Promise.withResolvers<undefined>()
    this.#turn = ended.promise
    await before
    try {
      return await work()
    } finally {
      ended.resolve(undefined)
    }
  }

  #keepingEvidence<T>(work: () => Promise<T>): Promise<T> {
    const { home, platform, record } = this.#vault
    return keepingEvidence({ home, clock: platform.clock, record }, work)
  }

  get record(): FolderRecord {
    return this.#vault.record
  }

  #newRun(): FolderRun {
    const { run, aside } = newRun({
      vault: this.#vault,
      files: this.#open.files,
      source: this.#source,
      receiver: this.#receiver,
      entries: this.#entries,
      planning: this.#planning,
      tally: this.#tally,
      questions: this.#questions,
      mending: this.#mending,
      traces: this.#traces,
      watches: this.#watching,
      attempts: this.#attempts,
      checkpointEvery: this.#context.checkpointEvery,
      isBusy: this.#isBusy,
      pruneGently: () => this.#owning.pruneGently(),
      line: this.#line,
    })
    this.#aside = aside
    return run
  }

  /** Attempts to reach the relay, or to get something done there, in a row. */
  get #attempts(): number {
    if (this.#watching) return Number.POSITIVE_INFINITY
    return this.#source?.from === 'stream' ? attemptsStream : attemptsOnce
  }

  async #summary(): Promise<Summary> {
    return await summaryOf(this.#vault, { tally: this.#tally, traffic: this.#connection.traffic })
  }
}
