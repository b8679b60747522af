// The catalogue in English, as far as it is about mirrors.
import type { MirrorCatalogue } from './catalogue-mirror.ts'

const refused: Readonly<Record<string, { error: (relay: string) => string; hint: string }>> = {
  unknown: {
    error: (relay) => `${relay} is no mirror of this vault`,
    hint: '`grenier mirror list` shows them',
  },
  first: {
    error: (relay) => `${relay} is the relay where this vault is`,
    hint: 'a mirror is another relay: that of another hoster, or one at home',
  },
  here: {
    error: (relay) => `${relay} is the relay where this vault is, and no mirror of it`,
    hint: '`grenier mirror list` shows the mirrors; `grenier move FOLDER RELAY` takes the vault elsewhere',
  },
  stranger: {
    error: (relay) => `the mirror ${relay} does not know this device`,
    hint: 'it heard of the vault before this device came in: another owner goes on there, whom it knows, or an owner’s device of whoever made the vault',
  },
  kept: {
    error: (relay) => `${relay} is a mirror of this vault: what it has stays there`,
    hint: '`grenier mirror remove FOLDER RELAY_URL` first, where it is to go',
  },
  'first-works': {
    error: (relay) =>
      `${relay}, where this vault is, answers and has it: there is no need to go on without it`,
    hint: '`grenier move FOLDER RELAY` takes the vault there, and the other devices hear of it at once. Where the first relay is of no use although it answers: --force',
  },
}

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
  mirrorAccountLost: () =>
    'it does not know this device. Did it lose its data? `grenier mirror add FOLDER RELAY` once more, on a device of whoever made the vault, and it has everything again',
  mirrorStranger: () =>
    'it has not heard of this device for a day. The other devices bring it there when they sync. If the vault goes on there, and they with it: `grenier forget FOLDER`, then `grenier join CODE FOLDER` with a new code of an owner. Files stay as they are',
  mirrorTrouble: ({ relay, message }) =>
    `The mirror ${relay} cannot be brought up to date (${message}); syncing goes on, and it is tried again.`,
  mirrorPromoted: ({ relay, isThere }) =>
    isThere ? `The vault is at ${relay}.` : `The vault goes on at ${relay}, for all its devices.`,
  mirrorGiven: ({ entries, packs, bytes }) =>
    `Put there from here: entries it lacked: ${entries}, packs with content it lacked: ${packs} (${bytes}).`,
  mirrorLacking: ({ count, packs }) =>
    `${packs} ${count === 1 ? 'pack' : 'packs'} of the vault had not reached the mirror yet, and this device does not have all that was in ${count === 1 ? 'it' : 'them'}. What it has was sent again; the other devices send what they have when they sync.`,
  mirrorFollow: ({ relay, from }) =>
    `The other devices find out by themselves when ${from} does not answer: a sync looks at the mirrors then. One that does not: \`grenier sync FOLDER --relay ${relay}\`.`,
  errorMirrorRefused: ({ what, relay }) => refused[what]?.error(relay) ?? `not done: ${what}`,
  hintMirrorRefused: ({ what }) => refused[what]?.hint ?? '`grenier mirror list` shows the mirrors',
  hintRelayMirror: ({ mirror }) =>
    `check the connection and the address; nothing is lost, the next run goes on. If the relay is gone for good, an owner goes on at the mirror: \`grenier mirror promote FOLDER ${mirror}\``,
  hintMirrorUnknown: ({ mirror }) =>
    `check the connection and the address; nothing is lost, the next run goes on. Is the relay gone for good? The mirror ${mirror} has not heard of this device yet: once an owner has gone on there (\`grenier mirror promote\`), try again; if it still refuses, \`grenier forget FOLDER\`, then \`grenier join CODE FOLDER\` with a new code of an owner. Files stay as they are`,
  formerParted: ({ relay }) =>
    `${relay}, where this vault was before, answers again, and a device wrote there that had not heard that the vault goes on elsewhere. Those changes are not in the vault yet. That device finds out at its next sync and stops; \`grenier adopt FOLDER\` there brings its files over.`,
  helpMirror: () =>
    'a second relay that is kept up to date: name one, show how far they are, let one go, or go on at one when the first relay is gone',
  helpMirrorForce: () => 'of `promote`: although the relay where the vault is answers',
  helpMirrorWhat: () =>
    '`add`, `remove` and `promote` with FOLDER and RELAY_URL (owners), `list` with or without FOLDER',
  helpMirrorInvite: () => 'the code that its hoster gave you, to open an account there',
}
