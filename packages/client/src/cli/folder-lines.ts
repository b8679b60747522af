// What a run tells, as JSON lines and as sentences: one event in, one line out.
import { relayErrorCodes } from '@grenier/protocol'
import { nameToBytes } from '../sync/name.ts'
import type { ProblemCode } from '../sync/action.ts'
import type { DeletionWished } from '../engine/deletion-watch.ts'
import type { FolderEvent, FolderState, Summary } from '../engine/events.ts'
import type { Catalogue } from './catalogue.ts'
import { formatBytes, formatCount, formatId, formatMoment, formatSeconds } from './quantities.ts'
import { lostText } from './lost-lines.ts'
import { mirrorFault } from './mirror-lines.ts'
import type { Language } from './messages.ts'
import type { JsonLine } from './output.ts'
import { printable } from './printable.ts'
import { sightText } from './sight-text.ts'

/** Which folder a line concerns. `vault` is not known before a vault is. */
export interface Place {
  readonly folder: string
  readonly vault?: string
}

/** What `summary` says: counts that are not known (of a run that failed) are null. */
export interface Counts extends Omit<Summary, 'files' | 'bytes' | 'head'> {
  readonly files: number | undefined
  readonly bytes: number | undefined
  readonly head: Summary['head']
}

/** The JSON line of an event. */
export function eventLine(place: Place, event: FolderEvent): JsonLine {
  switch (event.event) {
    case 'change': {
      const { path, from, action, direction } = event
      const moved = from === undefined ? {} : pathFields('from', from)
      return { event: 'change', ...place, ...pathFields('path', path), ...moved, action, direction }
    }
    case 'conflict': {
      const { path, keptAs, device } = event
      return {
        event: 'conflict',
        ...place,
        ...pathFields('path', path),
        ...pathFields('keptAs', keptAs),
        device,
      }
    }
    case 'problem': {
      const { path, code, detail, keptAs, lost } = event
      const kept = keptAs === undefined ? {} : { ...pathFields('keptAs', keptAs), lost }
      return { event: 'problem', ...place, ...pathFields('path', path), code, detail, ...kept }
    }
    case 'progress':
    case 'state':
    case 'void':
    case 'brake':
    case 'healed':
    case 'state-remade':
    case 'went-on':
    case 'deletion':
    case 'moved':
    case 'parted':
    case 'mirror':
    case 'awaits-readers':
    case 'blind': {
      const { event: name, ...facts } = event
      return { event: name, ...place, ...facts }
    }
  }
}

/** A path, and its bytes besides when it is not UTF-8: `path` and `pathBytes` (base64url). */
export function pathFields(
  name: 'path' | 'from' | 'keptAs' | 'target',
  path: string,
): Record<string, string> {
  if (path.isWellFormed()) return { [name]: path }
  return {
    [name]: path.toWellFormed(),
    [`${name}Bytes`]: Buffer.from(nameToBytes(path)).toString('base64url'),
  }
}

/** The JSON line of a summary; without `place` that over all folders. */
export function summaryLine(place: Place | undefined, counts: Counts, exitCode: number): JsonLine {
  const { files, bytes, bytesSent, bytesReceived, conflicts, problems, head, durationMs } = counts
  return {
    event: 'summary',
    ...place,
    files: files ?? null,
    bytes: bytes ?? null,
    bytesSent,
    bytesReceived,
    conflicts,
    problems,
    head: head ?? null,
    durationMs,
    exitCode,
  }
}

/** A line for people; undefined for what only the progress bar shows. */
export function eventText(words: Catalogue, event: FolderEvent): string | undefined {
  switch (event.event) {
    case 'change':
      return changeText(words, event)
    case 'conflict':
      return words.conflict({ path: printable(event.path), keptAs: printable(event.keptAs) })
    case 'problem':
      return lostText(words, event) ?? problemText(words, event.code, printable(event.path))
    case 'void': {
      const { sequence, device, reason } = event
      return words.voidEntry({ sequence, device: printable(device), reason: printable(reason) })
    }
    case 'brake': {
      const { examples, direction } = event
      const seen = sightText(words, words.language, event)
      const error = words.errorBrake({ seen, examples: examples.map(printable) })
      return [
        words.errorLine({ message: error }),
        words.hintLine({ hint: words.hintBrake({ direction }) }),
      ].join('\n')
    }
    case 'deletion':
      return deletionText(words, event)
    case 'moved':
      return words.movedOn({ relay: printable(event.relay) })
    case 'parted':
      return words.formerParted({ relay: printable(event.relay) })
    case 'mirror':
      return words.mirrorTrouble({ relay: printable(event.relay), message: mirrorFault(words, event) })
    case 'healed':
      return healedText(words, event)
    case 'state-remade':
      return words.stateRemade({ through: event.through, whole: event.whole })
    case 'went-on':
      return words.wentOn({ count: event.entries, path: printable(event.evidence) })
    case 'awaits-readers':
      return words.awaitsReaders({ count: event.looks })
    case 'blind':
      return event.reason === 'watch-limit'
        ? words.watchLimit({})
        : words.watchBlind({ reason: printable(event.reason) })
    case 'state':
      return event.state === 'offline' ? awayText(words, event) : undefined
    case 'progress':
      return undefined
  }
}

/** A wish to delete the vault, with what to do about it. */
export function deletionText(words: Catalogue, wished: DeletionWished): string {
  const { by, device, atMs, finalMs, signed } = wished
  const [at, until] = [formatMoment(atMs, words.language), formatMoment(finalMs, words.language)]
  const name = device === undefined ? undefined : printable(device)
  const message = words.deletionWished({ by: formatId(by), name, at, until, signed })
  return [words.errorLine({ message }), words.hintLine({ hint: words.hintDeletion({}) })].join('\n')
}

function healedText(words: Catalogue, event: Extract<FolderEvent, { event: 'healed' }>): string {
  const { entries, packs, bytes } = event
  const { language } = words
  if (packs === 0) return words.healedLog({ count: entries, entries: formatCount(entries, language) })
  const sent = { packs: formatCount(packs, language), bytes: formatBytes(bytes, language) }
  return words.healedContent({ count: packs, ...sent })
}

/** Out of reach; or there, and unable. */
function awayText(words: Catalogue, { code, reason }: Extract<FolderEvent, { event: 'state' }>): string {
  if (code === undefined) return words.relayAway({})
  const known = relayErrorCodes.find((refusal) => refusal === reason)
  return words.relayUnable({ reason: known && words.refusals[known] })
}

function changeText(words: Catalogue, event: Extract<FolderEvent, { event: 'change' }>): string {
  const actions = { put: words.actionPut, remove: words.actionRemove, move: words.actionMove }
  const target = printable(event.path)
  const path =
    event.from === undefined ? target : words.changeMoved({ from: printable(event.from), path: target })
  const action = actions[event.action]({})
  return event.direction === 'up' ? words.changeUp({ action, path }) : words.changeDown({ action, path })
}

function problemText(words: Catalogue, code: ProblemCode, path: string): string {
  const texts: Readonly<Record<ProblemCode, (values: { path: string }) => string>> = {
    'name-unholdable': words.problemNameUnholdable,
    'name-collision': words.problemNameCollision,
    'kind-unsupported': words.problemKindUnsupported,
    unreadable: words.problemUnreadable,
    unwritable: words.problemUnwritable,
    changing: words.problemChanging,
    'name-reserved': words.problemNameReserved,
    vanished: words.problemVanished,
    'disk-full': words.problemDiskFull,
    'pack-unavailable': words.problemPackUnavailable,
    'relay-corrupt': words.damagedAtRelay,
    'lost-again': () => words.problemLostAgain({}),
    'entry-void': words.problemEntryVoid,
    'read-only': words.problemReadOnly,
    'folder-nested': words.problemFolderNested,
    'not-overwritten': words.problemNotOverwritten,
    'source-unmounted': words.problemSourceUnmounted,
    'content-differs': words.problemContentDiffers,
    'archive-damaged': words.problemArchiveDamaged,
    'not-pruned': words.problemNotPruned,
  }
  // Of the folder as a whole there is but one.
  return path === '' && code === 'changing' ? words.problemRestless({}) : texts[code]({ path })
}

/** What a folder is doing, in words. */
export function stateText(words: Catalogue, state: FolderState): string {
  const texts: Readonly<Record<FolderState, (values: Record<string, never>) => string>> = {
    synced: words.stateSynced,
    syncing: words.stateSyncing,
    paused: words.statePaused,
    offline: words.stateOffline,
    braked: words.stateBraked,
    halted: words.stateHalted,
    revoked: words.stateRevoked,
  }
  return texts[state]({})
}

/** What a run that ended well says at its end. */
export function summaryTexts(words: Catalogue, language: Language, summary: Summary): string[] {
  const { files, bytes, bytesSent, bytesReceived, conflicts, problems, durationMs } = summary
  const size = (count: number): string => formatBytes(count, language)
  const done = words.summary({
    count: files,
    files: formatCount(files, language),
    bytes: size(bytes),
    sent: size(bytesSent),
    received: size(bytesReceived),
    seconds: formatSeconds(durationMs, language),
  })
  return conflicts + problems > 0 ? [done, words.summaryTroubles({ conflicts, problems })] : [done]
}
