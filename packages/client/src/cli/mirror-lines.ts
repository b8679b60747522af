// How mirrors stand, as JSON and in words.
import type { MirrorStanding } from '../engine/mirror-note.ts'
import { ClientError } from '../errors.ts'
import type { Catalogue } from './catalogue.ts'
import { errorReport } from './error-report.ts'
import { isClientErrorCode } from './exit-code.ts'
import { formatBytes, formatCount, formatMoment } from './quantities.ts'

/** What `--json` shows of one. */
export function mirrorJson(mirror: MirrorStanding): Record<string, unknown> {
  const { relay, entries, bytes, behindMs, atMs, failure } = mirror
  const moment = (ms: number | undefined): string | null =>
    ms === undefined ? null : new Date(ms).toISOString()
  return {
    relay,
    entries,
    bytes,
    behindSince: moment(behindMs),
    lastContact: moment(atMs),
    failure:
      failure === undefined
        ? null
        : { code: failure.code, reason: failure.reason, since: moment(failure.sinceMs) },
  }
}

/** What people read of one. */
export function mirrorText(words: Catalogue, mirror: MirrorStanding): string {
  const { relay, entries, bytes, behindMs, failure } = mirror
  const { language } = words
  const lines = [
    entries === 0 && bytes === 0
      ? words.mirrorThere({ relay })
      : words.mirrorBehind({
          relay,
          count: entries,
          entries: formatCount(entries, language),
          bytes: formatBytes(bytes, language),
          since: behindMs === undefined ? undefined : formatMoment(behindMs, language),
        }),
  ]
  if (failure !== undefined) {
    const since = formatMoment(failure.sinceMs, language)
    lines.push(words.mirrorFailing({ since, message: mirrorFault(words, failure) }))
  }
  return lines.join('\n')
}

/** Why it could not be brought up to date. */
export function mirrorFault(
  words: Catalogue,
  { code, reason }: { readonly code: string; readonly reason?: string | undefined },
): string {
  if (!isClientErrorCode(code)) return code
  if (reason === 'account-unknown') return words.mirrorAccountLost({})
  if (reason === 'stranger') return words.mirrorStranger({})
  const data = reason === undefined ? {} : { reason }
  return errorReport(words, new ClientError(code, code, { data })).message
}
