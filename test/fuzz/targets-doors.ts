// What comes through a door: frames of the wire in both directions, what a relay is told in a session, invitation codes, and the state that a
// checkpoint claims to hold.
import { decodeClientMessage, decodeRelayMessage, encodeMessage, type Message } from '@grenier/protocol'
import { chunkId, hash, packId } from '@grenier/crypto'
import { clientMessages, relayMessages } from '../../packages/protocol/src/messages.vectors.ts'
import { outcome, settle, World } from '../../packages/relay/src/session/scripted-client.vectors.ts'
import {
  decodeInvitationCode,
  encodeInvitationCode,
} from '../../packages/client/src/engine/invitation-code.ts'
import { loadState } from '../../packages/client/src/state/checkpoint-load.ts'
import { writeRecord, type StateRecord } from '../../packages/client/src/state/checkpoint-records.ts'
import { StateHasher } from '../../packages/client/src/state/checkpoint.ts'
import { ItemWriter } from '../../packages/client/src/state/item-codec.ts'
import { MemoryDisk } from '../../packages/client/src/state/state-store-memory.ts'
import { TreesStore } from '../../packages/client/src/state/trees-store.ts'
import type { Name } from '../../packages/client/src/sync/name.ts'
import { nodeIdOf, rootId } from '../../packages/client/src/sync/tree.ts'
import type { Seeded } from '../simulation/seeded.ts'
import { editedText, mutated } from './mutation.ts'
import { codeOf, Finding, type Target } from './target.ts'

const frames = { client: clientMessages.map(encodeMessage), relay: relayMessages.map(encodeMessage) }
const decoders = { client: decodeClientMessage, relay: decodeRelayMessage }

/** A frame of the wire: refused with a code, or the one encoding of what it says. */
export const frameTarget: Target = {
  name: 'frame',
  try(random) {
    const from = random.pick(['client', 'relay'] as const)
    const frame = mutated(random, random.pick(frames[from]), frames[from])
    return codeOf(() => {
      const message: Message = decoders[from](frame)
      if (Buffer.compare(encodeMessage(message), frame) !== 0)
        throw new Finding('a frame was taken that is not the encoding of what it says')
    }, ['malformed', 'version-unknown', 'too-large'])
  },
}

let stage: Promise<{ world: World; device: Parameters<World['device']>[0]; vault: Uint8Array }> | undefined

async function opened(): Promise<NonNullable<Awaited<typeof stage>>> {
  stage ??= (async () => {
    const world = new World({
      log: (event, fields) => {
        if (event === 'request-failed') throw new Finding(`the relay failed: ${JSON.stringify(fields)}`)
      },
    })
    const { person, vault } = await world.owner()
    return { world, device: person.device, vault: vault.state.vault }
  })()
  return await stage
}

/** Frames to a relay by one who is logged in: whatever they are, it serves the next one. */
export const relayTarget: Target = {
  name: 'relay session',
  async try(random) {
    const { world, device, vault } = await opened()
    const client = await world.device(device)
    for (let count = 1 + random.below(6); count > 0; count -= 1) {
      const sample = random.pick(frames.client)
      client.wire.send(random.chance(0.5) ? sample : mutated(random, sample, frames.client))
    }
    await settle()
    client.wire.close()
    const next = await world.device(device)
    const answer = outcome(await next.ask({ type: 'head', vault }))
    next.wire.close()
    if (answer !== 'ok') throw new Finding(`the relay does not serve any more: ${answer}`)
    return 'serves'
  },
}

const codes = [
  'wss://relay.example',
  'wss://127.0.0.1:8443#sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU',
].map((relay) => encodeInvitationCode({ relay, secret: new Uint8Array(16).fill(9) }))

/** An invitation code as somebody may have sent it. */
export const codeTarget: Target = {
  name: 'code',
  try(random) {
    let text = random.pick(codes)
    for (let times = 1 + random.below(3); times > 0; times -= 1) text = editedText(random, text)
    return codeOf(() => {
      const { relay, secret } = decodeInvitationCode(text)
      if (secret.length !== 16) throw new Finding('a secret of another length')
      if (!/^wss?:\/\//.test(relay)) throw new Finding(`not a relay: ${relay}`)
    }, ['code-wrong'])
  },
}

const chunk = chunkId(hash('grenier/v1/test-chunk', Uint8Array.of(1)))
const claim = { sequence: 2, position: 0 }
const records: readonly StateRecord[] = [
  { record: 'front' },
  {
    record: 'claim',
    ...claim,
    id: packId(hash('grenier/v1/test-chunk', Uint8Array.of(2))),
    sizeBytes: 4096,
    epoch: 0,
    at: 1000,
    chunkCount: 1,
  },
  { record: 'chunk', id: chunk, plainBytes: 11, storedBytes: 11 },
  node(0, [rootId, 'd'], { kind: 'directory', mode: 0o755 }),
  node(1, [nodeIdOf(2, 0), 'f'], {
    kind: 'file',
    mode: 0o644,
    mtimeNs: 5n,
    sizeBytes: 11,
    depth: 0,
    chunks: [{ ...claim, chunk: 0 }],
  }),
  node(2, [rootId, 'l'], { kind: 'link', mtimeNs: -5n, target: Uint8Array.of(46, 46) }),
  { record: 'end', claims: 1, nodes: 3 },
]

type Node = Extract<StateRecord, { record: 'node' }>

function node(index: number, [parent, name]: [Node['parent'], string], value: Node['value']): StateRecord {
  return { record: 'node', id: nodeIdOf(2, index), parent, name: name as Name, value, kept: undefined }
}

function stateOf(list: readonly StateRecord[]): Uint8Array {
  const out = new ItemWriter(64)
  for (const record of list) writeRecord(out, record)
  return out.take()
}

const state = stateOf(records)

/** The state of a checkpoint whose hash is right: what a hostile owner may have written. */
export const checkpointTarget: Target = {
  name: 'checkpoint',
  async try(random) {
    const bytes = random.chance(0.3) ? shuffled(random) : mutated(random, state, [state])
    const hasher = new StateHasher()
    hasher.update(bytes)
    const { stateHash } = hasher.digest()
    const trees = TreesStore.open(new MemoryDisk().open())
    return await codeOf(async () => {
      await loadState(trees, inPieces(bytes, 1 + random.below(200)), { sequence: 9, stateHash })
      for await (const [id, { remote }] of trees.all()) {
        if (remote === undefined) continue
        if (remote.parent !== rootId && trees.get(remote.parent)?.remote?.value.kind !== 'directory')
          throw new Finding(`node ${id} of a loaded state stands in nothing`)
      }
    }, ['malformed', 'limit', 'version-unknown'])
  },
}

function shuffled(random: Seeded): Uint8Array {
  const list = [...records]
  for (let times = 1 + random.below(3); times > 0; times -= 1) {
    const [one, two] = [random.below(list.length), random.below(list.length)]
    const moved = list.splice(one, random.below(2))
    list.splice(two, 0, ...(moved.length > 0 ? moved : [random.pick(records)]))
  }
  return stateOf(list)
}

async function* inPieces(bytes: Uint8Array, pieceBytes: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes)
    yield await Promise.resolve(bytes.subarray(at, at + pieceBytes))
}
