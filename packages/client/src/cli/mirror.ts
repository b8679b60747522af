// `grenier mirror`: a second relay that is kept up to date with the very same entries and packs. Asked of the running `sync` where one holds the folder.
import type { MirrorChange } from '../engine/mirror-list.ts'
import type { ExitCode } from '../errors.ts'
import { openingKey } from '../home/home.ts'
import { atHolder, withEngine } from './at-holder.ts'
import { askedFolder, type Asked } from './history.ts'
import type { Invocation } from './invocation.ts'
import { mirrorJson, mirrorText } from './mirror-lines.ts'
import { summaryFor } from './prune-summary.ts'
import { relayText } from './relay-text.ts'
import { standingOf } from './status.ts'

/** Names a mirror, with an account there. @throws ClientError */
export async function mirrorAdd(
  invocation: Invocation,
  { folder, relay }: { readonly folder: string; readonly relay: string },
  { invite }: { readonly invite?: string | undefined },
): Promise<ExitCode> {
  const { output } = invocation
  const url = relayText(relay)
  const startMs = performance.now()
  const asked = askedFolder(invocation, folder)
  const mirrors = await change(invocation, asked, { do: 'add', relay: url, ...(invite && { invite }) })
  output.line({ event: 'mirror-add', ...asked.place, relay: url, mirrors })
  output.result(output.words.mirrorAdded({ relay: url }))
  return ended(invocation, asked, startMs)
}

/** Names it no more. What it has stays there. @throws ClientError */
export async function mirrorRemove(
  invocation: Invocation,
  { folder, relay }: { readonly folder: string; readonly relay: string },
): Promise<ExitCode> {
  const { output } = invocation
  const url = relayText(relay)
  const startMs = performance.now()
  const asked = askedFolder(invocation, folder)
  const mirrors = await change(invocation, asked, { do: 'remove', relay: url })
  output.line({ event: 'mirror-remove', ...asked.place, relay: url, mirrors })
  output.result(output.words.mirrorRemoved({ relay: url }))
  return ended(invocation, asked, startMs)
}

/** Shows them, and how far they are. @throws ClientError */
export async function mirrorList(invocation: Invocation, folder: string | undefined): Promise<ExitCode> {
  const { output } = invocation
  const startMs = performance.now()
  const asked = askedFolder(invocation, folder)
  const mirrors = (await standingOf(invocation, asked.home, asked.record)).status.mirrors ?? []
  if (mirrors.length === 0) output.result(output.words.mirrorNone({}))
  for (const mirror of mirrors) {
    output.line({ event: 'mirror-standing', ...asked.place, ...mirrorJson(mirror) })
    output.result(mirrorText(output.words, mirror))
  }
  return ended(invocation, asked, startMs)
}

async function change(
  invocation: Invocation,
  { home, record }: Asked,
  what: MirrorChange,
): Promise<readonly string[]> {
  const path = openingKey(record)
  const { signal } = invocation.interrupt
  return await atHolder(home, path, {
    ask: (holder) => holder.mirrors({ path, change: what }, { signal }),
    here: () => withEngine({ invocation, home, path }, (engine) => engine.changeMirrors(what)),
  })
}

function ended({ output }: Invocation, { place }: Asked, startMs: number): ExitCode {
  output.line(summaryFor(place, Math.round(performance.now() - startMs)))
  return 0
}
