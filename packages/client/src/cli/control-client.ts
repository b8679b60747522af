// Asks the processes of this home that sync: who is there, and what they are to do.
import { rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import type { TakeRow } from '../engine/history-query.ts'
import { ClientError } from '../errors.ts'
import { controlAddress, controlSockets } from './control-address.ts'
import { ControlFault, HolderGone } from './control-fault.ts'
import { readLines } from './control-lines.ts'
import type { PlacedReport } from './folder-report.ts'
import {
  decodeResult,
  encodeRequest,
  type ControlRequest,
  type ControlResults,
  type SyncProcess,
} from './control-message.ts'
import { answerOf } from './control-parts.ts'

/** A process that is busy for longer counts as silent. */
const statusTimeoutMs = 10_000

/** A living process, and how to ask it. */
export interface LiveSync extends SyncProcess {
  invite: Asking<'invite'>
  members: Asking<'members'>
  changeMembers: Asking<'change-members'>
  approve: Asking<'approve'>
  add: Asking<'add'>
  release: Asking<'release'>
  heal: Asking<'heal'>
  verify: Asking<'verify'>
  limit: Asking<'limit'>
  prune: Asking<'prune'>
  'bring-back': Asking<'bring-back'>
  mirrors: Asking<'mirrors'>
  promote: Asking<'promote'>
  retention: Asking<'retention'>
  move: Asking<'move'>
  history: Asking<'history'>
}

/** Rejects with the ClientError of the other process, or ControlFault when it does not keep to the protocol. */
type Asking<K extends keyof ControlResults> = (
  request: Omit<Extract<ControlRequest, { ask: K }>, 'ask'>,
  options?: { readonly report?: PlacedReport; readonly take?: TakeRow; readonly signal?: AbortSignal },
) => Promise<ControlResults[K]>

/** All processes of this home that sync. What crashes left is cleared away. */
export async function liveSyncs(home: string): Promise<LiveSync[]> {
  const found = await Promise.all(controlSockets(home).map((name) => liveSync(home, name)))
  return found.filter((one) => one !== undefined)
}

/** The process that holds this folder, if any. */
export async function holderOf(home: string, path: string): Promise<LiveSync | undefined> {
  const live = await liveSyncs(home)
  return live.find(({ folders }) => folders.some(({ record }) => record.path === path))
}

async function liveSync(home: string, name: string): Promise<LiveSync | undefined> {
  const signal = AbortSignal.timeout(statusTimeoutMs)
  const request = { ask: 'status' } as const
  const process = await exchange({ home, name, request, signal }).catch(undefinedWhereEnded)
  if (process === undefined) return undefined
  const asked = async (
    asking: Pick<Exchange, 'request' | 'report' | 'take' | 'signal'>,
  ): Promise<unknown> => {
    const answered = await exchange({ home, name, ...asking })
    if (answered === undefined) throw new HolderGone('it ended')
    return answered.result
  }
  return {
    ...decodeResult.status(process.result),
    invite: async (invite, options) =>
      decodeResult.invite(await asked({ request: { ask: 'invite', ...invite }, ...options })),
    members: async (members, options) =>
      decodeResult.members(await asked({ request: { ask: 'members', ...members }, ...options })),
    changeMembers: async (change, options) =>
      decodeResult['change-members'](
        await asked({ request: { ask: 'change-members', ...change }, ...options }),
      ),
    approve: async (approve, options) =>
      decodeResult.approve(await asked({ request: { ask: 'approve', ...approve }, ...options })),
    add: async (add, options) =>
      decodeResult.add(await asked({ request: { ask: 'add', ...add }, ...options })),
    release: async (release, options) =>
      decodeResult.release(await asked({ request: { ask: 'release', ...release }, ...options })),
    heal: async (heal, options) =>
      decodeResult.heal(await asked({ request: { ask: 'heal', ...heal }, ...options })),
    verify: async (verify, options) =>
      decodeResult.verify(await asked({ request: { ask: 'verify', ...verify }, ...options })),
    limit: async (limit, options) =>
      decodeResult.limit(await asked({ request: { ask: 'limit', ...limit }, ...options })),
    prune: async (prune, options) =>
      decodeResult.prune(await asked({ request: { ask: 'prune', ...prune }, ...options })),
    'bring-back': async (back, options) =>
      decodeResult['bring-back'](await asked({ request: { ask: 'bring-back', ...back }, ...options })),
    mirrors: async (mirrors, options) =>
      decodeResult.mirrors(await asked({ request: { ask: 'mirrors', ...mirrors }, ...options })),
    promote: async (promote, options) =>
      decodeResult.promote(await asked({ request: { ask: 'promote', ...promote }, ...options })),
    retention: async (retention, options) =>
      decodeResult.retention(await asked({ request: { ask: 'retention', ...retention }, ...options })),
    move: async (move, options) =>
      decodeResult.move(await asked({ request: { ask: 'move', ...move }, ...options })),
    history: async (history, options) =>
      decodeResult.history(await asked({ request: { ask: 'history', ...history }, ...options })),
  }
}

interface Exchange {
  readonly home: string
  readonly name: string
  readonly request: ControlRequest
  readonly report?: PlacedReport | undefined
  readonly take?: TakeRow | undefined
  readonly signal?: AbortSignal | undefined
}

/** Asks and waits for the answer; undefined when nobody listens. */
async function exchange(options: Exchange): Promise<{ result: unknown } | undefined> {
  const address = controlAddress(options.home, options.name)
  if (address === undefined) return undefined
  try {
    const socket = await connected(address.path)
    if (socket === undefined) return undefined
    const stop = (): void => void socket.destroy()
    options.signal?.addEventListener('abort', stop)
    try {
      socket.write(`${encodeRequest(options.request)}\n`)
      return { result: await answerFrom(socket, options) }
    } catch (error) {
      if (options.signal?.aborted !== true) throw isCut(error) ? ended(error) : error
      throw new ClientError('interrupted', 'stopped', { cause: error })
    } finally {
      options.signal?.removeEventListener('abort', stop)
      socket.destroy()
    }
  } finally {
    address.release()
  }
}

async function answerFrom(
  socket: Socket,
  { report, take }: Pick<Exchange, 'report' | 'take'>,
): Promise<unknown> {
  const parts: string[] = []
  for await (const line of readLines(socket)) {
    const answer = answerOf(line, parts)
    if (answer === undefined) continue
    if (answer.answer === 'done') return answer.result
    if (answer.answer === 'failed') throw answer.error
    if (answer.answer === 'row') await take?.(answer.row)
    else report?.(answer.event, answer.place)
  }
  throw ended()
}

function ended(cause?: unknown): ClientError {
  return new ClientError('holder-ended', 'it ended before it answered', { cause, retryable: true })
}

/** How a socket breaks whose other end was killed. */
function isCut(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ECONNRESET' || code === 'EPIPE'
}

/** Who ends while it says that it is there is not there. */
function undefinedWhereEnded(error: unknown): undefined {
  if (error instanceof ClientError && error.code === 'holder-ended') return undefined
  throw error
}

/** No socket, or one that nobody listens on: what a crash left is removed. */
async function connected(path: string): Promise<Socket | undefined> {
  return await new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(socket))
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ECONNREFUSED') rmSync(path, { force: true })
      if (cause.code === 'ECONNREFUSED' || cause.code === 'ENOENT') resolve(undefined)
      else reject(new ControlFault(cause.message, { cause }))
    })
  })
}
