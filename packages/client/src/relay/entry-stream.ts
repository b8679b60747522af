// The entries of a log as a stream: asked for in bounded pieces, the next piece while the reader works on this one.
import type { VaultId } from '@grenier/crypto'
import { ProtocolError, type RelayAnswer, type RelayMessageOf } from '@grenier/protocol'
import { ClientError } from '../errors.ts'
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

/**
 * Entries from `from` up to the head, rising without a gap.
 * @throws ClientError as RelaySession says; `relay-contradicts` when the relay has fewer than it counts: its log is cut short
 */
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
        else if (!add(entries, from, answer)) return false
        else if (entries.length === 0 && from <= answer.head) reject(cutShort(from))
        else resolve({ entries, next: following(from + entries.length, answer) })
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

function following(next: number, part: RelayMessageOf<'entries-part'>): number | undefined {
  return next > part.head ? undefined : next
}

function cutShort(sequence: number): ClientError {
  const data = { sequence, what: 'chain-broken' }
  return new ClientError('relay-contradicts', `entry ${sequence} is counted by the relay, and not there`, {
    data,
  })
}
