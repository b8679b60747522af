// `grenier conflicts`: the copies that were kept of conflicts, and what they conflict with.
import type { ConflictRow, HistoryRow } from '../engine/history-query.ts'
import type { ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import { heaviestExitCode } from './exit-code.ts'
import { pathFields, type Place } from './folder-lines.ts'
import { askedFolder, askHistory, endHistory } from './history.ts'
import type { Invocation } from './invocation.ts'
import type { Output } from './output.ts'
import { printable } from './printable.ts'

/** Lists those of one folder, or of all. @throws ClientError */
export async function conflicts(invocation: Invocation, folder: string | undefined): Promise<ExitCode> {
  const folders =
    folder === undefined ? openHome(invocation.homeDirectory).folders.map(({ path }) => path) : [folder]
  const { output } = invocation
  const exitCodes: ExitCode[] = []
  let count = 0
  for (const one of folders) {
    const startMs = performance.now()
    const asked = askedFolder(invocation, one)
    const take = (row: HistoryRow): Promise<void> => {
      if (row.row === 'conflict') tell(output, asked.place, row)
      return Promise.resolve()
    }
    const answer = await askHistory(invocation, asked, { query: { do: 'conflicts' }, take })
    count += answer.files
    exitCodes.push(endHistory(invocation, asked, { answer, startMs }))
  }
  if (count === 0) output.note(output.words.conflictsNone({}))
  return heaviestExitCode(exitCodes)
}

function tell(output: Output, place: Place, row: ConflictRow): void {
  const { path, there, keptAs, device, moment } = row
  const at = moment.replace(' ', 'T').replace('h', ':')
  output.line({
    event: 'conflict',
    ...place,
    ...pathFields('path', path),
    there,
    ...pathFields('keptAs', keptAs),
    device,
    at: `${at}:00Z`,
  })
  const said = { path: printable(path), keptAs: printable(keptAs), device: printable(device) }
  output.result(there ? output.words.conflictKept(said) : output.words.conflictAlone(said))
}
