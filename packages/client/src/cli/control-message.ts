// What goes over the control socket: one line of JSON asks, lines of JSON answer. Checked at the door on both sides.
import * as v from 'valibot'
import type { Approval, Invitation, Members } from '../engine/api.ts'
import type { BroughtBack } from '../engine/bringing-back.ts'
import type { Moved } from '../engine/moving.ts'
import type { Promoted } from '../engine/promoting.ts'
import type { Pruned } from '../engine/pruning.ts'
import type { Retention } from '../engine/retention.ts'
import type { FolderEvent, FolderStatus, Summary } from '../engine/events.ts'
import type { GivenBack, Verification } from '../engine/mending.ts'
import { ClientError, type ClientErrorCode } from '../errors.ts'
import type { HistoryAnswer, HistoryRow } from '../engine/history-query.ts'
import type { FolderRecord } from '../home/home.ts'
import type { ProblemCode } from '../sync/action.ts'
import { ControlFault } from './control-fault.ts'
import { historyAnswerSchema, historyQuerySchema, historyRowSchema, rowsAsJson } from './control-history.ts'
import type { Place } from './folder-lines.ts'
import { isProblemCode } from './problem-codes.ts'
import { isClientErrorCode } from './exit-code.ts'
import { verificationSchema, verifiedSchema } from './control-verify.ts'

/** A line is refused beyond this: a path and an event fit a thousand times. A longer result comes in parts. */
export const lineCharsMax = 1024 * 1024

const text = v.pipe(v.string(), v.maxLength(65_536))
const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const role = v.picklist(['owner', 'writer', 'reader'])

const changeSchema = v.variant('do', [
  v.strictObject({ do: v.literal('revoke'), member: text }),
  v.strictObject({ do: v.literal('role'), member: text, role }),
  v.strictObject({ do: v.literal('cancel'), invitation: text }),
])

const requestSchema = v.variant('ask', [
  v.strictObject({ ask: v.literal('status') }),
  v.strictObject({ ask: v.literal('invite'), path: text, role, expiresMs: count }),
  v.strictObject({ ask: v.literal('members'), path: text }),
  v.strictObject({ ask: v.literal('change-members'), path: text, change: changeSchema }),
  v.strictObject({ ask: v.literal('add'), path: text, name: text, relay: text }),
  v.strictObject({ ask: v.literal('approve'), path: text }),
  v.strictObject({ ask: v.literal('release'), path: text }),
  v.strictObject({ ask: v.literal('heal'), path: text }),
  v.strictObject({
    ask: v.literal('verify'),
    path: text,
    share: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  }),
  v.strictObject({ ask: v.literal('limit') }),
  v.strictObject({ ask: v.literal('prune'), path: text, keepMs: v.optional(count), dryRun: v.boolean() }),
  v.strictObject({ ask: v.literal('bring-back'), path: text }),
  v.strictObject({ ask: v.literal('retention'), path: text, floorMs: v.exactOptional(count) }),
  v.strictObject({
    ask: v.literal('move'),
    path: text,
    relay: text,
    invite: v.exactOptional(text),
    removeOld: v.boolean(),
  }),
  v.strictObject({
    ask: v.literal('promote'),
    path: text,
    relay: text,
    invite: v.exactOptional(text),
    force: v.boolean(),
  }),
  v.strictObject({
    ask: v.literal('mirrors'),
    path: text,
    change: v.strictObject({
      do: v.picklist(['add', 'remove']),
      relay: text,
      invite: v.exactOptional(text),
    }),
  }),
  v.strictObject({ ask: v.literal('history'), path: text, query: historyQuerySchema }),
])

const envelopeSchema = v.strictObject({ version: v.literal(1), request: requestSchema })

/** What can be asked of a process that syncs. */
export type ControlRequest = v.InferOutput<typeof requestSchema>

const givenFields = { entries: count, packs: count, bytes: count }
const givenSchema = v.strictObject(givenFields)
const head = v.optional(v.strictObject({ seq: count, hash: v.string() }))
const stateSchema = v.picklist(['synced', 'syncing', 'paused', 'offline', 'braked', 'halted', 'revoked'])
const sightFields = { direction: v.picklist(['up', 'down']), gone: count, changed: count, files: count }
const sightSchema = v.strictObject(sightFields)
const approvalSchema = v.strictObject({ marked: v.boolean(), sights: v.array(sightSchema) })
const wishedFields = { by: text, device: v.optional(text), atMs: count, finalMs: count, signed: v.boolean() }
const mirrorSchema = v.strictObject({
  relay: text,
  entries: count,
  bytes: count,
  behindMs: v.optional(v.number()),
  atMs: v.optional(v.number()),
  failure: v.optional(v.strictObject({ code: text, reason: v.optional(text), sinceMs: v.number() })),
})
const statusSchema = v.strictObject({
  state: stateSchema,
  pending: count,
  conflicts: count,
  problems: count,
  head,
  held: v.array(sightSchema),
  deletion: v.optional(v.strictObject(wishedFields)),
  healed: v.optional(v.strictObject({ atMs: count, ...givenFields })),
  verified: v.optional(verifiedSchema),
  mirrors: v.optional(v.array(mirrorSchema)),
  lastContactMs: v.optional(v.number()),
})
const heldSchema = v.strictObject({
  record: v.strictObject({ path: text, vault: v.string(), relay: text, name: text }),
  status: statusSchema,
})
const processSchema = v.strictObject({ pid: count, watching: v.boolean(), folders: v.array(heldSchema) })
const invitationSchema = v.strictObject({ code: text, words: text, role, expiresMs: count })
const membersSchema = v.strictObject({
  role: v.optional(role),
  devices: v.array(
    v.strictObject({
      id: text,
      name: v.optional(text),
      identity: v.optional(text),
      role,
      since: v.strictObject({ seq: count, atMs: v.optional(count) }),
      invitedBy: v.optional(text),
      isThis: v.boolean(),
    }),
  ),
  identities: v.array(v.strictObject({ id: text, role, madeVault: v.boolean() })),
  invitations: v.array(v.strictObject({ id: text, role, expiresMs: count, invitedBy: text })),
  current: v.boolean(),
})
const summarySchema = v.strictObject({
  files: count,
  bytes: count,
  bytesSent: count,
  bytesReceived: count,
  conflicts: count,
  problems: count,
  head,
  durationMs: v.number(),
})
const prunedSchema = v.strictObject({
  through: v.optional(count),
  versions: count,
  entries: count,
  entryBytes: count,
  packs: count,
  packBytes: count,
  rewrittenPacks: count,
  rewrittenBytes: count,
  youngBytes: count,
  floorMs: count,
  unreadable: v.array(text),
})
const broughtBackSchema = v.strictObject({ packs: count, bytes: count, gone: count })
const retentionSchema = v.strictObject({ floorMs: count, holdsMs: count })
const movedSchema = v.strictObject({
  relay: text,
  from: v.optional(text),
  isThere: v.boolean(),
  ...givenFields,
  lacking: v.array(text),
  removedMs: v.optional(count),
})
const promotedSchema = v.strictObject({
  relay: text,
  from: v.optional(text),
  isThere: v.boolean(),
  ...givenFields,
  lacking: count,
})
const addedSchema = v.strictObject({ vault: v.string(), summary: summarySchema })

/** A folder that a process holds open. */
export interface HeldFolder {
  readonly record: FolderRecord
  readonly status: FolderStatus
}

/** A process that syncs folders of this home. `watching`: it stays, and takes new folders on. */
export interface SyncProcess {
  readonly pid: number
  readonly watching: boolean
  readonly folders: readonly HeldFolder[]
}

/** What each request is answered with. */
export interface ControlResults {
  readonly status: SyncProcess
  readonly invite: Invitation
  readonly members: Members
  readonly 'change-members': Members
  readonly approve: Approval
  readonly add: { readonly vault: string; readonly summary: Summary }
  readonly release: undefined
  readonly heal: GivenBack
  readonly verify: Verification
  readonly limit: undefined
  readonly prune: Pruned
  readonly 'bring-back': BroughtBack
  readonly retention: Retention
  readonly move: Moved
  readonly promote: Promoted
  readonly mirrors: readonly string[]
  readonly history: HistoryAnswer
}

const eventSchema = v.variant('event', [
  v.strictObject({
    event: v.literal('progress'),
    filesDone: count,
    filesTotal: count,
    bytesDone: count,
    bytesTotal: count,
    bytesSent: count,
    bytesReceived: count,
  }),
  v.strictObject({
    event: v.literal('change'),
    path: text,
    from: v.exactOptional(text),
    action: v.picklist(['put', 'remove', 'move']),
    direction: v.picklist(['up', 'down']),
  }),
  v.strictObject({ event: v.literal('conflict'), path: text, keptAs: text, device: text }),
  v.strictObject({
    event: v.literal('problem'),
    path: text,
    code: v.custom<ProblemCode>(isProblemCode),
    detail: v.exactOptional(text),
  }),
  v.strictObject({
    event: v.literal('state'),
    state: stateSchema,
    code: v.exactOptional(v.custom<ClientErrorCode>(isCode)),
    reason: v.exactOptional(text),
  }),
  v.strictObject({ event: v.literal('void'), sequence: count, device: text, reason: text }),
  v.strictObject({ event: v.literal('brake'), ...sightFields, examples: v.array(text) }),
  v.strictObject({ event: v.literal('healed'), entries: count, packs: count, bytes: count }),
  v.strictObject({ event: v.literal('state-remade'), through: count, whole: v.boolean() }),
  v.strictObject({ event: v.literal('went-on'), entries: count, evidence: text }),
  v.strictObject({ event: v.literal('deletion'), ...wishedFields }),
  v.strictObject({ event: v.literal('moved'), relay: text, from: text }),
  v.strictObject({ event: v.literal('parted'), relay: text }),
  v.strictObject({ event: v.literal('mirror'), relay: text, code: text, reason: v.exactOptional(text) }),
  v.strictObject({ event: v.literal('awaits-readers'), looks: count }),
  v.strictObject({ event: v.literal('blind'), reason: text }),
])

function isCode(value: unknown): boolean {
  return typeof value === 'string' && isClientErrorCode(value)
}

const answerSchema = v.variant('answer', [
  v.strictObject({
    answer: v.literal('event'),
    event: eventSchema,
    folder: text,
    vault: v.exactOptional(v.string()),
  }),
  v.strictObject({ answer: v.literal('row'), row: historyRowSchema }),
  v.strictObject({ answer: v.literal('done'), result: v.optional(v.unknown()) }),
  v.strictObject({ answer: v.literal('part'), part: v.string() }),
  v.strictObject({
    answer: v.literal('failed'),
    code: v.optional(v.string()),
    message: text,
    data: v.record(v.string(), v.union([v.string(), v.number()])),
  }),
])

/** One line of an answer: events and rows, then either what was asked for or why not. */
export type ControlAnswer =
  | { readonly answer: 'event'; readonly event: FolderEvent; readonly place: Place }
  | { readonly answer: 'row'; readonly row: HistoryRow }
  | { readonly answer: 'done'; readonly result: unknown }
  /** What comes next of a line that is too long for one; the empty one is the last. */
  | { readonly answer: 'part'; readonly part: string }
  | { readonly answer: 'failed'; readonly error: Error }

/** @throws ControlFault for what is no request of this version */
export function decodeRequest(line: string): ControlRequest {
  return decode(envelopeSchema, line).request
}

/** The line of a request. */
export function encodeRequest(request: ControlRequest): string {
  return JSON.stringify({ version: 1, request })
}

/** @throws ControlFault for what is no answer of this version */
export function decodeAnswer(line: string): ControlAnswer {
  const answer = decode(answerSchema, line)
  if (answer.answer === 'event') {
    const { event, folder, vault } = answer
    return { answer: 'event', event, place: vault === undefined ? { folder } : { folder, vault } }
  }
  if (answer.answer === 'row' || answer.answer === 'part') return answer
  if (answer.answer === 'done') return { answer: 'done', result: answer.result }
  const { code, message, data } = answer
  const known = code !== undefined && isClientErrorCode(code)
  return { answer: 'failed', error: known ? new ClientError(code, message, { data }) : new Error(message) }
}

/** The line of an event. */
export function eventAnswer(event: FolderEvent, place: Place): string {
  return JSON.stringify({ answer: 'event', event, ...place })
}

/** The lines of a row. */
export function* rowAnswers(row: HistoryRow): Generator<string> {
  for (const part of rowsAsJson(row)) yield JSON.stringify({ answer: 'row', row: part })
}

/** What to answer when a request failed. */
export function failureLine(error: unknown): string {
  const { code, data } = error instanceof ClientError ? error : { code: undefined, data: {} }
  const message = error instanceof Error ? error.message : String(error)
  return JSON.stringify({ answer: 'failed', code, message, data })
}

/** Checks results as they come from the other process. @throws ControlFault */
export const decodeResult: { readonly [K in keyof ControlResults]: (result: unknown) => ControlResults[K] } =
  {
    status: (result) => {
      const { pid, watching, folders } = check(processSchema, result)
      return {
        pid,
        watching,
        folders: folders.map(({ record, status }) => ({ record, status: whole(status) })),
      }
    },
    invite: (result) => check(invitationSchema, result),
    members: (result) => membersOf(check(membersSchema, result)),
    'change-members': (result) => membersOf(check(membersSchema, result)),
    approve: (result) => check(approvalSchema, result),
    add: (result) => {
      const { vault, summary } = check(addedSchema, result)
      return { vault, summary: { ...summary, head: summary.head } }
    },
    release: () => undefined,
    heal: (result) => check(givenSchema, result),
    verify: (result) => check(verificationSchema, result),
    limit: () => undefined,
    prune: (result) => {
      const { through, ...pruned } = check(prunedSchema, result)
      return { ...pruned, through }
    },
    'bring-back': (result) => check(broughtBackSchema, result),
    promote: (result) => {
      const { from, ...promoted } = check(promotedSchema, result)
      return { ...promoted, from }
    },
    mirrors: (result) => check(v.array(text), result),
    retention: (result) => check(retentionSchema, result),
    move: (result) => {
      const { from, removedMs, ...moved } = check(movedSchema, result)
      return { ...moved, from, removedMs }
    },
    history: (result) => check(historyAnswerSchema, result),
  }

/** JSON leaves out what is undefined. */
function membersOf({ role: own, devices, ...rest }: v.InferOutput<typeof membersSchema>): Members {
  const whole = devices.map(({ name, identity, invitedBy, since: { seq, atMs }, ...device }) => {
    return { ...device, name, identity, invitedBy, since: { seq, atMs } }
  })
  return { ...rest, role: own, devices: whole }
}

/** The same. */
function whole(status: v.InferOutput<typeof statusSchema>): FolderStatus {
  return { ...status, head: status.head, lastContactMs: status.lastContactMs }
}

function decode<S extends v.GenericSchema>(schema: S, line: string): v.InferOutput<S> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw new ControlFault('not JSON', { cause })
  }
  return check(schema, value)
}

function check<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  const checked = v.safeParse(schema, value)
  if (checked.success) return checked.output
  const [issue] = checked.issues
  throw new ControlFault(`${v.getDotPath(issue) ?? 'line'}: ${issue.message}`)
}
