// `grenier limit`: how fast each process of this home may send and receive, now and from now on.
import type { ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import { liveSyncs } from './control-client.ts'
import type { Invocation } from './invocation.ts'
import { formatBytes, parseRate } from './quantities.ts'

/** Sets what is given, tells the processes at work, and says how it stands. @throws ClientError */
export async function limit(
  { output, homeDirectory, interrupt }: Invocation,
  flags: { readonly up?: string | undefined; readonly down?: string | undefined },
): Promise<ExitCode> {
  const home = openHome(homeDirectory)
  const wanted: { up?: number | undefined; down?: number | undefined } = {}
  if (flags.up !== undefined) wanted.up = parseRate(flags.up)
  if (flags.down !== undefined) wanted.down = parseRate(flags.down)
  if (Object.keys(wanted).length > 0) {
    await home.limit(wanted)
    const running = await liveSyncs(homeDirectory)
    for (const { pid, limit } of running)
      // One that is too busy to listen, or ends right now, does not keep the others from hearing it.
      await limit({}, { signal: interrupt.signal }).catch(() =>
        output.note(output.words.limitUnheard({ pid })),
      )
  }
  const { up, down } = home.limits
  output.line({ event: 'limit', up: up ?? null, down: down ?? null })
  const { words, language } = output
  const said = (rate: number | undefined): string | undefined =>
    rate === undefined ? undefined : formatBytes(rate, language)
  output.result(words.limits({ up: said(up), down: said(down) }))
  return 0
}
