// `grenier verify`: fetches what the relay holds and checks it by content, all of it or a sample; what is hurt is sent anew from this device.
import type { EngineContext } from '../engine/api.ts'
import type { AuditProgress } from '../engine/audit.ts'
import type { Progress } from '../engine/events.ts'
import type { TakeRow } from '../engine/history-query.ts'
import type { HurtPack } from '../engine/hurt-packs.ts'
import type { Verification } from '../engine/mending.ts'
import type { ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import { openingKey, type FolderRecord, type Home } from '../home/home.ts'
import { atHolder } from './at-holder.ts'
import { heaviestExitCode } from './exit-code.ts'
import { knownVault } from './folder-argument.ts'
import { FolderReport } from './folder-report.ts'
import type { Invocation } from './invocation.ts'
import { openOwnFolder } from './open-own-folder.ts'
import type { JsonLine, Output } from './output.ts'
import { printable } from './printable.ts'
import { formatBytes, formatCount, isoTime } from './quantities.ts'
import { RunProgress } from './run-progress.ts'
import { usageError } from './usage-error.ts'

/** Paths of lost versions that people see. */
const pathsShown = 5

type AuditDone = Parameters<AuditProgress>[0]

interface Counted {
  readonly exitCode: ExitCode
  readonly bytes: number
  readonly problems: number
  readonly durationMs: number
}

/** Verifies one folder or backup, or all. @throws ClientError */
export async function verify(
  invocation: Invocation,
  name: string | undefined,
  flags: { readonly sample?: string | undefined },
): Promise<ExitCode> {
  const share = flags.sample === undefined ? 1 : parseShare(flags.sample)
  const home = openHome(invocation.homeDirectory)
  const records = name === undefined ? [...home.folders, ...home.backups] : [knownVault(home, name)]
  const all: Counted[] = []
  for (const record of records) all.push(await verifyOne({ invocation, home, share }, record))
  const { output } = invocation
  if (records.length === 0) output.note(output.words.statusNone({}))
  const exitCode = heaviestExitCode(all.map((one) => one.exitCode))
  const sum = (of: (one: Counted) => number): number => all.reduce((total, one) => total + of(one), 0)
  output.line(
    summary(undefined, {
      exitCode,
      bytes: sum(({ bytes }) => bytes),
      problems: sum(({ problems }) => problems),
      durationMs: sum(({ durationMs }) => durationMs),
    }),
  )
  return exitCode
}

/** 0 to 1 of `5%`, `100%`. @throws ClientError `usage` */
export function parseShare(text: string): number {
  const [, number = ''] = /^(\d{1,3}(?:[.,]\d{1,3})?)\s?%$/.exec(text.trim()) ?? []
  const share = Number(number.replace(',', '.')) / 100
  if (!(share > 0 && share <= 1)) throw usageError('share', text)
  return share
}

async function verifyOne(
  { invocation, home, share }: { invocation: Invocation; home: Home; share: number },
  record: FolderRecord,
): Promise<Counted> {
  const { output, interrupt } = invocation
  const { path, vault } = record
  const key = openingKey(record)
  const place = { folder: path, vault }
  output.concern(place)
  const startMs = performance.now()
  const found = await atHolder(home, key, {
    ask: async (holder) => {
      try {
        return await holder.verify(
          { path: key, share },
          { take: progressOf(output, place), signal: interrupt.signal },
        )
      } finally {
        output.progressDone()
      }
    },
    here: () => verifyHere({ invocation, home, share }, record),
  })
  const { packs, of, bytes, lacking, wrong, hurtFiles, left, hurtPacks, morePacks } = found
  for (const file of left) output.line({ event: 'problem', ...place, path: file, code: 'pack-unavailable' })
  for (const pack of hurtPacks) output.line(packLine(place, pack))
  output.line({
    event: 'verify',
    ...place,
    packs,
    of,
    bytes,
    lacking,
    wrong,
    files: hurtFiles,
    left,
    lost: found.lost,
  })
  tell(invocation, record.backup === undefined ? path : record.name, found)
  const exitCode = exitCodeOf(found)
  const counted = {
    exitCode,
    bytes,
    problems: left.length + hurtPacks.length + morePacks,
    durationMs: Math.round(performance.now() - startMs),
  }
  output.line(summary(place, counted))
  return counted
}

/** What the relay holds under a name and is not what was put there contradicts it; what it lacks and got again is only to be told. */
function exitCodeOf({ hurt, wrong, left, lost }: Verification): ExitCode {
  if (wrong > 0 || left.length > 0) return 6
  return hurt + lost > 0 ? 3 : 0
}

/** A pack as a line. It is no file: `paths` are those that it concerns. */
function packLine(place: object, { pack, code, sequence, atMs, lost, paths, more }: HurtPack): JsonLine {
  const at = isoTime(atMs)
  return { event: 'problem', ...place, path: '', code, pack, seq: sequence, at, lost, paths, pathsMore: more }
}

async function verifyHere(
  { invocation, home, share }: { invocation: Invocation; home: Home; share: number },
  record: FolderRecord,
): Promise<Verification> {
  const { path, vault } = record
  const { output, interrupt } = invocation
  const report = new FolderReport(output, new RunProgress(output), { folder: path, vault })
  const context: EngineContext = {
    home,
    platform: invocation.platform(),
    report: report.take,
    signal: interrupt.signal,
  }
  const engine = await openOwnFolder({ invocation, home, path: openingKey(record), context })
  try {
    return await engine.verify({
      share,
      progress: (done) => shown(output, { folder: path, vault }, { ...engine.progress, ...done }),
    })
  } finally {
    output.progressDone()
    report.end()
    await engine.close()
  }
}

/** Takes how far a process that was asked has come: it counts packs where others count files. */
function progressOf(output: Output, place: object): TakeRow {
  return (row) => {
    if (row.row !== 'progress') return Promise.resolve()
    const { filesDone: packsDone, filesTotal: packsTotal, bytesDone, bytesTotal } = row
    shown(output, place, { ...row, packsDone, packsTotal, bytesDone, bytesTotal })
    return Promise.resolve()
  }
}

function shown(output: Output, place: object, done: AuditDone & Progress): void {
  const { packsDone, packsTotal, bytesDone, bytesTotal, bytesSent, bytesReceived } = done
  // Packs are what is looked at, and no files.
  const looked = { filesDone: 0, filesTotal: 0, packsDone, packsTotal, bytesDone, bytesTotal }
  output.line({ event: 'progress', ...place, ...looked, bytesSent, bytesReceived })
  drawn(output, done)
}

function drawn(output: Output, { packsDone, packsTotal, bytesDone, bytesTotal }: AuditDone): void {
  const { words, language } = output
  const counts = { done: formatCount(packsDone, language), total: formatCount(packsTotal, language) }
  const bytes = { bytesDone: formatBytes(bytesDone, language), bytesTotal: formatBytes(bytesTotal, language) }
  output.progress(
    bytesTotal === 0 ? 0 : bytesDone / bytesTotal,
    words.verifyProgress({ ...counts, ...bytes }),
  )
}

function tell({ output }: Invocation, folder: string, found: Verification): void {
  const { words, language } = output
  const { packs, of, bytes, lacking, wrong, hurtFiles, left, lost } = found
  const counts = { packs: formatCount(packs, language), of: formatCount(of, language) }
  const looked = {
    folder: printable(folder),
    count: packs,
    all: of,
    ...counts,
    bytes: formatBytes(bytes, language),
  }
  output.result(words.verifyDone(looked))
  if (lacking + wrong > 0) output.result(words.verifyHurt({ lacking, wrong }))
  else if (left.length + lost === 0) output.result(words.verifyGood({}))
  const isLeft = new Set(left)
  for (const path of hurtFiles) {
    const say = isLeft.has(path) ? words.verifyLeft : words.verifyHealed
    output.result(say({ path: printable(path) }))
  }
  tellLost(output, found)
}

/** What is lost of older versions, and of the log: no file here shows it. */
function tellLost(output: Output, { hurtPacks }: Verification): void {
  const { words, language } = output
  const packsOf = (what: HurtPack['lost']): readonly HurtPack[] =>
    hurtPacks.filter(({ lost }) => lost === what)
  const [older, entries] = [packsOf('older'), packsOf('entry')]
  if (older.length > 0) {
    const paths = [...new Set(older.flatMap((pack) => pack.paths))].sort()
    const others = paths.length > pathsShown || older.some(({ more }) => more > 0)
    const shown = paths.slice(0, pathsShown).map(printable)
    const counts = { count: older.length, packs: formatCount(older.length, language) }
    output.result(words.verifyLost({ ...counts, paths: shown, others }))
  }
  if (entries.length > 0)
    output.result(
      words.verifyLostEntries({ count: entries.length, packs: formatCount(entries.length, language) }),
    )
}

function summary(
  place: object | undefined,
  counted: Counted,
): { event: 'summary' } & Record<string, unknown> {
  return { event: 'summary', ...place, ...counted }
}
