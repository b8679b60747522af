// The other end of `bench relay`: a process with many clients, which does over IPC what it is told, and says when it is done.
import { createHash, randomBytes } from 'node:crypto'
import { packId } from '@grenier/crypto'
import { limits } from '@grenier/protocol'
import { RelayClient, type ReadyPack } from './relay-client.ts'

/** What this process is told. Each is answered, once it is done, with how many milliseconds it took. */
export type Order =
  | { readonly act: 'connect'; readonly url: string; readonly clients: number }
  /** Makes packs and names them; they replace those before. */
  | { readonly act: 'prepare'; readonly packs: number; readonly sizeBytes: number }
  /** Sends the packs; each client has so many under way at once. */
  | { readonly act: 'put'; readonly atOnce: number }
  /** Reads the packs that each client sent. */
  | { readonly act: 'get'; readonly atOnce: number }

/** The answer. */
export interface Done {
  readonly ms: number
}

/** What one client of the real kind has in flight on a fast line, at most. */
const windowBytes = 4 * 1024 * 1024
const noise = randomBytes(limits.packBytes)
let made = 0
let clients: Awaited<ReturnType<typeof RelayClient.open>>[] = []
let packs: ReadyPack[] = []

/** Packs differ in their first bytes alone: nothing of them is kept but the name. */
function readyPack(sizeBytes: number): ReadyPack {
  const number = (made += 1)
  const bytes = (from: number, until: number): Uint8Array => {
    noise.writeUInt32BE(number)
    return noise.subarray(from, until)
  }
  const name = packId(new Uint8Array(createHash('sha256').update(bytes(0, sizeBytes)).digest()))
  return { name, sizeBytes, bytes }
}

async function perform(order: Order): Promise<void> {
  switch (order.act) {
    case 'connect':
      clients = await Promise.all(Array.from({ length: order.clients }, () => RelayClient.open(order.url)))
      return
    case 'prepare':
      packs = Array.from({ length: order.packs }, () => readyPack(order.sizeBytes))
      return
    case 'put':
      await each(order.atOnce, ({ client, vault }, pack) => client.put(vault, pack))
      return
    case 'get':
      await each(order.atOnce, ({ client, vault }, pack) =>
        client.get(vault, pack, Math.ceil(windowBytes / order.atOnce)),
      )
      return
  }
}

/** Every client goes through its share of the packs, the same each time. */
async function each(
  atOnce: number,
  work: (one: (typeof clients)[number], pack: ReadyPack) => Promise<void>,
): Promise<void> {
  const lanes = clients.flatMap((one, at) => {
    const own = packs.filter((_, number) => number % clients.length === at)
    return Array.from({ length: atOnce }, async () => {
      for (let pack = own.shift(); pack !== undefined; pack = own.shift()) await work(one, pack)
    })
  })
  await Promise.all(lanes)
}

process.on('message', (order: Order) => {
  const start = performance.now()
  perform(order).then(
    () => process.send?.({ ms: performance.now() - start } satisfies Done),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit())
