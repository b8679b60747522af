import { expect, it } from 'vitest'
import { decodeMeta, emptyMeta, encodeMeta } from './trees-meta.ts'

const meta = { ...emptyMeta(), differingCount: 3, provisionalNext: 9, sequenceMax: 70_000 }

it('comes back as it was written', () => {
  const all = { ...meta, doubts: { files: 5, here: 2, there: 1 }, held: { files: 4, bytes: 2n ** 70n } }
  expect(decodeMeta(encodeMeta(all))).toEqual(all)
})

it('does not claim to know what an earlier version did not write', () => {
  const early = { ...meta, held: undefined }
  expect(decodeMeta(encodeMeta(early))).toEqual(early)
})
