import { describe, expect, test } from 'vitest'
import { codeOf } from './bytes-mutations.vectors.ts'
import { bodyHash } from './bytes.ts'
import { makeChange, makeCheckpoint, makeConfig, makePrune } from './entry-build.ts'
import { decodeEntry } from './entry.ts'
import { advance, advanceRetired, checkRetired, type LogState } from './log-state.ts'
import { decodeLogState, encodeLogState } from './log-state-codec.ts'
import { noon, SampleLog, sampleLog } from './sample-log.vectors.ts'
import { seededRandom } from './seeded-random.vectors.ts'
import { retentionFloorMs, roleOf } from './spine.ts'

const log = sampleLog(seededRandom('log-state'))
const day = 86_400_000

describe('advance', () => {
  test('accepts every entry of the sample log, read back from its bytes', () => {
    let state: LogState | undefined
    for (const step of log.steps) {
      state = advance(state, decodeEntry(step.entry.bytes))
      expect(state, step.name).toEqual(step.state)
    }
  })

  test('leaves the state it is given as it was', () => {
    for (const [i, step] of log.steps.slice(1).entries()) {
      const before = log.steps[i]!.state
      const bytes = encodeLogState(decodeLogState(encodeLogState(before)))
      advance(before, step.entry)
      expect(encodeLogState(decodeLogState(encodeLogState(before)))).toEqual(bytes)
      expect(
        codeOf(() => advance(step.state, step.entry)),
        'the same entry twice',
      ).toBe('chain-broken')
    }
  })

  test('hands the same spine on where the entry is not of it', () => {
    for (const [i, step] of log.steps.entries()) {
      const before = log.steps[i - 1]
      if (['change', 'drop', 'checkpoint'].includes(step.entry.header.kind))
        expect(step.state.spine).toBe(before!.state.spine)
    }
  })
})

/** A log with a checkpoint that a prune names, another one after it, and a second prune. */
function prunedLog(): SampleLog {
  const pruned = new SampleLog(seededRandom('pruned'))
  const { laptop } = pruned
  const change = () => {
    const payload = pruned.payload(laptop, { operations: [], index: [] })
    pruned.add('change', makeChange({ ...pruned.by(laptop), added: [], payload }))
  }
  for (let round = 0; round < 2; round++) {
    change()
    change()
    const holds = pruned.state.head.sequence
    const payload = pruned.payload(laptop, { operations: [], index: [] })
    pruned.add('checkpoint', makeCheckpoint({ ...pruned.by(laptop), added: [], payload, holds }))
    pruned.add('prune', makePrune({ ...pruned.by(laptop), checkpoint: pruned.state.checkpoints.at(-1)! }))
  }
  return pruned
}

/** Reads a log of which some entries came as their body hash. */
function readRetired(source: SampleLog, retired: (sequence: number) => boolean): LogState {
  let state: LogState | undefined
  for (const [sequence, { entry }] of source.steps.entries()) {
    if (state !== undefined && retired(sequence)) state = advanceRetired(state, sequence, entry.bodyHash)
    else state = advance(state, entry)
  }
  if (state === undefined) throw new TypeError('an empty log')
  checkRetired(state)
  return state
}

describe('a log of which entries were retired', () => {
  const source = prunedLog()
  const through = source.state.spine.prune!.through
  const kindAt = (sequence: number) => source.steps[sequence]!.entry.header.kind
  const mayRetire = (sequence: number) =>
    sequence <= through && ['change', 'drop', 'checkpoint'].includes(kindAt(sequence))

  test('leads to the same head and spine', () => {
    const state = readRetired(source, mayRetire)
    expect(state.head).toEqual(source.state.head)
    expect(state.spine).toEqual(source.state.spine)
    expect(decodeLogState(encodeLogState(state))).toEqual(state)
  })

  test('does not pass when an entry is missing that no prune retired', () => {
    const last = source.steps.length - 1
    expect(kindAt(last)).toBe('prune')
    expect(codeOf(() => readRetired(source, (sequence) => sequence === last))).toBe('chain-broken')
    expect(codeOf(() => readRetired(source, (sequence) => sequence === through + 1))).not.toBe('none')
  })

  test('does not pass when an entry of the spine is left out', () => {
    const prunes = source.steps.flatMap(({ entry }, i) => (entry.header.kind === 'prune' ? [i] : []))
    expect(codeOf(() => readRetired(source, (sequence) => sequence === prunes[0]))).toBe('chain-broken')
  })

  test('does not pass with another body hash, or out of sequence', () => {
    const state = source.steps[0]!.state
    const other = advanceRetired(state, 1, bodyHash(new Uint8Array(32)))
    expect(codeOf(() => advance(other, source.steps[2]!.entry))).toBe('chain-broken')
    expect(codeOf(() => advanceRetired(state, 2, source.steps[1]!.entry.bodyHash))).toBe('chain-broken')
  })

  test('does not pass with a prune of more than its checkpoint can hold, though that is gone', () => {
    const retired = advanceRetired(source.state, source.state.head.sequence + 1, bodyHash(new Uint8Array(32)))
    const prune = (holds: number, sequence: number) => () =>
      makePrune({
        ...source.by(source.laptop),
        state: retired,
        checkpoint: { sequence, hash: retired.head.hash, holds },
      })
    const { sequence } = retired.head
    expect(codeOf(prune(sequence - 1, sequence))).toBe('none')
    expect(codeOf(prune(sequence, sequence))).toBe('public-part-wrong')
  })

  test('goes on with prunes that rise only', () => {
    const again = () =>
      makePrune({ ...source.by(source.laptop), checkpoint: source.state.checkpoints.at(-1)! })
    expect(codeOf(again)).toBe('public-part-wrong')
  })
})

describe('the retention floor', () => {
  const acceptedAt = (sequence: number) => noon + sequence * day

  function withFloors(...floors: number[]): SampleLog {
    const kept = new SampleLog(seededRandom('floors'))
    for (const retentionMs of floors) kept.add('config', makeConfig({ ...kept.by(kept.laptop), retentionMs }))
    return kept
  }

  test('is lowered only after the old one has passed', () => {
    const { spine } = withFloors(2 * day).state
    const at = (nowMs: number) => retentionFloorMs(spine, { nowMs, acceptedAt })
    expect(at(acceptedAt(1))).toBe(30 * day)
    expect(at(acceptedAt(1) + 30 * day - 1)).toBe(30 * day)
    expect(at(acceptedAt(1) + 30 * day)).toBe(2 * day)
  })

  test('is raised at once', () => {
    const { spine } = withFloors(90 * day).state
    expect(retentionFloorMs(spine, { nowMs: acceptedAt(1), acceptedAt })).toBe(90 * day)
  })

  test('is never shortened by setting it often', () => {
    const { spine } = withFloors(...Array.from({ length: 40 }, () => 0)).state
    expect(spine.retention).toHaveLength(16)
    expect(retentionFloorMs(spine, { nowMs: acceptedAt(25), acceptedAt })).toBe(30 * day)
    expect(retentionFloorMs(spine, { nowMs: acceptedAt(200), acceptedAt })).toBe(0)
  })
})

describe('a kept log state', () => {
  test('is the same when read back', () => {
    for (const { state } of log.steps) expect(decodeLogState(encodeLogState(state))).toEqual(state)
  })

  test('of another version is made again', () => {
    const bytes = encodeLogState(log.state)
    const at = Buffer.from(bytes).indexOf('version') + 'version'.length
    const other = bytes.slice()
    other[at] = 2
    expect(codeOf(() => decodeLogState(other))).toBe('version-unknown')
  })

  test('that is cut is refused', () => {
    const bytes = encodeLogState(log.steps[0]!.state)
    for (let length = 0; length < bytes.length; length += 7)
      expect(codeOf(() => decodeLogState(bytes.subarray(0, length)))).toBe('malformed')
  })
})

test('who left keeps a record and no role', () => {
  const { spine } = log.state
  expect(roleOf(spine, log.laptop.sign.publicKey)).toBeUndefined()
  expect([...spine.devices.values()].filter(({ until }) => until === undefined)).toHaveLength(1)
  expect(spine.devices.size).toBe(5)
})
