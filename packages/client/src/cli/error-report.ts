// What to tell people about an error: what happened to what, and what to do next. Codes come in, words of the catalogue go out.
import { relayErrorCodes, type RelayErrorCode } from '@grenier/protocol'
import { sightFrom } from '../engine/brake.ts'
import { ClientError, type ClientErrorCode } from '../errors.ts'
import type { Catalogue } from './catalogue.ts'
import type { Text } from './catalogue-text.ts'
import { ControlFault } from './control-fault.ts'
import { sightText } from './sight-text.ts'
import { formatExact } from './moments.ts'
import { printable } from './printable.ts'
import { formatId, formatMoment } from './quantities.ts'
import { isUsageFault } from './usage-error.ts'

/** An error, in words. */
export interface ErrorReport {
  readonly code: string
  readonly message: string
  readonly hint: string | undefined
  /** What a foreign library said, in whatever language: for who asks for it. */
  readonly detail?: string | undefined
}

type Told = readonly [message: string, hint: string | undefined]

/** The words for anything that was thrown. `folder`: which one it concerns, where the error does not say. */
export function errorReport(words: Catalogue, thrown: unknown, folder?: string): ErrorReport {
  const error = placed(thrown, folder)
  if (error instanceof ControlFault)
    return { code: 'unexpected', message: words.errorControl({}), hint: words.hintControl({}) }
  if (!(error instanceof ClientError)) {
    const detail = printable(error instanceof Error ? error.message : String(error))
    return { code: 'unexpected', message: words.errorUnexpected({ detail }), hint: words.hintUnexpected({}) }
  }
  const [message, hint] = tellers[error.code](words, error)
  return { code: error.code, message, hint, detail: foreignDetail(error) }
}

function foreignDetail(error: ClientError): string | undefined {
  return ['keys-locked', 'keyring-unavailable'].includes(error.code) ? text(error, 'detail') : undefined
}

const tellers: Readonly<Record<ClientErrorCode, (words: Catalogue, error: ClientError) => Told>> = {
  usage: usageWords,
  'home-missing': missingWords,
  'home-exists': (words, error) =>
    error.data['what'] === 'words'
      ? [words.errorHomeOther({ path: path(error) }), words.hintHomeOther({})]
      : [words.errorHomeExists({ path: path(error) }), words.hintHomeExists({})],
  'home-locked': lockedWords,
  'holder-ended': (words) => [words.errorHolderEnded({}), words.hintHolderEnded({})],
  'home-unsafe': (words, error) => [
    words.errorHomeUnsafe({ path: path(error) }),
    words.hintHomeUnsafe({ path: path(error) }),
  ],
  'keys-locked': keysWords,
  'keyring-unavailable': (words, error) => [
    words.errorKeyringUnavailable({ isThere: error.data['what'] === 'forgets' }),
    words.hintKeyringUnavailable({}),
  ],
  'unlock-failed': (words) => [words.errorUnlockFailed({}), words.hintUnlockFailed({})],
  'folder-unknown': unknownWords,
  'folder-taken': (words, error) => [
    words.errorFolderTaken({ path: path(error) }),
    words.hintFolderTaken({}),
  ],
  'folder-unusable': (words, error) =>
    error.data['of'] === 'source'
      ? [words.errorSourceUnusable({ path: path(error) }), words.hintSourceUnusable({})]
      : [words.errorFolderUnusable({ path: path(error) }), words.hintFolderUnusable({})],
  'source-empty': (words, error) => [
    words.errorSourceEmpty({ path: path(error) }),
    words.hintSourceEmpty({}),
  ],
  'backup-running': (words, error) => [
    words.errorBackupRunning({ name: text(error, 'name') ?? '' }),
    words.hintBackupRunning({}),
  ],
  'hook-failed': (words, error) => [
    words.errorHookFailed({ text: text(error, 'command') ?? '', detail: detail(error) }),
    words.hintHookFailed({}),
  ],
  'folder-unmarked': (words, error) => [
    words.errorFolderUnmarked({ path: path(error) }),
    words.hintFolderUnmarked({}),
  ],
  'state-broken': (words, error) => [
    words.errorStateBroken({ path: maybePath(error) }),
    text(error, 'what') === 'keys' ? words.hintKeysBroken({}) : words.hintStateBroken({}),
  ],
  'state-foreign': foreignWords,
  'name-ambiguous': (words, error) => [
    words.errorNameAmbiguous({ detail: text(error, 'ids') ?? printable(error.message) }),
    words.hintNameAmbiguous({}),
  ],
  'moment-unknown': momentWords,
  'path-unknown': pathWords,
  'history-gone': (words) => [words.errorHistoryGone({}), words.hintHistoryGone({})],
  'code-wrong': codeWords,
  'device-revoked': revokedWords,
  'member-refused': memberWords,
  'relay-unreachable': unreachableWords,
  'relay-refused': refusedWords,
  'relay-contradicts': (words, error) => [
    words.errorRelayContradicts({ detail: fault(words, error) }),
    words.hintRelayContradicts({}),
  ],
  'relay-corrupt': (words, error) => [
    words.errorRelayCorrupt({ detail: fault(words, error) }),
    words.hintRelayCorrupt({}),
  ],
  'relay-rollback': (words, error) => [
    words.errorRelayRollback({ detail: fault(words, error) }),
    words.hintRelayRollback({}),
  ],
  'pack-unavailable': (words, { data }) =>
    data['list'] !== undefined
      ? [
          words.errorPruneBlocked({ path: printable(String(data['list'])) }),
          words.hintPruneBlocked({ days: String(Math.ceil(Number(data['waitsMs']) / 86_400_000)) }),
        ]
      : data['what'] === 'state'
        ? [words.errorStateUnavailable({}), words.hintStateUnavailable({})]
        : data['path'] !== undefined
          ? [words.lostAtRelay({ path: printable(String(data['path'])) }), words.hintPathUnavailable({})]
          : [words.errorPackUnavailable({}), words.hintPackUnavailable({})],
  'update-needed': (words, error) =>
    error.data['reason'] === 'pruned'
      ? [words.errorPrunedCarry({}), words.hintPrunedCarry({})]
      : [words.errorUpdateNeeded({}), words.hintUpdateNeeded({})],
  'key-withheld': (words, error) =>
    error.data['what'] === 'adopted'
      ? owedWords(words, error)
      : [words.errorKeyWithheld({ detail: detail(error) }), words.hintKeyWithheld({})],
  'archive-broken': (words) => [words.errorArchiveBroken({}), words.hintArchiveBroken({})],
  'archive-closed': (words) => [words.errorArchiveClosed({}), words.hintArchiveClosed({})],
  'archive-foreign': (words) => [words.errorArchiveForeign({}), words.hintArchiveForeign({})],
  'archive-busy': (words) => [words.errorArchiveBusy({}), words.hintArchiveBusy({})],
  'vault-moved': (words, { data }) => {
    const relay = data['relay'] === undefined ? undefined : printable(String(data['relay']))
    return [words.errorVaultMoved({ relay }), words.hintVaultMoved({})]
  },
  'move-unfinished': (words, { data }) => {
    const what = String(data['what'])
    return [words.errorMoveUnfinished({ what }), words.hintMoveUnfinished({ what })]
  },
  'mirror-refused': (words, { data }) => {
    const [what, relay] = [String(data['what']), printable(String(data['relay']))]
    return [words.errorMirrorRefused({ what, relay }), words.hintMirrorRefused({ what })]
  },
  'vault-differs': (words) => [words.errorVaultDiffers({}), words.hintVaultDiffers({})],
  'checkpoint-broken': (words, error) => [
    words.errorCheckpointBroken({ device: text(error, 'device') ?? '' }),
    words.hintCheckpointBroken({}),
  ],
  brake: brakeWords,
  'disk-full': (words, error) => [words.errorDiskFull({ path: maybePath(error) }), words.hintDiskFull({})],
  'disk-failed': (words, error) => [
    words.errorDiskFailed({ detail: detail(error) }),
    words.hintDiskFailed({}),
  ],
  interrupted: (words, { data }) => [words.errorInterrupted({}), stoppedHint(words, data['what'])],
}

/** Where the next run does not just go on. */
function stoppedHint(words: Catalogue, what: unknown): string {
  switch (what) {
    case 'set-up':
      return words.hintSetupStopped({})
    case 'account':
      return words.hintSetupUncertain({})
    case 'export':
      return words.hintExportStopped({})
    case 'undecided':
      return words.hintUndecided({})
    default:
      return words.hintInterrupted({})
  }
}

function brakeWords(words: Catalogue, error: ClientError): Told {
  const { examples, ...sight } = sightFrom(error)
  const seen = sightText(words, words.language, sight)
  return [
    words.errorBrake({ seen, examples: examples.map(printable) }),
    words.hintBrake({ direction: sight.direction }),
  ]
}

/** What an owner owes after a fork. Of invitations alone any owner can be told what to do. */
function owedWords(words: Catalogue, { data }: ClientError): Told {
  const invitations = String(data['invitations'] ?? '')
    .split(' ')
    .filter((id) => id !== '')
    .map(formatId)
  const isMore = invitations.length === 0 || data['keys'] !== 0 || data['members'] !== 0
  return isMore
    ? [words.errorKeysOwed({}), words.hintKeysOwed({})]
    : [words.errorCancelOwed({ invitations }), words.hintCancelOwed({ invitations })]
}

function momentWords(words: Catalogue, { data }: ClientError): Told {
  const { beginsMs, head, of } = data
  const told =
    beginsMs === undefined
      ? words.errorMomentAfter({ head: Number(head) })
      : words.errorMomentBefore({ begins: formatExact(Number(beginsMs)) })
  return [told, of === 'archive' ? words.hintMomentArchive({}) : words.hintMoment({})]
}

function unknownWords(words: Catalogue, error: ClientError): Told {
  const [folder, inside] = [text(error, 'folder'), text(error, 'inside')]
  const isInside = folder !== undefined && inside !== undefined
  const hint = isInside ? words.hintFolderInside({ folder, inside }) : words.hintFolderUnknown({})
  return [words.errorFolderUnknown({ path: path(error) }), hint]
}

function pathWords(words: Catalogue, error: ClientError): Told {
  const { what } = error.data
  const said = { path: path(error) || '/' }
  if (what === 'directory') return [words.errorPathDirectory(said), words.hintPath({})]
  if (what === 'link') return [words.errorPathLink(said), words.hintPath({})]
  return [words.errorPathUnknown(said), words.hintPath({})]
}

function usageWords(words: Catalogue, error: ClientError): Told {
  const { what } = error.data
  if (!isUsageFault(what)) return [printable(error.message), words.hintUsage({})]
  const { error: say, hint } = words.usage[what]
  return [say({ text: text(error, 'text') ?? '' }), hint ?? words.hintUsage({})]
}

function missingWords(words: Catalogue, error: ClientError): Told {
  // A device that only joined is there, but has nowhere to keep a vault.
  if (error.data['what'] === 'account')
    return [words.errorAccountMissing({ path: path(error) }), words.hintAccountMissing({})]
  return [words.errorHomeMissing({ path: path(error) }), words.hintHomeMissing({})]
}

function keysWords(words: Catalogue, error: ClientError): Told {
  switch (error.data['what']) {
    case 'wrong':
      return [words.errorPassphraseWrong({}), words.hintPassphraseWrong({})]
    case 'keyring-missing':
      return [words.errorKeyringMissing({}), words.hintKeyringLost({})]
    case 'keyring-wrong':
      return [words.errorKeyringWrong({}), words.hintKeyringLost({})]
    case 'keyring':
    case 'keyring-away':
      return [words.errorKeyringAway({}), words.hintKeyringAway({})]
    default:
      return [words.errorKeysLocked({}), words.hintKeysLocked({})]
  }
}

function foreignWords(words: Catalogue, error: ClientError): Told {
  const { what } = error.data
  if (what === 'restored')
    return [words.errorStateRestored({ path: path(error) }), words.hintStateRestored({})]
  if (what === 'lost') return [words.errorStateLost({ path: path(error) }), words.hintStateLost({})]
  return [words.errorStateForeign({ path: path(error) }), words.hintStateForeign({})]
}

function revokedWords(words: Catalogue, error: ClientError): Told {
  const { what, atMs } = error.data
  if (what === 'again') return [words.errorRejoin({}), words.hintRejoin({})]
  const name = text(error, 'byName')
  const id = formatId(text(error, 'by') ?? '')
  const isWords = error.data['byKind'] === 'identity'
  const by =
    name !== undefined ? words.deviceNamed({ name }) : isWords && id !== '' ? words.byIdentity({ id }) : id
  const when = typeof atMs === 'number' ? formatMoment(atMs, words.language) : undefined
  return [words.errorDeviceRevoked({ by: by === '' ? undefined : by, when }), words.hintDeviceRevoked({})]
}

/** A text that is no code was not typed right, and alarms nobody; a code that nobody waits for should. */
function codeWords(words: Catalogue, { data }: ClientError): Told {
  const { what, words: count } = data
  if (what === undefined) return [words.errorCodeWrong({}), words.hintCodeWrong({})]
  const fault = typeof count === 'number' ? words.codeCount({ count }) : words.codeMistyped({})
  return [what === 'words' ? fault : words.codeNone({}), words.hintCodeMistyped({})]
}

function memberWords(words: Catalogue, error: ClientError): Told {
  const advice = new Map(Object.entries(words.memberRefused)).get(String(error.data['what']))
  return [advice?.error({ text: '' }) ?? printable(error.message), advice?.hint]
}

function lockedWords(words: Catalogue, error: ClientError): Told {
  const { pid } = error.data
  if (typeof pid !== 'number') return [words.errorHomeLocked({}), words.hintHomeLocked({})]
  return [words.errorHomeHeld({ path: path(error), pid }), words.hintHomeHeld({})]
}

const reasons = new Map<unknown, keyof Catalogue['unreachable']>(
  (
    ['closed', 'silent', 'stalled', 'malformed', 'timeout', 'network', 'http', 'certificate', 'pin'] as const
  ).map((reason) => [reason, reason]),
)

function unreachableWords(words: Catalogue, error: ClientError): Told {
  const reason = reasons.get(error.data['reason'])
  const mirror = text(error, 'mirror')
  const unknown = text(error, 'unknown')
  const known = mirror === undefined ? words.hintRelayUnreachable({}) : words.hintRelayMirror({ mirror })
  const hint = unknown === undefined ? known : words.hintMirrorUnknown({ mirror: unknown })
  if (reason === undefined) return [words.errorRelayUnreachable({ reason }), hint]
  const untrusted = reason === 'certificate' || reason === 'pin'
  return [
    words.errorRelayUnreachable({ reason: words.unreachable[reason] }),
    untrusted ? words.hintRelayUntrusted({}) : hint,
  ]
}

const refusals = new Map<unknown, RelayErrorCode>(relayErrorCodes.map((code) => [code, code]))

function refusedWords(words: Catalogue, error: ClientError): Told {
  if (error.data['reason'] === 'account-closed' && error.data['detail'] === 'withdrawn')
    return [words.errorWithdrawn({}), words.hintWithdrawn({})]
  if (error.data['reason'] === 'vault-deleted') {
    const { at } = error.data
    const when = typeof at === 'number' ? formatMoment(at, words.language) : undefined
    return [words.errorVaultDeleted({ when }), words.hintVaultDeleted({})]
  }
  if (error.data['reason'] === 'vault-moved')
    return [words.errorVaultMoved({ relay: text(error, 'relay') }), words.hintVaultMoved({})]
  const { entries, then, waitsMs } = error.data
  if (typeof entries === 'number' && typeof waitsMs === 'number') {
    const minutes = then === 'waits' ? String(Math.max(1, Math.ceil(waitsMs / 60_000))) : undefined
    return [words.errorStranded({ count: entries }), words.hintStranded({ minutes })]
  }
  if (error.data['what'] === 'words') return [words.errorWordsUnknown({}), words.hintWordsUnknown({})]
  const code = refusals.get(error.data['reason'])
  const reason = code === undefined ? text(error, 'reason') : words.refusals[code]
  // No hoster gives rights in a vault: its owners do.
  if (error.data['what'] === 'import') return [words.errorImportOthers({}), words.hintImportOthers({})]
  if (code === 'no-right') return [words.errorRelayRefused({ reason }), words.memberRefused[code].hint]
  return [words.errorRelayRefused({ reason }), refusedHint(words, code, error.data['what'])({})]
}

function refusedHint(words: Catalogue, code: RelayErrorCode | undefined, what: unknown): Text {
  if (code === 'invitation-wrong') return words.hintInvitationNeeded
  // Of a relay that was named by hand nobody said that the vault had ever been there.
  if (code === 'account-unknown' || (code === 'vault-unknown' && what !== 'told'))
    return words.hintAccountLost
  return words.hintRelayRefused
}

/** What the judge of the log, or the check of a pack, saw. */
function fault(words: Catalogue, error: ClientError): string {
  const { sequence, what, pack, came, expected } = error.data
  if (typeof sequence === 'number' && what !== undefined) {
    if (what === 'chain-broken') return words.faultOther({ sequence })
    if (what === 'head-unheld') return words.faultUnheld({ sequence })
    return words.faultAtEntry({ sequence, what: printable(String(what)) })
  }
  if (typeof pack === 'string') return words.faultAtPack({ pack: printable(pack) })
  if (typeof came === 'number' && typeof expected === 'number') return words.faultOlder({ came, expected })
  return printable(error.message)
}

function detail(error: ClientError): string {
  const { cause } = error
  return text(error, 'detail') ?? printable(cause instanceof Error ? cause.message : error.message)
}

function text(error: ClientError, field: string): string | undefined {
  const value = error.data[field]
  return value === undefined ? undefined : printable(String(value))
}

function maybePath(error: ClientError): string | undefined {
  return text(error, 'path')
}

/** An error that names no path happened in the folder. */
function placed(error: unknown, folder: string | undefined): unknown {
  if (!(error instanceof ClientError) || folder === undefined || error.data['path'] !== undefined)
    return error
  if (!folderErrors.includes(error.code)) return error
  const { code, message, cause, retryable, data } = error
  return new ClientError(code, message, { cause, retryable, data: { ...data, path: folder } })
}

const folderErrors: readonly ClientErrorCode[] = ['folder-unusable', 'folder-unmarked', 'state-foreign']

function path(error: ClientError): string {
  return maybePath(error) ?? '?'
}
