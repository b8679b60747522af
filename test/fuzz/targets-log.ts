// Entries of the log: altered by a relay, and written by a member who signs rightly. The first must never be taken; the second may be void or
// refused, and if it applies, what it makes is a tree.
import {
  advance,
  decodeChange,
  decodeCheckpoint,
  decodeConfigPayload,
  decodeEntry,
  decodeGenesisPayload,
  decodeMemberPayload,
  encodeCbor,
  encodeChange,
  encodeCheckpoint,
  encodeConfigPayload,
  encodeGenesisPayload,
  encodeMemberPayload,
  framePayload,
  hash,
  openPayload,
  sealContainer,
  sign,
  type CborValue,
  type ChangePayload,
  type Frame,
  type PackClaim,
} from '@grenier/crypto'
import {
  sampleChange,
  sampleChunkId,
  sampleLog,
  type Step,
} from '../../packages/crypto/src/sample-log.vectors.ts'
import { seededRandom } from '../../packages/crypto/src/seeded-random.vectors.ts'
import { asName } from '../../packages/client/src/sync/name.ts'
import { applyOperations } from '../../packages/client/src/sync/operations.ts'
import { rootId } from '../../packages/client/src/sync/tree.ts'
import type { Seeded } from '../simulation/seeded.ts'
import { edited, mutated, structured } from './mutation.ts'
import { codeOf, Finding, type Target } from './target.ts'

const log = sampleLog(seededRandom('fuzz'))
const entries = log.steps.map(({ entry }) => entry.bytes)

/** Everything that the judge of entries may say. */
const judged = [
  'malformed',
  'limit',
  'version-unknown',
  'kind-unknown',
  'chain-broken',
  'no-right',
  'signature-wrong',
  'public-part-wrong',
]

function pickStep(random: Seeded): { step: Step; before: Step['state'] | undefined } {
  const at = random.below(log.steps.length)
  const step = log.steps[at]
  if (step === undefined) throw new RangeError('no such step')
  return { step, before: log.steps[at - 1]?.state }
}

/** An entry that somebody altered on its way. */
export const entryTarget: Target = {
  name: 'entry',
  try(random) {
    const { step, before } = pickStep(random)
    const bytes = mutated(random, step.entry.bytes, entries)
    return codeOf(() => {
      const entry = decodeEntry(bytes)
      advance(before, entry)
      // Another entry of the sample is nobody's forgery.
      if (!entries.some((known) => Buffer.compare(known, bytes) === 0))
        throw new Finding('an entry was taken that its device never signed')
    }, judged)
  },
}

/** An entry of a member who writes what he likes and signs it. */
export const signedTarget: Target = {
  name: 'signed entry',
  try(random) {
    const { step, before } = pickStep(random)
    const { entry } = step
    const headerBytes = random.chance(0.8)
      ? (structured(random, entry.headerBytes) ?? edited(random, entry.headerBytes, []))
      : entry.headerBytes
    const payload = random.chance(0.3) ? edited(random, entry.payload, []) : entry.payload
    const signature = sign(
      log.laptop.sign.secretKey,
      'grenier/v1/entry-signature',
      hash('grenier/v1/header', headerBytes),
      hash('grenier/v1/payload', payload),
    )
    return codeOf(
      () => advance(before, decodeEntry(encodeCbor([headerBytes, payload, signature] as CborValue))),
      judged,
    )
  },
}

const claims: readonly PackClaim[] = [0, 1].map((at) => ({
  id: hash('grenier/v1/test-chunk', Uint8Array.of(at)) as PackClaim['id'],
  sizeBytes: 4096,
  epoch: 0,
}))
const index: ChangePayload['index'] = [
  { pack: 0, chunks: [{ id: sampleChunkId('hello world'), plainBytes: 11, storedBytes: 11 }] },
]
const bodies = {
  change: encodeChange(sampleChange(index)),
  checkpoint: encodeCheckpoint({
    stateHash: hash('grenier/v1/test-state'),
    stateBytes: 5,
    content: { depth: 0, chunks: [{ pack: 0, chunk: 0 }] },
    index,
    earlier: [],
  }),
  genesis: encodeGenesisPayload({ name: 'Photos', deviceName: 'laptop', vaults: new Uint8Array(2336) }),
  config: encodeConfigPayload({
    name: 'Photos',
    relays: ['wss://relay.example'],
    mirrors: [],
    vaults: undefined,
  }),
  member: encodeMemberPayload({ devices: [{ device: log.laptop.sign.publicKey, name: 'laptop' }] }),
}

/** The sealed payload of a member's entry, with whatever in it. */
export const payloadTarget: Target = {
  name: 'payload',
  async try(random) {
    const kind = random.pick([
      'change',
      'change',
      'change',
      'checkpoint',
      'genesis',
      'config',
      'member',
    ] as const)
    const body = mutated(random, bodies[kind], Object.values(bodies))
    const framed = framePayload(body, { compress: random.chance(0.3) })
    const place = { payloadKey: random.bytes(32), binding: random.bytes(32) }
    const sealed = sealAnything(random.chance(0.3) ? edited(random, framed, []) : framed, place, random)
    const opened = async (): Promise<void> => {
      const content = openPayload(sealed, { ...place, payloadVersionMax: 1 })
      if (content.kind !== 'body') return
      if (kind === 'change') await applied(decodeChange(content.body, claims))
      else if (kind === 'checkpoint') decodeCheckpoint(content.body, claims)
      else if (kind === 'genesis') decodeGenesisPayload(content.body)
      else if (kind === 'config') decodeConfigPayload(content.body)
      else decodeMemberPayload(content.body)
    }
    return `${kind}: ${await codeOf(opened, ['malformed', 'limit', 'version-unknown', 'seal-broken'])}`
  },
}

function sealAnything(
  framed: Frame,
  { payloadKey, binding }: { payloadKey: Uint8Array; binding: Uint8Array },
  random: Seeded,
): Uint8Array {
  const storedBytes = Math.max(1024, 1024 * Math.ceil((framed.length + 200) / 1024))
  const common = { type: 'payload', key: payloadKey, binding, epoch: 0, salt: random.bytes(32) } as const
  return sealContainer({ ...common, plain: [framed.length > 0 ? framed : Uint8Array.of(0)], storedBytes })
}

/** What of a change applies is a tree whose names are names. */
async function applied(payload: ChangePayload): Promise<void> {
  const view = {
    row: () => undefined,
    child: () => undefined,
    async *children() {
      yield* await Promise.resolve([])
    },
    hasPlace: () => true,
  }
  const outcome = await applyOperations({ sequence: 7, payload }, view)
  if ('void' in outcome) return
  for (const [id, row] of outcome.rows) {
    if (row === undefined) continue
    if (asName(row.name) === undefined) throw new Finding(`a name that is none: ${JSON.stringify(row.name)}`)
    if (row.parent !== rootId && outcome.rows.get(row.parent) === undefined)
      throw new Finding(`node ${id} stands in nothing`)
  }
}
