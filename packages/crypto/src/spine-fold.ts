// One spine entry into the spine: the draft is made here and handed out as the next spine; the old one stays as it was.
import type { EntryHash } from './bytes.ts'
import type { ConfigHeader, MemberHeader, PruneHeader } from './header.ts'
import { floorsMax } from './limits.ts'
import type { RetentionFloor, Spine } from './spine.ts'
import { draftOf, wrong, type Draft } from './spine-draft.ts'
import { foldMember } from './spine-member.ts'

/**
 * The spine after this entry, whose hash is `hash`. Right, chain and signature are the caller's.
 * @throws CryptoError `public-part-wrong`, `signature-wrong`, `limit`
 */
export function foldSpine(
  spine: Spine,
  header: MemberHeader | ConfigHeader | PruneHeader,
  hash: EntryHash,
): Spine {
  const draft = draftOf(spine)
  switch (header.kind) {
    case 'member':
      foldMember(draft, header)
      break
    case 'config':
      foldConfig(draft, header)
      break
    case 'prune':
      foldPrune(draft, header)
      break
  }
  return { ...draft, head: hash, sequence: header.sequence }
}

function foldConfig(draft: Draft, { part, sequence }: ConfigHeader): void {
  if (part.retentionMs !== undefined) draft.retention = withFloor(draft.retention, part.retentionMs, sequence)
  if (part.payloadVersionMax !== undefined) {
    if (part.payloadVersionMax <= draft.payloadVersionMax) wrong('the highest payload version only rises')
    draft.payloadVersionMax = part.payloadVersionMax
  }
  if (part.continuation !== undefined) draft.continuation = { ...part.continuation, since: sequence }
}

/** The floors with one more, which is in force; of too many, the two oldest become one that is no shorter than either. */
function withFloor(floors: readonly RetentionFloor[], floorMs: number, sequence: number): RetentionFloor[] {
  const ended = floors.map((floor) => ({ ...floor, until: floor.until ?? sequence }))
  const all: RetentionFloor[] = [...ended, { floorMs, since: sequence, until: undefined }]
  const [oldest, next, ...rest] = all
  if (all.length <= floorsMax || oldest === undefined || next === undefined) return all
  return [
    { floorMs: Math.max(oldest.floorMs, next.floorMs), since: oldest.since, until: next.until },
    ...rest,
  ]
}

/** That the checkpoint is one, of that sequence, is checked where checkpoints are known (log-state.ts). */
function foldPrune(draft: Draft, { part, sequence }: PruneHeader): void {
  const { through, checkpoint } = part
  if (checkpoint.sequence >= sequence || through >= checkpoint.sequence)
    wrong('a prune names a checkpoint that does not lie between its sequence and the entry')
  if (draft.prune !== undefined && through <= draft.prune.through)
    wrong('a prune does not go beyond the one before')
  draft.prune = { through, checkpoint, since: sequence }
}
