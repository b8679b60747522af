// Where chunks of an earlier state were put since, by prunes that wrote packs anew: a later prune may have dropped these packs in turn, so that neither
// the state of then nor that of now names them. They are at the relay until the retention floor has passed, and hold what that state needs.
import { toHex, type Entry, type PackIndex } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { foldClaims } from '../state/fold.ts'
import type { TreesStore } from '../state/trees-store.ts'
import { decodeBody, hasBody, indexIn } from './entry-body.ts'
import type { LogReplay, Replayed } from './log-replay.ts'

export interface LaterPlaces {
  readonly replay: LogReplay
  /** Entries behind `after`, up to `through`. */
  readonly after: number
  readonly through: number
}

/** Adds these places to `trees`. As far as entries are to be had: what retired and is gone tells of packs that are gone, too. */
export async function addLaterPlaces(trees: TreesStore, later: LaterPlaces): Promise<void> {
  const wanted = await addingDropped(later)
  if (wanted.size === 0) return
  const { replay, after } = later
  const through = [...wanted].reduce((last, sequence) => Math.max(last, sequence))
  for await (const replayed of replay.entries({ whole: after + 1, through })) {
    const { entry, sequence } = replayed
    if (entry === undefined || !wanted.has(sequence) || !hasBody(entry)) continue
    const index = await indexOf(replay, replayed, entry)
    await trees.write({ flush: false }, (rows) =>
      foldClaims(rows, { header: entry.header, index, own: false }),
    )
  }
}

function indexOf(replay: LogReplay, replayed: Replayed, { header }: Entry): Promise<readonly PackIndex[]> {
  return indexIn(async () => {
    const opened = await replay.body(replayed)
    return 'fault' in opened ? { fault: opened.fault } : decodeBody(header, opened.body)
  })
}

/** The entries that added packs which a later one dropped. */
async function addingDropped(later: LaterPlaces): Promise<ReadonlySet<number>> {
  const dropped = new Set<string>()
  const added: (readonly [string, number])[] = []
  for await (const { header } of entriesOf(later)) {
    if (header.kind === 'drop') for (const id of header.part.packs) dropped.add(toHex(id))
    for (const { id } of [...header.added, ...header.restored]) added.push([toHex(id), header.sequence])
  }
  return new Set(added.filter(([id]) => dropped.has(id)).map(([, sequence]) => sequence))
}

async function* entriesOf({ replay, after, through }: LaterPlaces): AsyncGenerator<Entry> {
  try {
    for await (const { entry, sequence } of replay.entries({ whole: after + 1, through }))
      if (entry !== undefined && sequence > after) yield entry
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'history-gone') throw error
  }
}
