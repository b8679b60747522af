import { test } from 'vitest'
import { sampleChunkId, sampleLog } from './sample-log.vectors.ts'
import { decodeChange, encodeChange } from './payload-change.ts'
import { operationValue, decodeOperation } from './payload-operation.ts'
import { encodeCbor, decodeCbor } from './cbor.ts'
import { packId } from './bytes.ts'
import { indexValue } from './payload-index.ts'
import { decodeEntry, verifyEntrySignature } from './entry.ts'
import { advance } from './log-state.ts'
import { seededRandom } from './seeded-random.vectors.ts'
test('bench', () => {
  const t = (name: string, n: number, f: () => unknown) => { f(); f(); const a = process.cpuUsage(); for (let k = 0; k < n; k++) f(); const u = process.cpuUsage(a); console.log(name, ((u.user) / n).toFixed(0), 'us cpu') }
  const chunks = Array.from({ length: 10000 }, (_, k) => ({ id: sampleChunkId(String(k)), plainBytes: 100, storedBytes: 100 }))
  const operations = chunks.map((_, k) => ({ op: 'put' as const, parent: { sequence: 5, index: k % 500 }, name: { bytes: new TextEncoder().encode(`file-${k}.txt`) }, node: { kind: 'file' as const, mode: 0o644, mtimeNs: 1795348800123456789n + BigInt(k), sizeBytes: 100, depth: 0, chunks: [{ pack: 0, chunk: k }] } }))
  const change = { operations, index: [{ pack: 0, chunks }] }
  const claims = [{ id: packId(new Uint8Array(32)), epoch: 0, sizeBytes: 4194304 }]
  const body = encodeChange(change)
  t('encodeChange 10k', 10, () => encodeChange(change))
  t('  operationValue', 10, () => operations.map(operationValue))
  t('  indexValue', 10, () => indexValue(change.index))
  const v = { operations: operations.map(operationValue), index: indexValue(change.index) }
  t('  encodeCbor', 10, () => encodeCbor(v))
  t('decodeChange 10k', 10, () => decodeChange(body, claims))
  t('  decodeCbor', 10, () => decodeCbor(body, { maxBytes: 1e8 }))
  const d = (decodeCbor(body, { maxBytes: 1e8 }) as any).operations
  t('  decodeOperation', 10, () => d.map((x: any, i: number) => decodeOperation(x, { position: i, index: change.index as any })))
  const log = sampleLog(seededRandom('b'))
  const i = log.steps.findIndex((s) => s.name === 'change')
  const { entry } = log.steps[i]!; const before = log.steps[i - 1]!.state
  t('decode', 2000, () => decodeEntry(entry.bytes))
  t('advance', 2000, () => advance(before, entry))
  t('verify', 2000, () => verifyEntrySignature(entry))
})
