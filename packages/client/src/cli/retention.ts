// `grenier retention`: how long old versions stay and what was dropped is kept, and another time for both. Asked of the running `sync` where one
// holds the folder.
import type { ExitCode } from '../errors.ts'
import { openingKey } from '../home/home.ts'
import { atHolder, withEngine } from './at-holder.ts'
import { askedFolder } from './history.ts'
import type { Invocation } from './invocation.ts'
import { summaryFor } from './prune-summary.ts'
import { formatSpan, parseDuration } from './quantities.ts'

/** Says it, set to `floor` (`90d`) before where one is given. @throws ClientError */
export async function retention(
  invocation: Invocation,
  folder: string,
  floor: string | undefined,
): Promise<ExitCode> {
  const startMs = performance.now()
  const { output, interrupt } = invocation
  const { home, record, place } = askedFolder(invocation, folder)
  const wanted = floor === undefined ? {} : { floorMs: parseDuration(floor) }
  const path = openingKey(record)
  const said = await atHolder(home, path, {
    ask: (holder) => holder.retention({ path, ...wanted }, { signal: interrupt.signal }),
    here: () => withEngine({ invocation, home, path }, (engine) => engine.retention(wanted.floorMs)),
  })
  const { words, language } = output
  output.line({ event: 'retention', ...place, ...said })
  output.result(words.retentionIs({ span: formatSpan(said.floorMs, language) }))
  if (said.holdsMs > said.floorMs)
    output.note(words.retentionWas({ span: formatSpan(said.holdsMs, language) }))
  output.line(summaryFor(place, Math.round(performance.now() - startMs)))
  return 0
}
