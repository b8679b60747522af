// What two devices were about when one of them died. Contents differ in length, so that a row of the state can be told by it.
import { Seeded } from '../simulation/seeded.ts'
import type { Device } from './device.ts'
import type { Opening } from './dying-client.ts'

/** Two devices of one person. The first dies. */
export interface Pair {
  readonly dying: Device
  readonly other: Device
  readonly relay: string
}

export interface Scenario {
  readonly name: string
  /** Whether the opening of the folder counts too. */
  readonly fromTheStart: boolean
  /** Whether it is worth while to let the relay die, too. */
  readonly isSending?: boolean
  /** Brings both to where it begins; says how the one that dies opens its folder then. */
  readonly arrange: (pair: Pair) => Promise<Opening>
}

/** A file of more than one pack. */
const largeBytes = 5_000_000

const synced = async ({ dying, other }: Pair): Promise<void> => {
  await dying.openAccount()
  await dying.add()
  await other.join(await dying.invite())
}

/** What is there before anything is edited. */
function furnish(device: Device): void {
  device.write('edited', 'as it was '.repeat(10))
  device.write('removed', 'soon gone '.repeat(11))
  device.write('bits', 'only bits change '.repeat(12))
  device.write('becomes-directory', 'a file '.repeat(13))
  device.makeDirectory('becomes-file')
  device.write('becomes-file/leaf', 'below it '.repeat(14))
  device.makeDirectory('old')
  device.makeDirectory('old/inner')
  device.write('old/inner/leaf', 'moved with it '.repeat(15))
  device.write('old/edited', 'moved and edited '.repeat(16))
  device.write('plain', 'renamed and closed '.repeat(18))
  device.makeDirectory('going')
  device.write('going/leaf', 'gone with it '.repeat(17))
  device.link('link', 'edited')
}

/** One of each kind of change. */
function edit(device: Device): void {
  device.write('edited', 'as it is now '.repeat(20))
  device.remove('removed')
  device.setMode('bits', 0o700)
  device.remove('becomes-directory')
  device.makeDirectory('becomes-directory')
  device.write('becomes-directory/leaf', 'a directory now '.repeat(21))
  device.remove('becomes-file')
  device.write('becomes-file', 'a file now '.repeat(22))
  device.makeDirectory('home')
  device.rename('old', 'home/new')
  device.write('home/new/edited', 'moved and edited, both '.repeat(23))
  device.setMode('home/new/inner/leaf', 0o600)
  device.setMode('home/new/inner', 0o750)
  device.rename('plain', 'home/plain-now')
  device.setMode('home/plain-now', 0o400)
  device.remove('going')
  device.remove('link')
  device.link('link', 'bits')
  device.write('new', 'new '.repeat(24))
  device.write('empty', '')
  device.makeDirectory('bare')
  device.setMode('bare', 0o777)
  device.makeDirectory('closed')
  device.write('closed/leaf', 'nobody may write here '.repeat(25))
  device.setMode('closed', 0o555)
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'a vault is started from a folder',
    fromTheStart: true,
    async arrange({ dying, relay }) {
      await dying.openAccount()
      dying.makeDirectory('folder')
      dying.write('folder/file', 'a file '.repeat(50))
      dying.write('first', 'the first '.repeat(60))
      dying.link('link', 'folder/file')
      return { do: 'add', relay }
    },
  },
  {
    name: 'a device joins, and has some of it',
    fromTheStart: true,
    async arrange({ dying, other }) {
      furnish(other)
      dying.write('edited', 'as it was '.repeat(10))
      dying.write('bits', 'another file of this name '.repeat(30))
      dying.write('own', 'only here '.repeat(31))
      await other.openAccount()
      await other.add()
      return { do: 'join', code: await other.invite() }
    },
  },
  {
    name: 'changes of each kind go up',
    isSending: true,
    fromTheStart: true,
    async arrange(pair) {
      furnish(pair.dying)
      await synced(pair)
      edit(pair.dying)
      return { do: 'open' }
    },
  },
  {
    name: 'changes of each kind come down',
    fromTheStart: false,
    async arrange(pair) {
      furnish(pair.dying)
      await synced(pair)
      edit(pair.other)
      await pair.other.sync()
      return { do: 'open' }
    },
  },
  {
    name: 'both changed the same',
    fromTheStart: false,
    async arrange(pair) {
      const { dying, other } = pair
      furnish(dying)
      await synced(pair)
      for (const [device, times] of [
        [other, 40],
        [dying, 50],
      ] as const) {
        device.write('edited', `${device.name} says `.repeat(times))
        device.write('new', `${device.name} was first `.repeat(times))
      }
      other.write('removed', 'wanted after all '.repeat(41))
      dying.remove('removed')
      dying.write('going/leaf', 'wanted here too '.repeat(51))
      other.remove('going')
      dying.rename('old', 'moved-here')
      other.rename('old', 'moved-there')
      await other.sync()
      return { do: 'open' }
    },
  },
  {
    name: 'names are swapped over there',
    fromTheStart: false,
    async arrange(pair) {
      const { dying, other } = pair
      furnish(dying)
      await synced(pair)
      other.rename('edited', 'between')
      other.rename('removed', 'edited')
      other.rename('between', 'removed')
      other.rename('old', 'between')
      other.rename('going', 'old')
      other.rename('between', 'going')
      await other.sync()
      return { do: 'open' }
    },
  },
  {
    name: 'a file of several packs goes up',
    isSending: true,
    fromTheStart: false,
    async arrange(pair) {
      await synced(pair)
      pair.dying.write('large', new Seeded(1).bytes(largeBytes))
      return { do: 'open' }
    },
  },
  {
    name: 'a file of several packs comes, and another from the version on this disk',
    fromTheStart: false,
    async arrange(pair) {
      const { dying, other } = pair
      const bytes = new Seeded(2).bytes(largeBytes)
      dying.write('large', bytes)
      await synced(pair)
      bytes.set(new Seeded(3).bytes(100_000), largeBytes / 2)
      other.write('large', bytes.subarray(0, largeBytes - 1))
      other.write('other', new Seeded(4).bytes(largeBytes + 1))
      await other.sync()
      return { do: 'open' }
    },
  },
]

/** So many at once that the whole file system is flushed for them: watched, not walked. */
export const manyFiles: Scenario = {
  name: 'many files come down',
  fromTheStart: false,
  async arrange(pair) {
    await synced(pair)
    for (let at = 0; at < 60; at += 1) pair.other.write(`file-${at}`, 'x'.repeat(at + 1))
    await pair.other.sync()
    return { do: 'open' }
  },
}
