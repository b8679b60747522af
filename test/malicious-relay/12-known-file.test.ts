// The known-file game: a relay that has a file, and two vaults of the same size, one of which holds it. All that it sees but for times is what was sent
// and stored, in order. It may practise on as many other pairs, of which it is told; it then says which of the two holds the file, and must do no
// better than chance. GRENIER_FULL=1 plays it with a file of 50 MiB, and more pairs.
import { createCipheriv, createHash } from 'node:crypto'
import { addFolder, openAccount } from '@grenier/client'
import { decodeClientMessage, type Wire } from '@grenier/protocol'
import { expect, test } from 'vitest'
import { cutPoints, fileChunkSizes, gearTable } from '../../packages/client/src/content/chunker.ts'
import { Seeded } from '../simulation/seeded.ts'
import { byNearest, byWeights, chanceOf, guessedRight, intervalOf, type Counts } from '../hostile/guess.ts'
import { ended, readyMade, relayUrl, World } from '../simulation/world.ts'

const isFull = process.env['GRENIER_FULL'] === '1'
const knownBytes = (isFull ? 50 : 10) * 1024 * 1024
const restBytes = (isFull ? 10 : 2) * 1024 * 1024
const pairs = isFull ? 40 : 24
const lights = ['frames', 'order', 'packs', 'sums', 'shape', 'all'] as const
const learners = { nearest: byNearest, weights: byWeights }
/** Many vaults are made: that takes its time on a machine that has other work. */
const longestMs = 1_800_000
/** Of all guesses together, once in a hundred times one may look as if somebody had learnt something. */
const chanceLeast = 0.01 / (lights.length * Object.keys(learners).length)

/** One vault as the relay sees it, in different lights. */
type View = Readonly<Record<(typeof lights)[number], Counts>>

function noise(seed: number, bytes: number): Uint8Array {
  const cipher = createCipheriv('chacha20', Buffer.alloc(32, seed), Buffer.alloc(16, seed >> 8))
  return new Uint8Array(cipher.update(Buffer.alloc(bytes)))
}

const known = noise(1, knownBytes)

/** Seeds that have nothing in common with which of the two it is: one after the other, generators begin alike. */
function seedOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE() >>> 1
}

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
  return seen(sent, packs)
}

/** A view in each light; `shape` is what comes when, and how long it is. */
function seen(sent: readonly string[], packs: readonly number[]): View {
  const up = sent.filter((one) => one.startsWith('up')).map(lengthOf)
  const down = sent.filter((one) => one.startsWith('down')).map(lengthOf)
  const total = (lengths: readonly number[]): number => lengths.reduce((sum, bytes) => sum + bytes, 0)
  const full = Math.max(...packs)
  const view = {
    frames: counted(sent),
    order: counted(sent.map((one, at) => `${sent[at - 1]} ${one}`)),
    packs: counted(packs.map(String)),
    sums: new Map([
      ['packs', packs.length],
      ['frames', sent.length],
      ['bytes', total(packs) / 65_536],
      ['full', packs.filter((bytes) => bytes === full).length],
      ['up', total(up) / 65_536],
      ['down', total(down) / 1024],
      ['largest down', Math.max(...down)],
    ]),
    shape: new Map([
      ...packs.slice(0, 12).map((bytes, at) => [`pack ${at}`, bytes] as const),
      ...packs.slice(-4).map((bytes, at) => [`pack from the end ${at}`, bytes] as const),
      ...up.slice(0, 40).map((bytes, at) => [`up ${at}`, bytes] as const),
      ...up.slice(-20).map((bytes, at) => [`up from the end ${at}`, bytes] as const),
      ...down.slice(0, 40).map((bytes, at) => [`down ${at}`, bytes] as const),
      ['first full', packs.indexOf(full)],
      ['last full', packs.lastIndexOf(full)],
    ]),
  }
  const all = Object.entries(view).flatMap(([light, counts]) =>
    [...counts].map(([key, count]) => [`${light} ${key}`, count] as const),
  )
  return { ...view, all: new Map(all) }
}

function lengthOf(frame: string): number {
  return Number(frame.slice(frame.indexOf(' ') + 1))
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

interface Guess {
  readonly how: string
  readonly right: number
}

/** What each learner makes of each light. */
function guesses(views: readonly { readonly holds: View; readonly other: View }[]): Guess[] {
  return lights.flatMap((light) =>
    Object.entries(learners).map(([name, learner]) => {
      const own = views.map(({ holds, other }) => ({ holds: holds[light], other: other[light] }))
      return { how: `${light} by ${name}`, right: guessedRight(own, learner) }
    }),
  )
}

function told({ how, right }: Guess): string {
  const [low, high] = intervalOf(right, pairs)
  return `${how} ${right} of ${pairs} (95%: ${low.toFixed(2)} to ${high.toFixed(2)})`
}

const views: { holds: View; other: View }[] = []

test(
  'who has a file does not see from all that passes which of two vaults holds it',
  async () => {
    for (let pair = 0; pair < pairs; pair += 1)
      views.push({
        holds: await viewOf(seedOf(`holds ${pair}`), known),
        other: await viewOf(seedOf(`other ${pair}`), noise(1000 + pair, knownBytes)),
      })
    const all = guesses(views)
    console.log(`guessed right: ${all.map(told).join(', ')}`)
    for (const guess of all) expect(chanceOf(guess.right, pairs), told(guess)).toBeGreaterThan(chanceLeast)
  },
  longestMs,
)

test('the same guesses find a leak of one frame that is a little longer in nine vaults of ten that hold it', () => {
  const random = new Seeded(3)
  const leaking = (view: View, often: number): View => {
    const isLonger = random.next() < often
    const [[frame = '', count = 0] = []] = view.frames
    const frames = new Map(view.frames).set(frame, count - 1).set(isLonger ? 'up 4321' : 'up 4320', 1)
    return { ...view, frames }
  }
  const leak = views.map(({ holds, other }) => ({ holds: leaking(holds, 0.9), other: leaking(other, 0.1) }))
  const found = guesses(leak).filter(({ right }) => chanceOf(right, pairs) <= chanceLeast)
  expect(found.map(({ how }) => how)).toContain('frames by weights')
})

test('the same guesses find the file at once where chunks show, and are cut the same everywhere', () => {
  const cut = Array.from({ length: pairs }, (_, pair) => ({
    holds: counted(cutSizes(known).map(String)),
    other: counted(cutSizes(noise(1000 + pair, knownBytes)).map(String)),
  }))
  for (const learner of Object.values(learners)) expect(guessedRight(cut, learner)).toBe(pairs)
})

/** What a tool shows that sends each chunk by itself, cut by the same rule in every vault. */
function cutSizes(bytes: Uint8Array): number[] {
  const rule = { gear: gearTable(new Uint8Array(32)), sizes: fileChunkSizes }
  return cutPoints(bytes, { ...rule, last: true }).lengths
}
