// Runs that once failed, each with the fault that it found. They stay green.
import type { StormOptions } from './storm.ts'

/** A run and what was wrong when it was found. */
export interface Regression {
  readonly found: string
  readonly run: StormOptions
}

export const regressions: readonly Regression[] = [
  {
    found:
      'a new file took the name of a directory that its user had removed, while the move of that directory failed',
    run: { seed: 243, devices: 2, moves: 15, era: 1 },
  },
  {
    found:
      'a directory that could not be made was there as one of the user, and what belongs into it came into that one, under a parent that no row had',
    run: { seed: 60101, era: 2 },
  },
  {
    found:
      'a directory that its user had removed was taken for removed although what was to move out of it had not: a row without a directory above it, planned for ever',
    run: { seed: 3000222, era: 2 },
  },
  {
    found:
      'a file that was written anew, and longer, between its opening and its reading was taken for one that only grew: cut off where it had ended',
    run: {
      seed: 4000206,
      devices: 2,
      moves: 21,
      without: new Set([3, 7, 8, 9, 11, 15, 17, 18, 19, 20]),
      era: 2,
    },
  },
  {
    found:
      'a file that was written twice in one tick of the clock, the second time while it was read, was sent torn',
    run: { seed: 6000034, devices: 3, moves: 15, without: new Set([2, 3, 6, 7, 8, 12, 13, 14]), era: 2 },
  },
  {
    found:
      'a directory that moved during a look was taken for removed and sent as such; the answer was lost, and when it was found again the own entry removed it',
    run: { seed: 7002752, devices: 2, moves: 16, without: new Set([9, 14, 15]), era: 2 },
  },
  {
    found:
      'a directory was renamed right before it got new bits: they were taken for set, and it kept the old ones for ever',
    run: {
      seed: 7201108,
      devices: 3,
      moves: 24,
      without: new Set([1, 4, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17]),
      era: 2,
    },
  },
  {
    found:
      'a file that changed on a full second, and was to be removed right then, was planned again 16 times a second until it had settled',
    run: { seed: 11_000_865, devices: 2, moves: 13, era: 2 },
  },
  {
    found:
      'an older disk of the relay lacked the state that a prune names, and nobody could join until an owner pruned again',
    run: { seed: 5_001_053, theme: 'all', era: 5 },
  },
  {
    found: 'the same, after the relay had let go of the entries before that state',
    run: { seed: 5_000_304, theme: 'all', era: 5 },
  },
  {
    found:
      'a writer alone knew entries of which the relay had lost the contents, and said so for ever: a person had to say that it goes on',
    run: { seed: 6_000_001, theme: 'all', era: 5 },
  },
  {
    found:
      'a device that joined, and was taken out before it had read the log, was told that its state is broken',
    run: {
      seed: 430_000_045,
      devices: 2,
      moves: 24,
      without: new Set([0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 21, 22]),
      era: 3,
    },
  },
  {
    found:
      'a prune and the end of the floor came while a device read the log: it went back to an earlier state behind which it kept nothing, for ever',
    run: {
      seed: 430_001_321,
      devices: 3,
      moves: 25,
      without: new Set([3, 4, 5, 8, 9, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24]),
      era: 3,
    },
  },
  {
    found:
      'a device had taken another one out and lost power, the relay had an older disk: the other one was back in',
    run: { seed: 430_002_837, devices: 2, moves: 16, without: new Set([2, 5, 6, 7, 10, 11, 12, 14]), era: 3 },
  },
  {
    found:
      'an owner made a writer a reader, and the relay lost its disk before the owner knew: the writer adopted, and waited for ever for an owner to say so again',
    run: {
      seed: 450_010_825,
      devices: 2,
      moves: 22,
      without: new Set([9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]),
      era: 3,
    },
  },
  {
    found:
      'the relay lost the pack of a file that was moved right then: who had the file could not read it where it had been, and never sent its content again',
    run: {
      seed: 480_004_178,
      devices: 3,
      moves: 19,
      without: new Set([2, 3, 6, 7, 12, 13, 14, 15, 16]),
      era: 4,
    },
  },
  {
    found:
      'devices wrote on at an old relay that was put back to a day before the vault left it: who was told where it is was refused there, and could not adopt',
    run: { seed: 500_009_267, devices: 3, moves: 8, without: new Set([0, 1, 2, 4, 6]), era: 4 },
  },
  {
    found:
      'the copy that a vault had left behind was made a mirror while it was told to go: it went, and the mirror never got anything again',
    run: { seed: 31_053, devices: 3, moves: 7, without: new Set([0, 1, 6]), theme: 'move', era: 4 },
  },
  {
    found:
      'on a branch that was adopted an invitation was open again, and its owner knew of no fork: a writer waited for ever, and was not told for what',
    run: {
      seed: 465_000_108,
      devices: 2,
      moves: 25,
      without: new Set([5, 6, 9, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24]),
      theme: 'move',
      era: 4,
    },
  },
  {
    found:
      'the relay lost the state that a prune names, and histories parted behind it: who was told to go on could not, although it had the whole log',
    run: {
      seed: 540_002_202,
      devices: 3,
      moves: 23,
      without: new Set([2, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]),
      era: 5,
    },
  },
  {
    found: 'the same, of two devices, one of which knew the state alone and not the prune',
    run: {
      seed: 540_003_775,
      devices: 3,
      moves: 24,
      without: new Set([17, 18, 19, 20, 21, 22, 23]),
      era: 5,
    },
  },
  {
    found:
      'an owner made another device an owner’s, was taken out by it, and the relay lost all: the one that was left might not put back what was before it was an owner’s',
    run: {
      seed: 540_003_667,
      devices: 2,
      moves: 20,
      without: new Set([0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19]),
      era: 5,
    },
  },
  {
    found:
      'what a prune had dropped before there was a mirror was brought back: the mirror, which never had those packs, took no entry any more',
    run: {
      seed: 580_010_858,
      devices: 3,
      moves: 24,
      without: new Set([1, 2, 3, 4, 5, 6, 7, 12, 17, 18, 19, 20, 21, 22, 23]),
      era: 5,
    },
  },
  {
    found:
      'a directory could not step aside, and a file in it, to be removed at the path that it was to have then, was taken for gone: it stayed, known to nobody',
    run: {
      seed: 600_003_764,
      devices: 3,
      moves: 24,
      without: new Set([4, 5, 8, 9, 11, 12, 14, 18, 19, 20, 21]),
      era: 6,
    },
  },
  {
    found:
      'the relay lost contents that only a reader had: it took note of them as dealt with, and as a writer never sent them again',
    run: {
      seed: 600_000_811,
      devices: 2,
      moves: 18,
      without: new Set([0, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17]),
      era: 6,
    },
  },
  {
    found:
      'a small file that had been seen between two writes in one tick of the clock was read with many others while the second came: it was sent torn',
    run: {
      seed: 600_007_063,
      devices: 2,
      moves: 17,
      without: new Set([2, 3, 5, 6, 8, 9, 10, 11, 12, 13, 15, 16]),
      era: 6,
    },
  },
  {
    found:
      'after a fork at a relay to which the vault had been taken, the simulation no longer knew where it was, and took all that rested for astray',
    run: {
      seed: 621_000_148,
      devices: 3,
      moves: 13,
      without: new Set([0, 1, 2, 3, 4, 6, 7, 11, 12]),
      theme: 'elsewhere',
      era: 6,
    },
  },
  {
    found:
      'somebody went on at a mirror while the first relay was down, not gone, and had more: the simulation took the two histories that came of it for a fault',
    run: { seed: 610_000_517, theme: 'move', era: 6 },
  },
  {
    found:
      'the relay to which a vault had been taken from a mirror was gone, and the simulation sent people to the first one, which they had left: two devices changed sides in turns',
    run: {
      seed: 621_000_076,
      devices: 2,
      moves: 19,
      without: new Set([4, 7, 8, 12, 13, 14, 15, 16, 17, 18]),
      theme: 'move',
      era: 6,
    },
  },
  {
    found:
      'a mirror had an older disk, somebody wrote on there, and devices said that it has another history: the simulation wanted it kept up to date all the same',
    run: { seed: 614_000_283, theme: 'elsewhere', era: 6 },
  },
  {
    found:
      'a join got no answer, and its code was taken back meanwhile: the simulation said the same code again, and nobody asked for another one, which leads on',
    run: { seed: 647, era: 7 },
  },
  {
    found:
      'a month passed for the relay that was to delete a copy, and for no other: once the vault was there again, its mirror refused what was written in days to come, and said so',
    run: { seed: 634_000_010, devices: 2, moves: 10, without: new Set([1, 7, 9]), theme: 'move', era: 7 },
  },
  {
    found:
      'a mirror to which much was put back was busy for some minutes, and said so: the simulation did not wait',
    run: {
      seed: 635_001_605,
      devices: 2,
      moves: 19,
      without: new Set([10, 13, 14, 15, 16, 18]),
      theme: 'elsewhere',
      era: 7,
    },
  },
  {
    found:
      'a vault was taken to a relay that was then gone, and the one of before had a disk that knew nothing of it: the simulation wanted contents read back that lay at the lost one alone',
    run: {
      seed: 630_007_554,
      devices: 2,
      moves: 25,
      without: new Set([0, 1, 2, 3, 4, 5, 6, 9, 11, 12, 19, 20, 21, 22, 23, 24]),
      era: 7,
    },
  },
  {
    found:
      'an owner was about to go on at a mirror when that one was gone, too: the simulation wanted the device to go back by itself, by a word that it had known when its person sent it away',
    run: {
      seed: 634_001_462,
      devices: 3,
      moves: 25,
      without: new Set([0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19, 21, 22, 23]),
      theme: 'move',
      era: 7,
    },
  },
  {
    found:
      'somebody joined at a relay after an owner had gone on at a mirror, which never heard of that device: all went there, and it was told nothing, for ever',
    run: { seed: 634_002_125, devices: 3, moves: 7, without: new Set([0, 2, 6]), theme: 'move', era: 7 },
  },
  {
    found: 'the same, while the owner was cut off on its way to the mirror',
    run: {
      seed: 634_002_454,
      devices: 3,
      moves: 20,
      without: new Set([0, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]),
      theme: 'move',
      era: 7,
    },
  },
  {
    found:
      'somebody whose join was cut off before it had read the log went on at a mirror, and was told that its state is broken',
    run: {
      seed: 671_001_128,
      devices: 2,
      moves: 18,
      without: new Set([1, 3, 4, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17]),
      theme: 'move',
      era: 7,
    },
  },
  {
    found:
      'a note of who took a device out was broken off in the middle, and the next one began with what was left of it: a state that cannot be read any more',
    run: {
      seed: 695_015_849,
      devices: 2,
      moves: 23,
      without: new Set([0, 1, 7, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]),
      era: 7,
    },
  },
  {
    found:
      'an owner was cut off while taking a device out, whoever was taken out heard of it alone, and then the relay was given an older disk: its person, who was told that it failed, says it again',
    run: { seed: 720_009_980, devices: 2, moves: 19, without: new Set([15, 17, 18]), era: 7 },
  },
  {
    found: 'the same, where the owner was stopped',
    run: { seed: 720_012_617, devices: 3, moves: 17, without: new Set([8]), era: 7 },
  },
  {
    found:
      'a join was cut off before the relay, which knew whose device it is, heard of it: the simulation knew only of devices that nobody knows',
    run: { seed: 720_048_711, devices: 2, moves: 8, era: 7 },
  },
  {
    found:
      'a device that had joined, and that an older disk of the relay had forgotten, was made to join once more in its folder: the simulation took it for one whose join was cut off',
    run: {
      seed: 740_012_717,
      devices: 3,
      moves: 13,
      without: new Set([0, 1, 6, 7, 8, 9, 10, 12]),
      era: 7,
    },
  },
  {
    found:
      'a join was cut off, and then histories parted: what goes on is held to what it had seen, so that its person forgets the folder and begins anew',
    run: {
      seed: 740_016_342,
      devices: 2,
      moves: 22,
      without: new Set([0, 1, 2, 3, 4, 9, 10, 12, 13, 14, 15, 16, 17, 18, 19, 21]),
      era: 7,
    },
  },
  {
    found:
      'an owner who had joined was never told that it is a stranger at the mirror where the vault went on, only that the mirror may have lost its data',
    run: {
      seed: 750_015_319,
      devices: 3,
      moves: 19,
      without: new Set([0, 2, 5, 6, 7, 9, 12, 13, 14, 16, 17, 18]),
      era: 7,
    },
  },
  {
    found:
      'a file stepped aside, its directory moved, and a new directory took its name, all with one flush: a loss of power kept the last of them and lost the first, and the file with it',
    run: {
      seed: 760_026_063,
      devices: 3,
      moves: 19,
      without: new Set([1, 4, 5, 9, 15, 16, 17, 18]),
      era: 7,
    },
  },
  {
    found:
      'the relay lost a version that one device had the predecessor of, and another one nothing: both said so, and the simulation wanted equal trees',
    run: {
      seed: 760_039_409,
      devices: 2,
      moves: 25,
      without: new Set([16, 17, 19, 20, 21, 22, 23, 24]),
      era: 7,
    },
  },
  {
    found:
      'newer keys were opened in a history that the relay lost with an older disk, by an owner whom it forgot: who went on without them waits for an owner, and begins anew where there is none',
    run: { seed: 760_022_878, devices: 2, moves: 12, without: new Set([0, 3, 4, 5, 11]), era: 7 },
  },
  {
    found:
      'a move was cut off by the end of its process, and the simulation took that for a refusal: nobody said it again, and who came later wrote on at a relay that had a part of the log',
    run: {
      seed: 770_005_345,
      devices: 3,
      moves: 13,
      without: new Set([1, 2, 4, 5, 7, 10, 12]),
      era: 7,
    },
  },
  {
    found:
      'an owner who had joined named a mirror at which whoever made the vault has no account: that one says so, and nobody added it there',
    run: { seed: 770_040_925, devices: 2, moves: 8, without: new Set([1, 2, 3, 4]), era: 7 },
  },
  {
    found:
      'a join that came to nothing was taken back, and the power went when the marker had gone and the record had not: the folder was said to lack its marker',
    run: {
      seed: 780_001_238,
      devices: 2,
      moves: 22,
      without: new Set([12, 13, 14, 15, 16, 17, 18, 19, 20, 21]),
      era: 7,
    },
  },
  {
    found:
      'a file was put back to what it had been while its new version was on its way: by what base became, nothing had been changed here, and the new version came back',
    run: { seed: 790_005_506, devices: 2, moves: 9, without: new Set([2, 3, 5, 6, 7, 8]), era: 7 },
  },
  {
    found:
      'the clock of a relay went back by more than an hour, twice: the simulation had owners make writers of readers before it took anything',
    run: {
      seed: 790_020_082,
      devices: 2,
      moves: 21,
      without: new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 15, 16, 17, 19, 20]),
      era: 7,
    },
  },
  {
    found:
      'a device was taken out, the vault moved, and the old relay was put back to a day before both: told where the vault is, it is refused there, and the simulation told it again and again',
    run: {
      seed: 800_004_024,
      devices: 2,
      moves: 25,
      without: new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 15, 16, 17, 19, 20, 22, 23, 24]),
      era: 7,
    },
  },
  {
    found:
      'content that the relay lost was looked for in a file in whose place another one was by then: it was taken for looked for, and never sent from where it had gone',
    run: {
      seed: 800_041_089,
      devices: 2,
      moves: 25,
      without: new Set([0, 1, 2, 3, 4, 5, 7, 8, 10, 11, 12, 15, 18, 19, 20, 21, 23, 24]),
      era: 7,
    },
  },
  {
    found:
      'a relay died while an owner was told to go on at a mirror, and was taken for gone: the simulation asked only whether it was down when the owner was told, and wanted back what it alone had',
    run: {
      seed: 810_004_544,
      devices: 2,
      moves: 21,
      without: new Set([1, 2, 3, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]),
      era: 7,
    },
  },
  {
    found:
      'what one device had sent anew of what the relay lost was dropped by the prune of another one, which still counted on what was lost',
    run: { seed: 810_023_900, devices: 3, moves: 8, without: new Set([2, 3, 6, 7]), era: 7 },
  },
  {
    found:
      'content that the relay lost was looked for while the file that has it was being moved, and was known under neither name: it was taken for looked for',
    run: { seed: 810_018_429, devices: 3, moves: 13, without: new Set([0, 1, 2, 5, 6, 7, 11]), era: 7 },
  },
]

/** Seeds of planner runs that once failed. */
export const plannerRegressions: readonly { readonly found: string; readonly seed: number }[] = []
