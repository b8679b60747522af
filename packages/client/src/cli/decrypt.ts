// `grenier decrypt`: opens a sealed export from the 24 words, with no home, no relay and no account. Lists it, or writes it into a folder.
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { identityFromEntropy, wipeKeys, type KeyPairs } from '@grenier/crypto'
import { ArchiveFile } from '../archive/archive-file.ts'
import { ArchiveReader } from '../archive/archive-reader.ts'
import type { Uncertainty } from '../engine/archive-fold.ts'
import { openArchive, type OpenedArchive } from '../engine/decrypt.ts'
import type { WalkedRow } from '../engine/tree-walk.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import { MemoryDisk } from '../state/state-store-memory.ts'
import type { StateStore } from '../state/state-store.ts'
import { nameToBytes, type RelativePath } from '../sync/name.ts'
import { summaryLine } from './folder-lines.ts'
import { FolderReport } from './folder-report.ts'
import type { Invocation } from './invocation.ts'
import { readPhrase } from './phrase.ts'
import { parseMoment } from './moments.ts'
import { printable } from './printable.ts'
import { formatBytes, formatCount } from './quantities.ts'
import { frugal } from './real-platform.ts'
import { RunProgress } from './run-progress.ts'
import { usageError } from './usage-error.ts'
import { canAsk } from './yes-or-no.ts'

export interface DecryptFlags {
  readonly phraseFile?: string | undefined
  readonly into?: string | undefined
  readonly list?: boolean | undefined
  readonly path?: readonly string[] | undefined
  readonly at?: string | undefined
}

/** Opens the archive. @throws ClientError */
export async function decrypt(invocation: Invocation, file: string, flags: DecryptFlags): Promise<ExitCode> {
  const { output } = invocation
  const { into, list } = flags
  if (list !== true && into === undefined) throw usageError('into-needed')
  const archive = openFile(file)
  try {
    const entropy = await readWords(flags, output.words.askArchiveWords({}))
    const pairs = identityFromEntropy(entropy)
    try {
      return await new Decrypting(invocation, flags, { archive, pairs }).run()
    } finally {
      wipeKeys(pairs)
      entropy.fill(0)
    }
  } finally {
    archive.close()
  }
}

/** Typed, or from standard input, where no file was named. @throws ClientError `usage` */
async function readWords({ phraseFile }: DecryptFlags, question: string): Promise<Uint8Array> {
  try {
    return await readPhrase(phraseFile ?? '-', question)
  } catch (error) {
    const isNone =
      error instanceof ClientError && error.data['what'] === 'phrase-count' && error.data['text'] === '0'
    if (isNone && phraseFile === undefined && !canAsk()) throw usageError('phrase-needed', undefined, error)
    throw error
  }
}

/** One run. */
class Decrypting {
  readonly #invocation: Invocation
  readonly #flags: DecryptFlags
  readonly #given: { readonly archive: ArchiveFile; readonly pairs: KeyPairs }
  readonly #report: FolderReport
  #uncertain = 0

  constructor(
    invocation: Invocation,
    flags: DecryptFlags,
    given: { readonly archive: ArchiveFile; readonly pairs: KeyPairs },
  ) {
    const { output } = invocation
    this.#invocation = invocation
    this.#flags = flags
    this.#given = given
    const folder = flags.into === undefined ? '' : resolve(flags.into)
    this.#report = new FolderReport(output, new RunProgress(output), { folder })
  }

  async run(): Promise<ExitCode> {
    const { into, at, list } = this.#flags
    const until = at === undefined ? undefined : parseMoment(at, Date.now())
    const { output, interrupt } = this.#invocation
    const platform = frugal(this.#invocation.platform())
    const scratch = list === true ? undefined : makeScratch(resolve(into ?? ''))
    const state = scratch === undefined ? new MemoryDisk().open() : await platform.state(scratch.directory)
    try {
      const opened = await openArchive({
        reader: await ArchiveReader.open(this.#given.archive),
        pairs: this.#given.pairs,
        state,
        platform,
        report: this.#report.take,
        uncertain: (what) => this.#doubt(what),
        signal: interrupt.signal,
        until,
      })
      if (opened.isCutShort) {
        output.line({ event: 'unfinished' })
        output.note(output.words.archiveUnfinished({}))
      }
      return scratch === undefined ? await this.#list(opened) : await this.#write(opened, scratch.name)
    } finally {
      output.progressDone()
      this.#report.end()
      await close(state)
      scratch?.remove()
    }
  }

  async #write(opened: OpenedArchive, run: string): Promise<ExitCode> {
    const { output, platform } = this.#invocation
    const { words, language } = output
    const into = resolve(this.#flags.into ?? '')
    await this.#assertThere(opened)
    const files = await platform().fileSystem(into)
    const written = await opened.write({ files, into, run }, this.#paths)
    const { problems } = opened.tally
    output.progressDone()
    output.result(
      words.decryptDone({
        count: written.files,
        files: formatCount(written.files, language),
        bytes: formatBytes(written.bytes, language),
        path: printable(this.#flags.into ?? ''),
      }),
    )
    const exitCode = problems + this.#uncertain > 0 || opened.isCutShort ? 3 : 0
    if (problems + this.#uncertain > 0)
      output.note(words.decryptTroubles({ problems, uncertain: this.#uncertain }))
    return this.#end(opened, written, exitCode)
  }

  async #list(opened: OpenedArchive): Promise<ExitCode> {
    const { output } = this.#invocation
    await this.#assertThere(opened)
    let [files, bytes] = [0, 0]
    for await (const walked of opened.rows(this.#paths)) {
      const { row } = walked
      if (row.value.kind !== 'directory') files += 1
      if (row.value.kind === 'file') bytes += row.value.sizeBytes
      output.line(listLine(walked))
      output.result(listText(walked))
    }
    return this.#end(opened, { files, bytes }, this.#uncertain > 0 || opened.isCutShort ? 3 : 0)
  }

  #end(
    { head, vault, tally }: OpenedArchive,
    { files, bytes }: { readonly files: number; readonly bytes: number },
    exitCode: ExitCode,
  ): ExitCode {
    const { problems, durationMs } = tally
    const counts = { files, bytes, bytesSent: 0, bytesReceived: 0, conflicts: 0, problems, head, durationMs }
    this.#invocation.output.line({
      ...summaryLine(undefined, counts, exitCode),
      vault,
      uncertain: this.#uncertain,
    })
    return exitCode
  }

  /** @throws ClientError `usage` when nothing has a path that was asked for */
  async #assertThere(opened: OpenedArchive): Promise<void> {
    for (const path of this.#paths) if (!(await isThere(opened, path))) throw usageError('not-in-vault', path)
  }

  /** None: all of it. */
  get #paths(): readonly RelativePath[] {
    const trimmed = (this.#flags.path ?? []).map((path) => path.replace(/^(\.?\/)+|\/+$/g, ''))
    return trimmed.some((path) => path === '' || path === '.') ? [] : (trimmed as RelativePath[])
  }

  #doubt({ sequence, reason, operation, name }: Uncertainty): void {
    const { output } = this.#invocation
    this.#uncertain += 1
    output.line({ event: 'uncertain', sequence, reason, operation, name: name?.toWellFormed() })
    output.note(
      output.words.uncertainEntry({
        sequence,
        reason,
        name: name === undefined ? undefined : printable(name),
      }),
    )
  }
}

async function isThere(opened: OpenedArchive, path: RelativePath): Promise<boolean> {
  for await (const row of opened.rows([path])) if (row.path === path) return true
  return false
}

/** Where a run keeps what nobody shall find afterwards. `name`: of this run alone, in this folder. */
interface Scratch {
  readonly directory: string
  readonly name: string
  readonly remove: () => void
}

function openFile(path: string): ArchiveFile {
  try {
    return ArchiveFile.open(path, 'read')
  } catch (cause) {
    throw usageError('file-unreadable', path, cause)
  }
}

/** Names and places are folded into a database of this run alone, in the folder that gets the files: nothing readable lies elsewhere. */
function makeScratch(into: string): Scratch {
  const own = join(into, '.grenier')
  try {
    // The staging area of a synced folder is not ours: what lies there may be a user's last writes.
    if (lstatSync(join(own, 'marker'), { throwIfNoEntry: false }) !== undefined)
      throw new ClientError('folder-unusable', 'is a synced folder', { data: { path: into } })
    mkdirSync(into, { recursive: true })
    mkdirSync(own, { recursive: true, mode: 0o700 })
    const directory = mkdtempSync(join(own, 'archive-'))
    const name = basename(directory)
    return { directory, name, remove: () => removeScratch(own, name) }
  } catch (cause) {
    if (cause instanceof ClientError) throw cause
    throw new ClientError('folder-unusable', 'cannot be written to', { cause, data: { path: into } })
  }
}

/** Only what bears the name of this run: another one may be at work in the same folder. */
function removeScratch(own: string, name: string): void {
  const staging = join(own, 'staging')
  rmSync(join(own, name), { recursive: true, force: true })
  try {
    for (const staged of readdirSync(staging))
      if (staged.startsWith(`${name}-`)) rmSync(join(staging, staged), { force: true })
    rmdirSync(staging)
  } catch {
    // None was made, or something else is in it: it is not ours.
  }
  try {
    rmdirSync(own)
  } catch {
    // Something else is in it: it is not ours.
  }
}

async function close(state: StateStore): Promise<void> {
  await state.close()
}

function listLine({ path, row }: WalkedRow): { event: string } & Record<string, unknown> {
  const { value } = row
  const bytes = path.isWellFormed() ? {} : { pathBytes: Buffer.from(nameToBytes(path)).toString('base64url') }
  const named = { event: 'entry', path: path.toWellFormed(), ...bytes, kind: value.kind }
  if (value.kind === 'directory') return { ...named, mode: value.mode }
  const mtime = String(value.mtimeNs)
  if (value.kind === 'file') return { ...named, mode: value.mode, mtime, size: value.sizeBytes }
  return { ...named, mtime, target: Buffer.from(value.target).toString() }
}

function listText({ path, row }: WalkedRow): string {
  const { value } = row
  if (value.kind === 'directory') return `${printable(path)}/`
  if (value.kind === 'link') return `${printable(path)} -> ${printable(Buffer.from(value.target).toString())}`
  return printable(path)
}
