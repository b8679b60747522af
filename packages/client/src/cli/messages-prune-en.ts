// English messages about pruning.
import type { PruneCatalogue } from './catalogue-prune.ts'

/** Spread into the catalogue. */
export const englishPrune: PruneCatalogue = {
  errorCheckpointBroken: ({ device }) =>
    `the state of the vault that an owner's prune points to cannot be read; device ${device} wrote it`,
  hintCheckpointBroken: () =>
    'no file was touched; ask an owner whose device is in sync to run `grenier prune`, and look at that device',
  errorPruneBlocked: ({ path }) =>
    `the relay lacks the list of the parts of ${path}: what it needs is not known, and nothing is dropped`,
  hintPruneBlocked: ({ days }) =>
    `\`grenier verify\` on a device that has the file may put it back; in ${days} days a prune goes on without it`,
  pruneUnreadable: ({ path }) => `Its list of parts cannot be read, so it was not waited for: ${path}`,
  problemNotPruned: () =>
    'what is old could not be let go of this time; syncing goes on, and it is tried again tomorrow',
  pruneNothing: () => 'There is nothing to let go of.',
  pruneDone: ({ dryRun, count, versions, packs, bytes }) =>
    `${versions} old ${count === 1 ? 'version' : 'versions'} and ${packs} packs ${dryRun ? 'would go' : 'go'}: ${bytes} at the relay.`,
  pruneRewritten: ({ dryRun, bytes }) =>
    `What is still needed of them (about ${bytes}) ${dryRun ? 'would be' : 'was'} packed anew first.`,
  pruneYoung: ({ bytes, days }) =>
    `Another ${bytes} that no kept version needs was sent in the last ${days} days, and goes with a prune after that.`,
  pruneFloor: ({ days }) =>
    `The relay keeps all of it for ${days} days from the drop. Until then \`grenier prune --undo\` brings it back.`,
  pruneUndoNothing: () => 'Nothing was dropped that the relay still has.',
  pruneUndoDone: ({ packs, bytes }) => `${packs} packs are back: ${bytes}.`,
  pruneUndoGone: ({ packs }) => `${packs} packs that were dropped are not at the relay any more.`,
  retentionIs: ({ span }) =>
    `Old versions stay for ${span}; what a prune drops is kept at the relay as long again.`,
  retentionWas: ({ span }) =>
    `A longer time held before: until it has passed, the relay keeps what is dropped for ${span}.`,
  helpRetention: () => 'how long old versions stay and what was dropped is kept; set it with a time (owners)',
  helpPrune: () => 'let go of old versions: drop what no version that is kept needs (owners)',
  helpPruneKeep: () => 'how far back versions are kept (the time of `retention`)',
  helpPruneDryRun: () => 'only say what would go',
  helpPruneUndo: () => 'bring back what was dropped, as long as the relay keeps it',
}
