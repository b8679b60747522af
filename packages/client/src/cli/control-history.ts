// Questions about the history as they go over the control socket, and the rows of their answers: checked at the door on both sides.
import * as v from 'valibot'
import { entryKinds, roles } from '@grenier/crypto'
import type { ExportMark } from '../engine/export-mark.ts'
import type { HistoryAnswer, HistoryQuery, HistoryRow } from '../engine/history-query.ts'
import type { RelativePath } from '../sync/name.ts'
import { isProblemCode } from './problem-codes.ts'
import type { ProblemCode } from '../sync/action.ts'

const text = v.pipe(v.string(), v.maxLength(65_536))
const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const hex = v.pipe(v.string(), v.maxLength(128))
const moment = v.union([v.strictObject({ sequence: count }), v.strictObject({ timeMs: v.number() })])
const some = v.exactOptional(moment)

const relativePath = v.pipe(
  text,
  v.transform((path) => path as RelativePath),
)

/** @see ExportMark */
export const exportMarkSchema: v.GenericSchema<unknown, ExportMark> = v.strictObject({
  tarBytes: count,
  path: relativePath,
  begunBytes: v.exactOptional(count),
  filesDone: count,
  bytesDone: count,
  given: v.array(text),
  sequence: count,
  hash: hex,
})

/** What may be asked. */
export const historyQuerySchema: v.GenericSchema<unknown, HistoryQuery> = v.variant('do', [
  v.strictObject({
    do: v.literal('log'),
    path: v.exactOptional(text),
    limit: v.exactOptional(count),
    all: v.exactOptional(v.boolean()),
  }),
  v.strictObject({ do: v.literal('list'), path: text, deep: v.boolean(), moment: some }),
  v.strictObject({ do: v.literal('conflicts') }),
  v.strictObject({ do: v.literal('read'), path: text, moment: some }),
  v.strictObject({
    do: v.literal('export'),
    moment: some,
    marks: v.exactOptional(v.boolean()),
    from: v.exactOptional(exportMarkSchema),
  }),
  v.strictObject({ do: v.literal('restore-into'), path: text, into: text, moment: some }),
  v.strictObject({ do: v.literal('restore'), path: text, moment, exact: v.boolean() }),
])

const action = v.picklist(['put', 'remove', 'move'])
const node = {
  path: text,
  kind: v.picklist(['file', 'directory', 'link']),
  mode: v.exactOptional(count),
  sizeBytes: v.exactOptional(count),
  mtimeNs: v.exactOptional(v.pipe(v.string(), v.maxLength(32))),
  target: v.exactOptional(text),
}
const member = v.strictObject({
  did: v.picklist(['joined', 'left', 'role']),
  kind: v.picklist(['device', 'identity']),
  id: hex,
  name: v.exactOptional(text),
  role: v.picklist(roles),
})
/** A file that could not be had, or not as a whole. */
export const exportProblemSchema = v.strictObject({
  row: v.literal('problem'),
  path: text,
  code: v.custom<ProblemCode>(isProblemCode),
  detail: v.exactOptional(text),
  keptAs: v.exactOptional(relativePath),
  lost: v.exactOptional(v.array(v.strictObject({ offset: count, length: count }))),
})
const rowSchema = v.variant('row', [
  v.strictObject({
    row: v.literal('entry'),
    sequence: count,
    hash: hex,
    atMs: v.number(),
    device: hex,
    deviceName: v.exactOptional(text),
    kind: v.picklist(entryKinds),
    action: v.exactOptional(text),
    members: v.exactOptional(v.array(member)),
    void: v.exactOptional(text),
    changes: count,
  }),
  v.strictObject({
    row: v.literal('change'),
    sequence: count,
    action,
    path: text,
    from: v.exactOptional(text),
  }),
  v.strictObject({ row: v.literal('node'), ...node }),
  v.strictObject({ row: v.literal('restored'), ...node, already: v.exactOptional(v.literal(true)) }),
  v.strictObject({
    row: v.literal('conflict'),
    path: text,
    there: v.boolean(),
    keptAs: text,
    device: text,
    moment: text,
  }),
  v.strictObject({ row: v.literal('bytes'), base64: v.string() }),
  v.strictObject({
    row: v.literal('progress'),
    filesDone: count,
    filesTotal: count,
    bytesDone: count,
    bytesTotal: count,
    bytesSent: count,
    bytesReceived: count,
  }),
  v.strictObject({ row: v.literal('mark'), mark: exportMarkSchema }),
  exportProblemSchema,
])

/** @see HistoryAnswer */
export const historyAnswerSchema: v.GenericSchema<unknown, HistoryAnswer> = v.strictObject({
  sequence: count,
  atMs: v.exactOptional(v.number()),
  online: v.boolean(),
  files: count,
  bytes: count,
  problems: count,
  bytesSent: count,
  bytesReceived: count,
  head: v.strictObject({ seq: count, hash: hex }),
})

/** Bytes of a row that one line carries: base64 makes four of three. */
export const rowBytesMax = 384 * 1024

/** A row as values of JSON, in as many parts as lines allow. */
export function* rowsAsJson(row: HistoryRow): Generator {
  if (row.row !== 'bytes') {
    yield row
    return
  }
  for (let at = 0; at < row.bytes.length; at += rowBytesMax) {
    const piece = row.bytes.subarray(at, at + rowBytesMax)
    yield { row: 'bytes', base64: Buffer.from(piece).toString('base64') }
  }
}

/** The schema of a row that came. */
export const historyRowSchema: v.GenericSchema<unknown, HistoryRow> = v.pipe(
  rowSchema,
  v.transform((row): HistoryRow =>
    row.row === 'bytes' ? { row: 'bytes', bytes: Buffer.from(row.base64, 'base64') } : row,
  ),
)
