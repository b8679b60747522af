// The entries of a log as a stream: asked for in bounded pieces, the next piece while the reader works on this one.
import type { VaultId } from '@grenier/crypto'
import { ProtocolError, type RelayAnswer, type RelayMessageOf } from '@grenier/protocol'
import type { Link } from './link.ts'
import { refused } from './relay-failure.ts'
import type { RelayEntry } from './relay-session.ts'

/** Bytes of one piece: two of them are held at once, and one fills a line of 300 Mbit/s over 50 ms. */
const pieceBytes = 2 * 1024 * 1024

interface Piece {
  readonly entries: readonly RelayEntry[]
  /** What to ask for next; undefined at the head. */
  readonly next: number | undefined
}

/** Entries from `from` up to the head, rising without a gap. @throws ClientError as RelaySession says. */
export async function* entryStream(link: Link, vault: VaultId, from: number): AsyncGenerator<RelayEntry> {
  let ahead: Promise<Piece> | undefined = ask(link, vault, from)
  while (ahead !== undefined) {
    const { entries, next }: Piece = await ahead
    ahead = next === undefined ? undefined : ask(link, vault, next)
    yield* entries
  }
}

function ask(link: Link, vault: VaultId, from: number): Promise<Piece> {
  const entries: RelayEntry[] = []
  const asked = new Promise<Piece>((resolve, reject) => {
    link.request((id) => ({ type: 'entries', id, vault, from, limitBytes: pieceBytes }), {
      take(answer: RelayAnswer): boolean {
        if (answer.type === 'error') reject(refused(answer))
        else if (answer.type !== 'entries-part') throw new ProtocolError('malformed', 'no answer to entries')
        else if (add(entries, from, answer)) resolve({ entries, next: following(entries, from, answer) })
        else return false
        return true
      },
      fail: reject,
    })
  })
  // A reader that stops early never awaits the piece that is under way.
  asked.catch(() => undefined)
  return asked
}

function add(entries: RelayEntry[], from: number, part: RelayMessageOf<'entries-part'>): boolean {
  for (const entry of part.entries) {
    if (entry.sequence !== from + entries.length) throw new ProtocolError('malformed', 'a gap in the entries')
    entries.push(entry)
  }
  return part.last
}

function following(
  entries: readonly RelayEntry[],
  from: number,
  part: RelayMessageOf<'entries-part'>,
): number | undefined {
  const next = from + entries.length
  if (next > part.head) return undefined
  if (entries.length === 0) throw new ProtocolError('malformed', 'no entry, and not the head')
  return next
}
