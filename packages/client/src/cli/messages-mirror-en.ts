// The catalogue in English, as far as it is about mirrors.
import type { MirrorCatalogue } from './catalogue-mirror.ts'

export const englishMirror: MirrorCatalogue = {
  mirrorAdded: ({ relay }) =>
    `${relay} is a mirror of this vault from now on. A running sync, or the next one, brings everything there.`,
  mirrorRemoved: ({ relay }) =>
    `${relay} is no mirror any more. What it has stays there; nothing more is sent to it.`,
  mirrorNone: () => 'No mirror. `grenier mirror add FOLDER RELAY_URL` names one.',
  mirrorThere: ({ relay }) => `mirror ${relay}: has everything`,
  mirrorBehind: ({ relay, count, entries, bytes, since }) =>
    `mirror ${relay}: ${entries} ${count === 1 ? 'entry' : 'entries'} and ${bytes} behind${since === undefined ? '' : `, since ${since}`}`,
  mirrorFailing: ({ since, message }) => `  cannot be brought up to date since ${since}: ${message}`,
  mirrorTrouble: ({ relay, message }) =>
    `The mirror ${relay} cannot be brought up to date (${message}); syncing goes on, and it is tried again.`,
  helpMirror: () => 'a second relay that is kept up to date: name one, show how far they are, or let one go',
  helpMirrorWhat: () =>
    '`add` and `remove` with FOLDER and RELAY_URL (owners), `list` with or without FOLDER',
  helpMirrorInvite: () => 'the code that its hoster gave you, to open an account there',
}
