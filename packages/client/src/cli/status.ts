// `grenier status`: what is synced and how it stands. Asked of the running `sync`; where none runs, read from the state, without the relay.
import { existsSync } from 'node:fs'
import { fromHex, toHex, vaultId } from '@grenier/crypto'
import { ClientError, type ExitCode } from '../errors.ts'
import { heldBack } from '../engine/brake-record.ts'
import { deletionIn } from '../engine/deletion-watch.ts'
import { healedIn, type Healed } from '../engine/healed-note.ts'
import { keptMirrors } from '../engine/mirror-list.ts'
import { mirrorStandings } from '../engine/mirror-note.ts'
import { verifiedIn, type Verified } from '../engine/verified-note.ts'
import type { FolderStatus } from '../engine/events.ts'
import { openHome } from '../home/home-files.ts'
import type { FolderRecord, Home } from '../home/home.ts'
import { keptState } from '../log/vault-log.ts'
import { TreesStore } from '../state/trees-store.ts'
import type { Catalogue } from './catalogue.ts'
import { liveSyncs, type LiveSync } from './control-client.ts'
import { knownVault } from './folder-argument.ts'
import { deletionText, stateText } from './folder-lines.ts'
import { sightText } from './sight-text.ts'
import type { Invocation } from './invocation.ts'
import { exitCodeOf, isClientErrorCode } from './exit-code.ts'
import { errorReport } from './error-report.ts'
import { lastRun, type Halt } from './last-run.ts'
import { backupJson, backupStanding, backupText, type BackupStanding } from './status-backup.ts'
import { fingerprintOf } from './fingerprint.ts'
import { keysState } from './unlock.ts'
import { mirrorJson, mirrorText } from './mirror-lines.ts'
import { printable } from './printable.ts'
import { formatBytes, formatCount, formatMoment } from './quantities.ts'

/** How a folder stands. `running`: a process has it at work. */
export interface Standing {
  readonly record: FolderRecord
  readonly status: FolderStatus
  readonly running: boolean
  /** Why it stands still, if it does. */
  readonly halt?: Halt | undefined
}

/** Prints the folders and backups, or one of them. @throws ClientError */
export async function status(invocation: Invocation, name: string | undefined): Promise<ExitCode> {
  const { output, homeDirectory } = invocation
  const home = openHome(homeDirectory)
  const asked = name === undefined ? [...home.folders, ...home.backups] : [knownVault(home, name)]
  const records = asked.filter(({ backup }) => backup === undefined)
  const backups: BackupStanding[] = []
  for (const record of asked)
    if (record.backup !== undefined) backups.push(await backupStanding(invocation, home, record))
  const live = await liveSyncs(home.directory)
  const standings: Standing[] = []
  for (const record of records) standings.push(await standing(invocation, home, { record, live }))
  const keys = await keysState(home.directory)
  output.line({
    event: 'status',
    device: home.deviceName,
    keys,
    folders: standings.map(jsonOf),
    backups: backups.map(backupJson),
  })
  if (keys !== 'clear') output.result(output.words.statusKeys[keys])
  if (asked.length === 0) output.note(output.words.statusNone({}))
  for (const one of standings) output.result(textOf(invocation, one))
  for (const one of backups) output.result(backupText(invocation, one))
  return 0
}

/** How one folder or backup stands. @throws ClientError */
export async function standingOf(
  invocation: Invocation,
  home: Home,
  record: FolderRecord,
): Promise<Standing> {
  return await standing(invocation, home, { record, live: await liveSyncs(home.directory) })
}

async function standing(
  invocation: Invocation,
  home: Home,
  { record, live }: { record: FolderRecord; live: readonly LiveSync[] },
): Promise<Standing> {
  const held = live.flatMap(({ folders }) => folders).find((one) => one.record.vault === record.vault)
  if (held !== undefined) return { record, status: held.status, running: true }
  return await resting(invocation, home, record)
}

/** No process answers for it: the state on disk, and how the last run ended. */
async function resting(invocation: Invocation, home: Home, record: FolderRecord): Promise<Standing> {
  const last = lastRun(home, record.vault)
  const kept: FolderStatus = {
    state: last?.state ?? 'paused',
    pending: 0,
    conflicts: last?.conflicts ?? 0,
    problems: last?.problems ?? 0,
    head: undefined,
    held: [],
    lastContactMs: last?.lastContactMs,
  }
  const directory = home.stateDirectory(record.vault)
  if (!existsSync(directory)) return { record, status: kept, running: false }
  try {
    const store = await invocation.platform().state(directory)
    try {
      const trees = TreesStore.open(store)
      const known = keptState(trees, vaultId(fromHex(record.vault)))
      const head = known && { seq: known.head.sequence, hash: toHex(known.head.hash) }
      return {
        record,
        running: false,
        halt: last?.halt,
        status: {
          ...kept,
          pending: trees.differingCount,
          head,
          held: heldBack(trees),
          deletion: deletionIn(trees),
          healed: healedIn(trees),
          verified: verifiedIn(trees),
          mirrors: await mirrorStandings(trees, {
            relays: keptMirrors(trees),
            at: record.relay,
            last: head?.seq ?? -1,
          }),
        },
      }
    } finally {
      await store.close()
    }
  } catch (error) {
    // Somebody has it open who does not answer: just starting, or ending.
    if (!(error instanceof ClientError) || error.code !== 'home-locked') throw error
    return { record, running: true, status: { ...kept, state: 'syncing' } }
  }
}

function jsonOf({ record, status, running, halt }: Standing): Record<string, unknown> {
  const { path, vault, name, relay } = record
  const {
    state,
    pending,
    conflicts,
    problems,
    head,
    held,
    deletion,
    healed,
    verified,
    mirrors,
    lastContactMs,
  } = status
  const lastContact = lastContactMs === undefined ? null : new Date(lastContactMs).toISOString()
  return {
    path,
    vault,
    name,
    relay,
    state,
    running,
    pending,
    conflicts,
    problems,
    held,
    head: head ?? null,
    fingerprint: head === undefined ? null : fingerprintOf(head.hash),
    halt:
      halt === undefined
        ? null
        : { code: halt.code, since: new Date(halt.sinceMs).toISOString(), ...halt.data },
    deletion: deletion ?? null,
    mirrors: (mirrors ?? []).map(mirrorJson),
    verified:
      verified === undefined
        ? null
        : { ...verified, atMs: undefined, at: new Date(verified.atMs).toISOString() },
    healed:
      healed === undefined ? null : { ...healed, atMs: undefined, at: new Date(healed.atMs).toISOString() },
    lastContact,
  }
}

function textOf({ output }: Invocation, { record, status, running, halt }: Standing): string {
  const { words, language } = output
  const {
    state,
    pending,
    conflicts,
    problems,
    head,
    held,
    deletion,
    healed,
    verified,
    mirrors,
    lastContactMs,
  } = status
  const now = stateText(words, state)
  const lines = [
    words.statusFolder({
      folder: printable(record.path),
      name: printable(record.name),
      state: running ? now : words.statusResting({ state: now }),
    }),
  ]
  if (deletion !== undefined) lines.push(deletionText(words, deletion))
  if (head !== undefined)
    lines.push(words.statusHead({ sequence: head.seq, words: fingerprintOf(head.hash) }))
  if (pending > 0) lines.push(words.statusPending({ count: pending, text: formatCount(pending, language) }))
  if (conflicts + problems > 0) lines.push(words.statusTroubles({ conflicts, problems }))
  for (const sight of held) lines.push(words.statusHeld({ seen: sightText(words, language, sight) }))
  if (halt !== undefined) lines.push(...haltTexts(words, halt))
  if (verified !== undefined && verified.packs > 0) lines.push(verifiedText(words, verified))
  if (healed !== undefined) lines.push(healedText(words, healed))
  for (const mirror of mirrors ?? []) lines.push(`  ${mirrorText(words, mirror)}`)
  const when = lastContactMs === undefined ? words.statusNever({}) : formatMoment(lastContactMs, language)
  lines.push(words.statusContact({ when }))
  return lines.join('\n')
}

function healedText(words: Catalogue, { atMs, entries, packs, bytes }: Healed): string {
  const { language } = words
  return words.statusHealed({
    when: formatMoment(atMs, language),
    entries: formatCount(entries, language),
    packs: formatCount(packs, language),
    bytes: formatBytes(bytes, language),
  })
}

function verifiedText(words: Catalogue, { atMs, packs, of, hurt, files, lost }: Verified): string {
  const { language } = words
  const counts = { packs: formatCount(packs, language), of: formatCount(of, language) }
  const when = formatMoment(atMs, language)
  return words.statusVerified({ when, count: packs, all: of, ...counts, hurt, files, lost })
}

function haltTexts(words: Catalogue, { code, sinceMs, data }: Halt): string[] {
  if (!isClientErrorCode(code)) return []
  const error = new ClientError(code, code, { data })
  const { message } = errorReport(words, error)
  const since = formatMoment(sinceMs, words.language)
  const isRefused = exitCodeOf(error) === 5
  const lines = [isRefused ? words.statusRefused({ since, message }) : words.statusHalted({ since, message })]
  const { evidence } = data
  if (evidence !== undefined) lines.push(words.statusEvidence({ path: printable(String(evidence)) }))
  return lines
}
