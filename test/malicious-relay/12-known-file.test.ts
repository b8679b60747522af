// The known-file game: a relay that has a file of 50 MiB, and two vaults of the same size, one of which holds it. All that it sees but for times is
// what was sent and stored, in order; whoever guesses from that must do no better than chance.
import { createCipheriv } from 'node:crypto'
import { addFolder, openAccount } from '@grenier/client'
import { decodeClientMessage, type Wire } from '@grenier/protocol'
import { expect, test } from 'vitest'
import { cutPoints, fileChunkSizes, gearTable } from '../../packages/client/src/content/chunker.ts'
import { Seeded } from '../simulation/seeded.ts'
import { ended, readyMade, relayUrl, World } from '../simulation/world.ts'

const knownBytes = 50 * 1024 * 1024
const restBytes = 10 * 1024 * 1024
const pairs = process.env['GRENIER_FULL'] === '1' ? 40 : 8
/** Above chance by more than two and a half of its deviations: somebody learnt something. */
const guessedMost = 0.5 + 2.5 * Math.sqrt(0.25 / (2 * pairs))

/** What can be counted in a view, and how often it is there. */
type Counts = ReadonlyMap<string, number>
/** One vault as the relay sees it, in different lights. */
type View = Readonly<Record<'frames' | 'order' | 'packs' | 'sums', Counts>>

function noise(seed: number, bytes: number): Uint8Array {
  const cipher = createCipheriv('chacha20', Buffer.alloc(32, seed), Buffer.alloc(16, seed >> 8))
  return new Uint8Array(cipher.update(Buffer.alloc(bytes)))
}

const known = noise(1, knownBytes)

/** Sizes of small and large files that make up the rest, the same in sum. */
function restSizes(random: Seeded): number[] {
  const sizes: number[] = []
  for (let left = restBytes; left > 0;) {
    const size = Math.min(left, Math.round(2 ** (8 + random.next() * 14)))
    sizes.push(size)
    left -= size
  }
  return sizes
}

/** A vault is made with this large file and some others, and what passes is written down. */
async function viewOf(seed: number, large: Uint8Array): Promise<View> {
  const world = new World(seed, 1, { weather: { latencyMs: 2, stallChance: 0 } })
  const [machine] = world.machines
  if (machine === undefined) throw new RangeError('one machine')
  const sent: string[] = []
  const packs: number[] = []
  world.between = (wire) => watched(wire, sent, packs)
  let opened = false
  void openAccount(machine.context(), {
    relay: relayUrl,
    invite: undefined,
    identity: readyMade.identity,
  }).then(() => (opened = true))
  await world.until(() => opened)
  const random = new Seeded(seed)
  machine.user.write('large', large)
  for (const [at, size] of restSizes(random).entries()) machine.user.write(`file ${at}`, random.bytes(size))
  machine.start(
    (context) => addFolder(context, { path: machine.folderPath, name: 'v', relay: relayUrl }),
    true,
  )
  await ended(world, machine)
  return {
    frames: counted(sent),
    order: counted(sent.map((one, at) => `${sent[at - 1]} ${one}`)),
    packs: counted(packs.map(String)),
    sums: new Map([
      ['packs', packs.length],
      ['frames', sent.length],
      ['bytes', packs.reduce((sum, bytes) => sum + bytes, 0) / 65_536],
    ]),
  }
}

function watched(wire: Wire, sent: string[], packs: number[]): Wire {
  return {
    send: (frame) => {
      sent.push(`up ${frame.length}`)
      const message = decodeClientMessage(frame)
      if (message.type === 'put') packs.push(message.sizeBytes)
      wire.send(frame)
    },
    get bufferedBytes() {
      return wire.bufferedBytes
    },
    onFrame: (listener) =>
      wire.onFrame((frame) => {
        sent.push(`down ${frame.length}`)
        listener(frame)
      }),
    onDrain: (listener) => wire.onDrain(listener),
    onClose: (listener) => wire.onClose(listener),
    close: (code, reason) => wire.close(code, reason),
  }
}

function counted(items: readonly string[]): Counts {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  return counts
}

function distance(one: Counts, other: Counts): number {
  let sum = 0
  for (const key of new Set([...one.keys(), ...other.keys()]))
    sum += Math.abs((one.get(key) ?? 0) - (other.get(key) ?? 0))
  return sum
}

interface Labelled {
  readonly holds: boolean
  readonly counts: Counts
}

/** How often one guesses right who has seen all other vaults, told which hold the file, and goes by the most alike; ties are tossed. */
function guessed(vaults: readonly Labelled[]): number {
  const random = new Seeded(7)
  let right = 0
  for (const vault of vaults) {
    const others = vaults.filter((other) => other !== vault)
    const distances = others.map(({ counts }) => distance(counts, vault.counts))
    const nearest = Math.min(...distances)
    const { holds } = random.pick(others.filter((_, at) => distances[at] === nearest))
    if (holds === vault.holds) right += 1
  }
  return right / vaults.length
}

test('who has a file does not see from sizes and order which vault holds it', async () => {
  const views: { holds: boolean; view: View }[] = []
  for (let pair = 0; pair < pairs; pair += 1) {
    views.push({ holds: true, view: await viewOf(100 + 2 * pair, known) })
    views.push({ holds: false, view: await viewOf(101 + 2 * pair, noise(1000 + pair, knownBytes)) })
  }
  const rates = (['frames', 'order', 'packs', 'sums'] as const).map(
    (light) => [light, guessed(views.map(({ holds, view }) => ({ holds, counts: view[light] })))] as const,
  )
  console.log(`guessed right: ${rates.map(([light, rate]) => `${light} ${rate}`).join(', ')}`)
  for (const [, rate] of rates) expect(rate).toBeLessThanOrEqual(guessedMost)
})

test('the same guess finds the file at once where chunks show, and are cut the same everywhere', () => {
  const vaults: Labelled[] = []
  for (let pair = 0; pair < pairs; pair += 1)
    for (const holds of [true, false]) {
      const large = holds ? known : noise(1000 + pair, knownBytes)
      vaults.push({ holds, counts: counted(cutSizes(large).map(String)) })
    }
  expect(guessed(vaults)).toBe(1)
})

/** What a tool shows that sends each chunk by itself, cut by the same rule in every vault. */
function cutSizes(bytes: Uint8Array): number[] {
  const rule = { gear: gearTable(new Uint8Array(32)), sizes: fileChunkSizes }
  return cutPoints(bytes, { ...rule, last: true }).lengths
}
