// One open folder, as the commands see it: puts the parts of a run together, and lets other questions be answered while it goes on.
import { CryptoError, makeInvite, toHex } from '@grenier/crypto'
import { stagedContent } from '../content/staged-content.ts'
import { FolderApplier } from '../disk/apply.ts'
import type { ContentSource } from '../disk/content-source.ts'
import { IgnoreRules } from '../disk/ignore.ts'
import { FolderLook } from '../disk/look.ts'
import { ClientError } from '../errors.ts'
import type { FolderRecord } from '../home/home.ts'
import { Backoff } from '../relay/backoff.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { EngineContext, FolderEngine, Invitation, RunOptions } from './api.ts'
import { Connection } from './connection.ts'
import { rekeyWhenDue } from './duties.ts'
import { EntryWriter } from './entry-writer.ts'
import type { FolderState, FolderStatus, Report, Summary } from './events.ts'
import { exportTree } from './export.ts'
import { checkFolder, renewMarker } from './folder-place.ts'
import { FolderRun } from './folder-run.ts'
import { encodeInvitationCode, invitationWords } from './invitation-code.ts'
import { openVault, type OpenVault } from './open-vault.ts'
import { PackShipper } from './pack-shipper.ts'
import { Planning } from './planning.ts'
import { Receiver } from './receiver.ts'
import { deviceLogin, logInAt } from './relay-login.ts'
import { Sender } from './sender.ts'
import { Tally } from './tally.ts'
import type { Vault } from './vault.ts'
import { vaultFetch } from './vault-fetch.ts'

/** Attempts to reach the relay before a run that is to end gives up: some seconds. */
const attemptsOnce = 4

/** A folder that is open in this process. */
export class OpenFolderEngine implements FolderEngine {
  readonly record: FolderRecord
  readonly #context: EngineContext
  readonly #open: OpenVault
  readonly #vault: Vault
  readonly #connection: Connection
  readonly #receiver: Receiver
  readonly #entries: EntryWriter
  readonly #tally: Tally
  #state: FolderState = 'offline'
  #lastContactMs: number | undefined
  #resume: Uint8Array | undefined
  #watching = false
  /** Work that must not overlap: a run's steps and an invite asked meanwhile. */
  #queue: (() => Promise<void>)[] = []
  #run: FolderRun | undefined

  private constructor(context: EngineContext, open: OpenVault) {
    this.#context = context
    this.#open = open
    const report: Report = (event) => {
      if (event.event === 'state') this.#state = event.state
      context.report(event)
    }
    this.#vault = { ...open.vault, report }
    this.record = open.vault.record
    const { clock, random } = context.platform
    this.#connection = new Connection({
      open: () => this.#logIn(),
      clock,
      backoff: new Backoff(random),
      signal: context.signal,
      attemptsMax: () => (this.#watching ? undefined : attemptsOnce),
      changed: (state) => report({ event: 'state', state: state === 'online' ? 'syncing' : 'offline' }),
    })
    this.#receiver = new Receiver(this.#vault)
    this.#entries = new EntryWriter(this.#vault, this.#receiver)
    const traffic = (): { sentBytes: number; receivedBytes: number } => this.#connection.traffic
    this.#tally = new Tally({ clock, report, device: context.home.deviceName, traffic })
  }

  /** Opens a folder of this home. @throws ClientError `folder-unknown`, `home-locked`, `folder-unmarked`, `state-foreign` */
  static async open(context: EngineContext, record: FolderRecord): Promise<OpenFolderEngine> {
    const open = await openVault(context, record)
    try {
      await renewMarker({ ...open, trees: open.vault.trees, random: context.platform.random }, record.path)
      return new OpenFolderEngine(context, open)
    } catch (error) {
      await open.close()
      throw error
    }
  }

  async run({ once }: RunOptions): Promise<Summary> {
    this.#watching = !once
    const run = await this.#prepare()
    this.#run = run
    const { platform } = this.#context
    const watcher = once
      ? undefined
      : platform.watch(this.record.path, {
          hint: (directory) => run.hint(directory),
          overflow: () => run.rescan(),
          blind: (reason) => this.#vault.report({ event: 'blind', reason }),
        })
    // What changed before the watcher saw everything is found by one more look.
    void watcher?.ready.then(() => run.rescan())
    try {
      await (once ? run.once() : run.watch())
      this.#state = 'synced'
      return await this.#summary()
    } catch (error) {
      if (error instanceof ClientError) this.#halt(error)
      throw error
    } finally {
      this.#run = undefined
      await watcher?.close()
    }
  }

  async status(): Promise<FolderStatus> {
    const { trees, log } = this.#vault
    return Promise.resolve({
      state: this.#state,
      pending: trees.differingCount,
      conflicts: this.#tally.conflicts,
      problems: this.#tally.problems,
      head: log.isEmpty ? undefined : { seq: log.state.head.sequence, hash: toHex(log.state.head.hash) },
      lastContactMs: this.#lastContactMs,
    })
  }

  async invite(options: { role: 'owner' | 'writer' | 'reader'; expiresMs: number }): Promise<Invitation> {
    const run = this.#run
    if (run === undefined) return await this.#invite(options)
    return await new Promise((resolve, reject) => {
      this.#queue.push(async () => {
        await this.#invite(options).then(resolve, reject)
      })
      run.ring()
    })
  }

  async export(sink: NodeJS.WritableStream): Promise<Summary> {
    const session = await this.#connection.session()
    await this.#receiver.receive(session)
    const content = vaultFetch(this.#vault, this.#connection)
    const { files, bytes } = await exportTree({
      vault: this.#vault,
      fetch: content.fetch,
      tally: this.#tally,
      sink,
    })
    return { ...(await this.#summary()), files, bytes }
  }

  async close(): Promise<void> {
    await this.#connection.close()
    await this.#open.close()
  }

  async #logIn(): Promise<RelaySession> {
    const { home, platform } = this.#context
    const session = await logInAt(platform, this.record.relay, { ...deviceLogin(home), resume: this.#resume })
    this.#resume = session.resumption
    this.#lastContactMs = platform.clock.now()
    return session
  }

  async #prepare(): Promise<FolderRun> {
    const { clock } = this.#context.platform
    const vault = this.#vault
    const { files } = this.#open
    // The keys of content come with the log: without it nothing can be read or cut.
    await this.#receiver.receive(await this.#connection.session())
    const shipper = new PackShipper(vault)
    const planning = new Planning(vault, await files.traits())
    const fetched = vaultFetch(vault, this.#connection)
    const content = noting(stagedContent(fetched.fetch, files), () => fetched.note())
    const ignore = new IgnoreRules(files)
    const on = { files, trees: vault.trees, ignore, clock, signal: this.#context.signal }
    const parts = { vault, files, planning, shipper, entries: this.#entries, tally: this.#tally }
    return new FolderRun({
      vault,
      connection: this.#connection,
      receiver: this.#receiver,
      shipper,
      planning,
      sender: new Sender(parts),
      look: new FolderLook(on),
      applier: new FolderApplier({ ...on, content }),
      tally: this.#tally,
      refusalsMax: this.#watching ? Number.POSITIVE_INFINITY : attemptsOnce,
      duties: (session) => this.#duties(session),
      checkFolder: () => checkFolder({ files, trees: vault.trees }, this.record.path),
    })
  }

  async #duties(session: RelaySession): Promise<boolean> {
    this.#lastContactMs = this.#context.platform.clock.now()
    for (let work = this.#queue.shift(); work !== undefined; work = this.#queue.shift()) await work()
    return await rekeyWhenDue(this.#vault, this.#entries, session)
  }

  async #invite(options: { role: 'owner' | 'writer' | 'reader'; expiresMs: number }): Promise<Invitation> {
    const { home, platform } = this.#context
    const { log } = this.#vault
    for (;;) {
      const session = await this.#connection.session()
      await this.#receiver.receive(session)
      const at = this.#entries.atNow(session)
      const expiresAt = at + options.expiresMs
      const on = {
        state: log.state,
        signer: home.device,
        at,
        random: platform.random,
        epochKeys: log.keys.epochKeys,
      }
      const { entry, secret } = builtByOwner(() => makeInvite({ ...on, role: options.role, expiresAt }))
      if ((await this.#entries.append(session, entry)) === 'moved') continue
      const code = { relay: this.record.relay, secret }
      return {
        code: encodeInvitationCode(code),
        words: invitationWords(code, 'english'),
        role: options.role,
        expiresMs: platform.clock.now() + options.expiresMs,
      }
    }
  }

  #halt(error: ClientError): void {
    const halts = ['relay-contradicts', 'relay-corrupt', 'relay-rollback']
    const brakes = ['brake', 'folder-unmarked', 'state-foreign', 'key-withheld', 'update-needed']
    if (halts.includes(error.code)) this.#vault.report({ event: 'state', state: 'halted', code: error.code })
    else if (brakes.includes(error.code))
      this.#vault.report({ event: 'state', state: 'braked', code: error.code })
  }

  async #summary(): Promise<Summary> {
    const { trees, log } = this.#vault
    let [files, bytes] = [0, 0]
    for await (const [, columns] of trees.all()) {
      const value = columns.remote?.value
      if (value === undefined || value.kind === 'directory') continue
      files += 1
      if (value.kind === 'file') bytes += value.sizeBytes
    }
    const { sentBytes, receivedBytes } = this.#connection.traffic
    const { head } = log.state
    return {
      files,
      bytes,
      bytesSent: sentBytes,
      bytesReceived: receivedBytes,
      conflicts: this.#tally.conflicts,
      problems: this.#tally.problems,
      head: { seq: head.sequence, hash: toHex(head.hash) },
      durationMs: this.#tally.durationMs,
    }
  }
}

/** What was checked while filling is written down between two fills, when no transaction is open. */
function noting(source: ContentSource, note: () => Promise<void>): ContentSource {
  return {
    async fill(files) {
      const failures = await source.fill(files)
      await note()
      return failures
    },
  }
}

/** Only an owner may: the judge says so before anything is sent. @throws ClientError `relay-refused` (reason `no-right`) */
function builtByOwner<T>(build: () => T): T {
  try {
    return build()
  } catch (cause) {
    if (!(cause instanceof CryptoError) || cause.code !== 'no-right') throw cause
    const data = { reason: 'no-right' }
    throw new ClientError('relay-refused', 'only an owner of the vault may do this', { cause, data })
  }
}
