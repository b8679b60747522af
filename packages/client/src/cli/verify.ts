// `grenier verify`: fetches what the relay holds and checks it by content, all of it or a sample; what is hurt is sent anew from this device.
import type { EngineContext } from '../engine/api.ts'
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
import { printable } from './printable.ts'
import { formatBytes, formatCount } from './quantities.ts'
import { RunProgress } from './run-progress.ts'
import { usageError } from './usage-error.ts'

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
    ask: (holder) => holder.verify({ path: key, share }, { signal: interrupt.signal }),
    here: () => verifyHere({ invocation, home, share }, record),
  })
  const { packs, of, bytes, lacking, wrong, hurtFiles, left } = found
  for (const file of left) output.line({ event: 'problem', ...place, path: file, code: 'pack-unavailable' })
  output.line({ event: 'verify', ...place, packs, of, bytes, lacking, wrong, files: hurtFiles, left })
  tell(invocation, record.backup === undefined ? path : record.name, found)
  const exitCode = exitCodeOf(found)
  const counted = {
    exitCode,
    bytes,
    problems: left.length,
    durationMs: Math.round(performance.now() - startMs),
  }
  output.line(summary(place, counted))
  return counted
}

/** What the relay holds under a name and is not what was put there contradicts it; what it lacks and got again is only to be told. */
function exitCodeOf({ hurt, wrong, left }: Verification): ExitCode {
  if (wrong > 0 || left.length > 0) return 6
  return hurt > 0 ? 3 : 0
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
      progress: ({ packsDone, packsTotal, bytesDone }) => {
        const { bytesTotal, bytesSent, bytesReceived } = engine.progress
        const packs = { filesDone: packsDone, filesTotal: packsTotal }
        report.take({ event: 'progress', ...packs, bytesDone, bytesTotal, bytesSent, bytesReceived })
      },
    })
  } finally {
    output.progressDone()
    report.end()
    await engine.close()
  }
}

function tell({ output }: Invocation, folder: string, found: Verification): void {
  const { words, language } = output
  const { packs, of, bytes, lacking, wrong, hurtFiles, left } = found
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
  else if (left.length === 0) output.result(words.verifyGood({}))
  const isLeft = new Set(left)
  for (const path of hurtFiles) {
    const say = isLeft.has(path) ? words.verifyLeft : words.verifyHealed
    output.result(say({ path: printable(path) }))
  }
}

function summary(
  place: object | undefined,
  counted: Counted,
): { event: 'summary' } & Record<string, unknown> {
  return { event: 'summary', ...place, ...counted }
}
