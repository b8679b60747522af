// `kill -9` of relay or client at random moments of a sync of a real tree: nothing acknowledged is lost, nothing claimed is sent again, and
// both ends come to agree. 10 kills, 50 with GRENIER_FULL=1; GRENIER_SEED repeats a run as far as real processes let it.
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeDevice, toHex } from '@grenier/crypto'
import { expect, onTestFinished, test } from 'vitest'
import { testSeed } from '../seed.ts'
import { Seeded } from '../simulation/seeded.ts'
import { isSynced, Stage, untilHolds, type Device, type Relay, type Running } from './commands.ts'
import { chunksClaimedTwice, openChanges } from './opened-log.ts'
import { RelayStore } from './relay-store.ts'
import { copyTree, installed } from './source-tree.ts'
import { differences, folderDifferences, looksEqual, readTree } from './trees.ts'
import { WireRecord } from './wire-record.ts'
import { WireTap, type Tapped } from './wire-tap.ts'

const full = process.env['GRENIER_FULL'] === '1'
const kills = full ? 50 : 10
/** So many rounds' work comes at once at the beginning of a full run: of little, a removal is soon a third. */
const firstRounds = 10
const MiB = 1 << 20
/** What of a package is copied: the largest files would make one round take all the time. */
const bounds = { filesMax: 2_000, bytesMax: (full ? 30 : 6) * MiB, fileBytesMax: (full ? 25 : 3) * MiB }

/** A device at its folder, syncing; killed and started again. */
class Side {
  readonly device: Device
  readonly folder: string
  sync: Running

  constructor(device: Device, folder: string) {
    this.device = device
    this.folder = folder
    this.sync = device.start('sync')
  }

  async kill(): Promise<void> {
    await this.sync.stop('SIGKILL')
    this.sync = this.device.start('sync')
  }
}

/** Where a package was put, under which name. */
interface Placed {
  readonly source: string
  /** Files, folders and links in it. */
  readonly nodes: number
  name: string
  removed: boolean
}

/** The work: packages come, are renamed, go away, on both sides; each is touched by one side in a round. */
class Work {
  readonly placed: Placed[] = []
  readonly #seeded: Seeded
  readonly #packages = readdirSync(installed)
    .filter((name) => name.includes('@'))
    .sort()
  readonly #perRound = Math.floor(this.#packages.length / (full ? kills + firstRounds : kills * 2))

  constructor(seeded: Seeded) {
    this.#seeded = seeded
  }

  round(sides: readonly Side[]): void {
    const before = this.placed.filter(({ removed }) => !removed)
    const isFirst = this.placed.length === 0
    for (const name of this.#packages.splice(0, this.#perRound * (full && isFirst ? firstRounds : 1))) {
      const { folder } = this.#seeded.pick(sides)
      copyTree(join(installed, name), join(folder, name), bounds)
      const source = join(installed, name)
      this.placed.push({ source, nodes: boundedCount(source), name, removed: false })
    }
    if (before.length < 4) return
    const [renamed, removed] = [this.#seeded.below(before.length), this.#seeded.below(before.length)]
    this.#rename(before[renamed]!, this.#seeded.pick(sides).folder)
    if (renamed !== removed) this.#remove(before[removed]!, this.#seeded.pick(sides).folder)
  }

  /** Only what has come whole to this side: half a package moved is two packages. */
  #rename(placed: Placed, folder: string): void {
    if (!this.#isWhole(placed, folder)) return
    renameSync(join(folder, placed.name), join(folder, `${placed.name}-renamed`))
    placed.name = `${placed.name}-renamed`
  }

  #remove(placed: Placed, folder: string): void {
    if (!this.#isWhole(placed, folder)) return
    // A third of what there is would be for a person to approve.
    const left = this.placed.reduce((sum, { nodes, removed }) => sum + (removed ? 0 : nodes), 0)
    if (placed.nodes * 4 >= left) return
    rmSync(join(folder, placed.name), { recursive: true })
    placed.removed = true
  }

  #isWhole({ nodes, name }: Placed, folder: string): boolean {
    if (!readdirSync(folder).includes(name)) return false
    return readTree(join(folder, name), 'names').size === nodes
  }
}

/** Nodes of a package as it is copied. */
function boundedCount(source: string): number {
  const { fileBytesMax } = bounds
  return [...readTree(source, 'names').values()].filter(({ sizeBytes }) => sizeBytes <= fileBytesMax).length
}

/** What a kill comes after: so many messages on the wire or lines of the commands, or the first append, or the first answer to one. */
type When = number | 'append' | 'appended'

function isAppend({ message }: Tapped, when: When): boolean {
  return when === 'append' ? message.type === 'append' : message.type === 'ok' && message.re === 'append'
}

/** Resolves when the moment has come, or when there is nothing to be done any more. */
async function moment(tap: WireTap, sides: readonly Side[], when: When): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let left = typeof when === 'number' ? when : Number.POSITIVE_INFINITY
    const isQuiet = (): boolean =>
      sides.every(({ sync }) => isSynced(sync)) && looksEqual(sides[0]!.folder, sides[1]!.folder)
    const end = (settle: () => void): void => {
      for (const stop of stops) stop()
      settle()
    }
    const take = (): void => {
      const ended = sides.find(({ sync }) => sync.over)
      if (ended !== undefined) end(() => reject(new Error(`ended by itself: ${ended.sync.transcript()}`)))
      else if (--left <= 0 || isQuiet()) end(resolve)
    }
    const count = (tapped: Tapped): void => {
      left -= 1
      if (left <= 0 || (typeof when === 'string' && isAppend(tapped, when))) end(resolve)
    }
    const stops = [tap.onMessage(count), ...sides.map(({ sync }) => sync.onLine(take))]
    // A round may have found nothing to do: then nobody says anything any more.
    if (isQuiet()) end(resolve)
  })
}

/** Kills a side, or the relay where there is none of this number, and starts it again. Gives its name. */
async function killOne(
  which: number,
  sides: readonly Side[],
  { relay, url }: { relay: Relay; url: string },
): Promise<string> {
  const side = sides[which]
  if (side !== undefined) {
    await side.kill()
    return side.device.name
  }
  await relay.kill()
  await relay.start({ publicUrl: url })
  return 'relay'
}

const options = full ? { timeout: 1_800_000 } : {}

test(
  `${kills} times kill -9 in the middle of a sync, and nothing is lost or sent twice`,
  options,
  async () => {
    const seed = testSeed()
    const seeded = new Seeded(seed)
    const stage = Stage.forTest()
    const relay = await stage.relay()
    const tap = await WireTap.open(relay.port, { keepsBytes: false })
    onTestFinished(() => tap.close())
    const record = new WireRecord(tap)
    await relay.start({ publicUrl: tap.url })
    const [alpha, beta] = [stage.device('alpha'), stage.device('beta')]
    const [here, there] = [stage.newFolder('here'), stage.path('there')]
    writeFileSync(join(here, 'first'), 'file')
    await alpha.setup(tap.url)
    await alpha.done('add', here)
    await beta.done('join', await alpha.invite(here), there, '--device-name', 'beta')

    const sides = [new Side(alpha, here), new Side(beta, there)]
    const work = new Work(seeded)
    const history: string[] = []
    stage.notes.push(
      () => `GRENIER_SEED=${seed}`,
      () => history.join('\n'),
      () => folderDifferences(here, there).join('\n'),
    )
    for (let round = 0; round < kills; round += 1) {
      work.round(sides)
      // Chance alone rarely meets what lies between an append and the news of it.
      const random = 1 + seeded.below(seeded.pick([4, 20, 80]))
      const when = seeded.pick<When>([random, random, 'append', 'appended'])
      await moment(tap, sides, when)
      const killed = await killOne(seeded.below(3), sides, { relay, url: tap.url })
      history.push(`round ${round}: killed ${killed} after ${when}, ${record.count} messages in all`)
    }
    const syncs = sides.map(({ sync }) => sync)
    await untilHolds(syncs, () => syncs.every(isSynced) && looksEqual(here, there))
    for (const sync of syncs) expect((await sync.stop()).exitCode).toBe(143)
    for (const { device } of sides) await device.done('sync', '--once')
    expect(folderDifferences(here, there)).toEqual([])
    await relay.stop()

    const names = [
      '.grenier',
      'first',
      ...work.placed.filter(({ removed }) => !removed).map(({ name }) => name),
    ]
    expect(readdirSync(here).sort()).toEqual(names.sort())
    for (const { source, name, removed } of work.placed) {
      if (removed) continue
      const lost = differences(readTree(source), readTree(join(here, name)))
      expect(lost.filter((text) => !text.includes('only in the first') && !text.includes('mtime'))).toEqual(
        [],
      )
    }
    await expectNothingLostOrRepeated(relay.data, { record, devices: [alpha, beta] })
    console.log(`seed ${seed}: ${record.count} messages, ${record.acknowledgedCount} appends acknowledged`)
  },
)

async function expectNothingLostOrRepeated(
  folder: string,
  { record, devices }: { record: WireRecord; devices: readonly Device[] },
): Promise<void> {
  const [log, packs] = await RelayStore.with(folder, async (store) => {
    const [vault = ''] = await store.vaults()
    return [await store.entries(vault), await store.packs(vault)] as const
  })
  expect(record.acknowledgedCount).toBeGreaterThan(0)
  expect(record.missingFrom(log)).toBe(0)
  const stored = new Map(packs.map((pack) => [pack.id, pack]))
  for (const { header } of log)
    for (const { id } of header.added) expect(stored.get(toHex(id))?.isWhole, toHex(id)).toBe(true)
  expect(record.sentAfterTheirClaim(log)).toEqual([])
  // A restarted client seals anew, so that the same content would come under another name: the index of the log tells.
  for (const device of devices) {
    const member = decodeDevice(new Uint8Array(readFileSync(join(device.home, 'device.key'))))
    const own = toHex(member.sign.publicKey)
    const changes = openChanges(log, packs, member)
    const mine = changes.filter(({ entry }) => toHex(entry.header.device) === own)
    expect([...chunksClaimedTwice(mine)], device.name).toEqual([])
  }
}
