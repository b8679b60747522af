// The part of the catalogue that is about pruning.
import type { Text } from './catalogue-text.ts'

type Plain = Text

/** What people read about pruning. */
export interface PruneCatalogue {
  errorCheckpointBroken: Text<{ device: string }>
  hintCheckpointBroken: Plain
  errorPruneBlocked: Text<{ path: string }>
  hintPruneBlocked: Text<{ days: string }>
  pruneUnreadable: Text<{ path: string }>
  problemNotPruned: Text<{ path: string }>
  pruneNothing: Plain
  pruneDone: Text<{ dryRun: boolean; count: number; versions: string; packs: string; bytes: string }>
  pruneRewritten: Text<{ dryRun: boolean; bytes: string }>
  pruneYoung: Text<{ bytes: string; days: number }>
  pruneFloor: Text<{ days: string }>
  pruneUndoNothing: Plain
  pruneUndoDone: Text<{ packs: string; bytes: string }>
  pruneUndoGone: Text<{ packs: string }>
  retentionIs: Text<{ span: string }>
  retentionWas: Text<{ span: string }>
  helpRetention: Plain
  helpPrune: Plain
  helpPruneKeep: Plain
  helpPruneDryRun: Plain
  helpPruneUndo: Plain
}
