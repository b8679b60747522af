// `grenier move`: takes a vault, with its history and members, to another relay. Asked of the running `sync` where one holds the folder; cut off
// anywhere, the same command goes on.
import type { Moved } from '../engine/moving.ts'
import type { ExitCode } from '../errors.ts'
import { openingKey } from '../home/home.ts'
import { atHolder } from './at-holder.ts'
import { askedFolder } from './history.ts'
import type { Invocation } from './invocation.ts'
import { summaryFor } from './prune-summary.ts'
import { formatBytes, formatCount, formatMoment } from './quantities.ts'
import { relayText } from './relay-text.ts'
import { withProgress } from './with-progress.ts'

export interface MoveFlags {
  readonly invite?: string | undefined
  readonly removeOld?: boolean | undefined
}

/** Takes it there, and says what that came to. @throws ClientError */
export async function move(
  invocation: Invocation,
  { folder, relay }: { readonly folder: string; readonly relay: string },
  { invite, removeOld = false }: MoveFlags,
): Promise<ExitCode> {
  const startMs = performance.now()
  const { output, interrupt } = invocation
  const { home, record, place } = askedFolder(invocation, folder)
  const path = openingKey(record)
  const options = { relay: relayText(relay), removeOld, ...(invite === undefined ? {} : { invite }) }
  const moved = await atHolder(home, path, {
    ask: (holder) => holder.move({ path, ...options }, { signal: interrupt.signal }),
    here: () => withProgress({ invocation, home, path }, place, (engine) => engine.move(options)),
  })
  tell(invocation, moved)
  const { lacking, ...counts } = moved
  output.line({ event: 'move', ...place, ...counts, lacking: lacking.length })
  for (const pack of lacking)
    output.line({ event: 'problem', ...place, path: '', code: 'pack-unavailable', pack })
  const summary = summaryFor(place, Math.round(performance.now() - startMs))
  const exitCode = lacking.length > 0 ? 3 : 0
  output.line({ ...summary, problems: lacking.length, exitCode })
  return exitCode
}

function tell({ output }: Invocation, { isThere, lacking, from, removedMs, ...moved }: Moved): void {
  const { words, language } = output
  const { relay, entries, packs, bytes } = moved
  const counts = { entries: formatCount(entries, language), packs: formatCount(packs, language) }
  output.result(
    isThere && entries + packs === 0
      ? words.moveThere({ relay })
      : words.moveDone({ ...counts, bytes: formatBytes(bytes, language), relay }),
  )
  for (const pack of lacking) output.note(words.moveLacking({ pack }))
  if (from === undefined) return
  output.note(
    removedMs === undefined
      ? words.moveOldStays({ from, relay })
      : words.moveOldGoes({ from, until: formatMoment(removedMs, language) }),
  )
}
