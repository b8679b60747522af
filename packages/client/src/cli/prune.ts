// `grenier prune`: lets go of what no retained version needs, says what would go, or brings back what was dropped. Asked of the running `sync` where
// one holds the folder.
import type { BroughtBack } from '../engine/bringing-back.ts'
import { sparedMs } from '../engine/prune-look.ts'
import type { Pruned } from '../engine/pruning.ts'
import type { ExitCode } from '../errors.ts'
import { openingKey } from '../home/home.ts'
import { atHolder, withEngine } from './at-holder.ts'
import { summaryFor } from './prune-summary.ts'
import { askedFolder, type Asked } from './history.ts'
import type { Invocation } from './invocation.ts'
import { formatBytes, formatCount, parseDuration } from './quantities.ts'
import { printable } from './printable.ts'
import { usageError } from './usage-error.ts'

export interface PruneFlags {
  readonly keep?: string | undefined
  readonly dryRun?: boolean | undefined
  readonly undo?: boolean | undefined
}

const dayMs = 86_400_000

/** Prunes, and says what that came to. @throws ClientError */
export async function prune(
  invocation: Invocation,
  folder: string | undefined,
  { keep, dryRun = false, undo = false }: PruneFlags,
): Promise<ExitCode> {
  const startMs = performance.now()
  if (undo && (dryRun || keep !== undefined)) throw usageError('undo-alone')
  const asked = askedFolder(invocation, folder)
  const path = openingKey(asked.record)
  const { signal } = invocation.interrupt
  const on = { invocation, home: asked.home, path }
  if (undo) {
    const back = await atHolder(asked.home, path, {
      ask: (holder) => holder['bring-back']({ path }, { signal }),
      here: () => withEngine(on, (engine) => engine.bringBack()),
    })
    tellBack(invocation, asked, back)
  } else {
    const options = { keepMs: keep === undefined ? undefined : parseDuration(keep), dryRun }
    const pruned = await atHolder(asked.home, path, {
      ask: (holder) => holder.prune({ path, ...options }, { signal }),
      here: () => withEngine(on, (engine) => engine.prune(options)),
    })
    tellPruned(invocation, asked, { pruned, dryRun })
  }
  invocation.output.line(summaryFor(asked.place, Math.round(performance.now() - startMs)))
  return 0
}

function tellPruned(
  { output }: Invocation,
  { place }: Asked,
  { pruned, dryRun }: { readonly pruned: Pruned; readonly dryRun: boolean },
): void {
  const { words, language } = output
  const { packs, packBytes, versions, rewrittenBytes, floorMs } = pruned
  const freedBytes = Math.max(0, packBytes + pruned.entryBytes - rewrittenBytes)
  output.line({ event: 'prune', ...place, dryRun, ...pruned, freedBytes })
  for (const path of pruned.unreadable) output.note(words.pruneUnreadable({ path: printable(path) }))
  const young = { bytes: formatBytes(pruned.youngBytes, language), days: Math.round(sparedMs / dayMs) }
  const tellYoung = (): void => (pruned.youngBytes > 0 ? output.note(words.pruneYoung(young)) : undefined)
  if (packs === 0 && pruned.entries === 0) {
    output.result(words.pruneNothing({}))
    tellYoung()
    return
  }
  const said = {
    dryRun,
    count: versions,
    versions: formatCount(versions, language),
    packs: formatCount(packs, language),
    bytes: formatBytes(freedBytes, language),
  }
  output.result(words.pruneDone(said))
  if (pruned.rewrittenPacks > 0)
    output.note(words.pruneRewritten({ dryRun, bytes: formatBytes(rewrittenBytes, language) }))
  output.note(words.pruneFloor({ days: formatCount(Math.ceil(floorMs / dayMs), language) }))
  tellYoung()
}

function tellBack({ output }: Invocation, { place }: Asked, back: BroughtBack): void {
  const { words, language } = output
  output.line({ event: 'prune', ...place, undo: true, ...back })
  const { packs, bytes, gone } = back
  output.result(
    packs === 0
      ? words.pruneUndoNothing({})
      : words.pruneUndoDone({ packs: formatCount(packs, language), bytes: formatBytes(bytes, language) }),
  )
  if (gone > 0) output.note(words.pruneUndoGone({ packs: formatCount(gone, language) }))
}
