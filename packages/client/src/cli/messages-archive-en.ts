// The catalogue in English, as far as it is about archives.
import type { ArchiveCatalogue } from './catalogue-archive.ts'
import { englishForm as some } from './plurals.ts'

export const englishArchive: ArchiveCatalogue = {
  errorArchiveBroken: () => 'this is no archive of Grenier, or nothing in it can be read any more',
  hintArchiveBroken: () => 'a sealed export ends in .grenier; try another copy of it',
  errorArchiveClosed: () => 'these 24 words do not open this archive',
  hintArchiveClosed: () => 'they are another person’s, or were replaced by newer ones',
  errorArchiveForeign: () => 'the file holds an archive of another vault, or another history of this one',
  hintArchiveForeign: () => 'name another file; this one is left as it is',
  errorArchiveBusy: () => 'another export writes this very file',
  hintArchiveBusy: () => 'wait until it is done, or name another file',
  problemNotOverwritten: ({ path }) => `${path}: something else is there already, and was left as it is`,
  problemArchiveDamaged: ({ path }) => `${path}: a part of it lies where the archive is damaged`,
  lostAtRelay: ({ path }) => `${path}: the relay lacks a part of it`,
  damagedAtRelay: ({ path }) => `${path}: a part of it is damaged at the relay`,
  untrueOfIt: ({ path }) => `${path}: a part of it is not what a member said it is`,
  salvagedBeside: ({ problem, keptAs, ...lost }) =>
    `${problem}. The rest is in its place in ${keptAs}; ${zerosIn(lost)}`,
  salvagedInPlace: ({ problem, ...lost }) =>
    `${problem}. That was seen while it was being written: it has its own name, and is not whole; ${zerosIn(lost)}`,
  salvagedNothing: ({ problem }) => `${problem}; it is left out`,
  exportTroubles: ({ count, files }) =>
    `${files} ${some(count, 'file is', 'files are')} not whole in it, or not in it: see above. \`grenier heal\` on a device that still has ${some(count, 'it', 'them')} gives the relay back what it lost.`,
  sealedDone: ({ count, entries, packCount, packs, bytes, path }) =>
    `${entries} ${some(count, 'entry', 'entries')} and ${packs} ${some(packCount, 'pack', 'packs')}, ${bytes}, in ${path}.`,
  sealedLacking: ({ pack }) => `the relay lacks pack ${pack}: the archive is without it`,
  sealedGoesOn: ({ path }) => `${path}: goes on with what is there.`,
  exportAsOf: ({ bytes, sequence, path, note }) =>
    `${bytes} are there: the vault as it stood after entry ${sequence} of the log. To begin anew instead, remove ${path} and ${note}.`,
  exportReads: ({ bytes, path }) => `${path}: ${bytes} are there, and are looked through first.`,
  exportAnew: ({ path, why }) => `${path}: ${why}; the export begins anew.`,
  begunAnew: {
    other: 'what was begun there is another export',
    touched: 'what was begun there was changed since',
    wrapped: 'what was begun there is wrapped in age, and nobody can go on with that',
    gone: 'what was begun there is of a moment that the vault no longer keeps',
    lost: 'something that going on with it takes is not to be had any more',
    old: 'what was begun there was left more than 20 hours ago, and the vault may have gone on',
  },
  exportAlone: ({ path, reason }) =>
    `If it is cut off, this export begins anew: ${path} could not be used (${reason}).`,
  exportNotOurs: () =>
    'something else has that name, or what is left of an export that was cut off: remove it then',
  exportUnnamed: ({ path }) =>
    `The archive is whole, and only its name could not be given to it: it lies in ${path}, for you alone to read.`,
  hintExportStopped: () => 'nothing of it is left; the next export begins anew',
  exportKept: ({ path }) =>
    `What there is of the archive so far lies in ${path}, in clear, for you alone to read; the same command goes on with it.`,
  uncertainEntry: ({ sequence, reason, name }) =>
    name === undefined
      ? `entry ${sequence} of the log does not count (${reason}): what comes after it may not be what it was`
      : `${name}: what entry ${sequence} says of it does not apply any more (${reason})`,
  archiveUnfinished: () => 'the archive was never finished, or its end is lost: later changes may be missing',
  decryptDone: ({ count, files, bytes, path }) =>
    `${files} ${some(count, 'file', 'files')}, ${bytes}, in ${path}.`,
  decryptTroubles: ({ problems, uncertain }) =>
    `${problems} ${some(problems, 'problem', 'problems')}, ${uncertain} uncertain: see above.`,
  askArchiveWords: () => 'The 24 words, on one line:',
  helpExportSealed: () => 'write it as it lies at the relay, sealed, with all history; the 24 words open it',
  askAgePassphrase: () => 'The passphrase:',
  helpExportAge: () => 'wrap the tar in age for this recipient; `age -d | tar -x` opens it',
  helpExportAgePassphrase: () => 'wrap the tar in age with the passphrase in FILE (- for standard input)',
  helpDecrypt: () => 'open a sealed export with the 24 words: no relay, no account, no network',
  helpDecryptInto: () => 'the folder to write to; nothing in it is overwritten',
  helpDecryptList: () => 'only list what is in it',
  helpDecryptPath: () => 'only this file or folder of the vault; may be said again',
  helpDecryptAt: () => 'as it was then: a time, or the number of an entry of the log',
  helpDecryptPhrase: () => 'the file that holds the 24 words (- for standard input)',
}

function zerosIn({
  bytes,
  ranges,
  more,
}: Omit<Parameters<ArchiveCatalogue['salvagedInPlace']>[0], 'problem'>): string {
  if (ranges.length === 0) return 'asked for again, nothing of it was lost'
  const others = more > 0 ? `, and ${more} more ${some(more, 'stretch', 'stretches')}` : ''
  return `${bytes} of zeros stand for what is lost: bytes ${ranges.join(', ')}${others}`
}
