// `grenier approve`: a person has looked at what the brake holds, or at a folder without its marker, and says that it may go on.
import { approveFolder } from '../engine/open-folder.ts'
import type { Approval, EngineContext } from '../engine/api.ts'
import type { ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import { atHolder } from './at-holder.ts'
import { knownFolder } from './folder-argument.ts'
import { sightText } from './sight-text.ts'
import type { Invocation } from './invocation.ts'
import { onceFree } from './open-own-folder.ts'
import { printable } from './printable.ts'

/** Approves what was seen; what comes after it is seen anew. @throws ClientError */
export async function approve(invocation: Invocation, folder: string): Promise<ExitCode> {
  const { output, homeDirectory, interrupt, platform } = invocation
  const home = openHome(homeDirectory)
  const record = knownFolder(home, folder)
  const { path, vault } = record
  const { signal } = interrupt
  const context = (): EngineContext => ({ home, platform: platform(), report: () => undefined, signal })
  const { approval, isRunning } = await atHolder<{ approval: Approval; isRunning: boolean }>(home, path, {
    ask: async (holder) => ({ approval: await holder.approve({ path }, { signal }), isRunning: true }),
    here: async () => {
      const approval = await onceFree(home, path, () => approveFolder(context(), path))
      return { approval, isRunning: false }
    },
  })
  output.line({ event: 'approve', folder: path, vault, marked: approval.marked, held: approval.sights })
  for (const text of textsOf(invocation, approval, path)) output.result(text)
  if (!isRunning) output.note(output.words.approveNext({}))
  return 0
}

function textsOf({ output }: Invocation, { marked, sights }: Approval, path: string): string[] {
  const { words, language } = output
  const place = { folder: printable(path) }
  if (!marked && sights.length === 0) return [words.approveNothing(place)]
  const seen = sights.map((sight) => words.approveSeen({ seen: sightText(words, language, sight) }))
  return marked ? [words.approveMarked(place), ...seen] : seen
}
