// `grenier mirror promote`: the relay of a vault is gone, and this device goes on at a mirror, for everybody. Asked of the running `sync` where one
// holds the folder; cut off anywhere, the same command goes on.
import type { Promoted } from '../engine/promoting.ts'
import type { ExitCode } from '../errors.ts'
import { openingKey } from '../home/home.ts'
import { atHolder } from './at-holder.ts'
import { askedFolder } from './history.ts'
import type { Invocation } from './invocation.ts'
import { printable } from './printable.ts'
import { summaryFor } from './prune-summary.ts'
import { formatBytes, formatCount } from './quantities.ts'
import { relayText } from './relay-text.ts'
import { withProgress } from './with-progress.ts'

export interface PromoteFlags {
  readonly invite?: string | undefined
  readonly force?: boolean | undefined
}

/** Goes on there, and says what that came to. @throws ClientError */
export async function mirrorPromote(
  invocation: Invocation,
  { folder, relay }: { readonly folder: string; readonly relay: string },
  { invite, force = false }: PromoteFlags,
): Promise<ExitCode> {
  const startMs = performance.now()
  const { output, interrupt } = invocation
  const { home, record, place } = askedFolder(invocation, folder)
  const path = openingKey(record)
  const options = { relay: relayText(relay), force, ...(invite === undefined ? {} : { invite }) }
  const promoted = await atHolder(home, path, {
    ask: (holder) => holder.promote({ path, ...options }, { signal: interrupt.signal }),
    here: () => withProgress({ invocation, home, path }, place, (engine) => engine.promote(options)),
  })
  tell(invocation, promoted)
  const { from, ...counts } = promoted
  output.line({ event: 'mirror-promote', ...place, ...counts, from: from ?? null })
  const exitCode = promoted.lacking > 0 ? 3 : 0
  const summary = summaryFor(place, Math.round(performance.now() - startMs))
  output.line({ ...summary, problems: promoted.lacking, exitCode })
  return exitCode
}

function tell({ output }: Invocation, { isThere, lacking, ...promoted }: Promoted): void {
  const { words, language } = output
  const { relay, from, entries, packs, bytes } = promoted
  const counts = { entries: formatCount(entries, language), packs: formatCount(packs, language) }
  output.result(words.mirrorPromoted({ relay: printable(relay), isThere }))
  if (entries + packs > 0)
    output.result(words.mirrorGiven({ ...counts, bytes: formatBytes(bytes, language) }))
  if (lacking > 0) output.note(words.mirrorLacking({ count: lacking, packs: formatCount(lacking, language) }))
  if (from !== undefined) output.note(words.mirrorFollow({ relay: printable(relay), from: printable(from) }))
}
