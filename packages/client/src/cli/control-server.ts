// The control socket of a process that syncs: other commands of the same home ask it, because it holds the state. Whoever may enter the
// home may ask.
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { controlAddress, makeControlDirectory } from './control-address.ts'
import {
  decodeRequest,
  eventAnswer,
  failureLine,
  rowAnswers,
  type ControlRequest,
  type ControlResults,
} from './control-message.ts'
import { readLines } from './control-lines.ts'
import { doneAnswers } from './control-parts.ts'
import type { TakeRow } from '../engine/history-query.ts'
import { ClientError } from '../errors.ts'
import type { PlacedReport } from './folder-report.ts'

/** What is asked of the process; each may reject with a ClientError, which goes back to the one who asked. */
export type ControlHandler = {
  readonly [K in ControlRequest['ask']]: (
    request: Extract<ControlRequest, { ask: K }>,
    report: PlacedReport,
    take: TakeRow,
  ) => Promise<ControlResults[K]>
}

/** How long answers under way may take once the process ends. */
const graceMs = 1000

/** A socket that listens. */
export interface ControlServer {
  close(): Promise<void>
}

/** Listens, 0600; undefined where there can be no socket: then nobody asks, and nothing else changes. */
export async function serveControl(
  home: string,
  handler: ControlHandler,
): Promise<ControlServer | undefined> {
  if (process.platform === 'win32') return undefined
  makeControlDirectory(home)
  const address = controlAddress(home, `${process.pid}.sock`)
  if (address === undefined) return undefined
  // One of the same number was left by a crash: numbers of processes come again.
  rmSync(address.path, { force: true })
  const open = new Set<Socket>()
  const asked = new Set<Promise<void>>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    const served = serveOne(socket, handler)
    asked.add(served)
    void served.then(() => asked.delete(served))
  })
  await listen(server, address.path)
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      // Whoever asked for what ends this process is still to be told that it is done.
      await within(graceMs, Promise.all([...asked]))
      for (const socket of open) socket.destroySoon()
      await within(graceMs, closed)
      // Who reads nothing gets no more.
      for (const socket of open) socket.destroy()
      await closed
      rmSync(address.path, { force: true })
      address.release()
    },
  }
}

/** Resolves when `work` has ended, or after so long. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => late.resolve(undefined), ms)
  await Promise.race([work, late.promise])
  clearTimeout(timer)
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  chmodSync(path, 0o600)
  // It serves others: by itself it is no reason to stay.
  server.unref()
}

/** One request a connection. */
async function serveOne(socket: Socket, handler: ControlHandler): Promise<void> {
  const write = (line: string): void => {
    if (socket.writable) socket.write(`${line}\n`)
  }
  // Who asked may leave before the answer: that is no fault of ours.
  socket.on('error', () => socket.destroy())
  try {
    const line = await firstLine(socket)
    if (line === undefined) return
    // Nothing more is read; but that the other side left must be noticed.
    socket.resume()
    const report: PlacedReport = (event, place) => write(eventAnswer(event, place))
    const take: TakeRow = async (row) => {
      for (const text of rowAnswers(row)) await writeFully(socket, text)
    }
    const result = await answer(decodeRequest(line), handler, { report, take })
    for (const text of doneAnswers(result)) await writeFully(socket, text)
  } catch (error) {
    write(failureLine(error))
  } finally {
    socket.end()
  }
}

/** As fast as it is read: what waits for the reader is not gathered here. */
async function writeFully(socket: Socket, line: string): Promise<void> {
  const gone = (): ClientError => new ClientError('interrupted', 'who asked has left')
  if (!socket.writable) throw gone()
  if (socket.write(`${line}\n`)) return
  await new Promise<void>((resolve, reject) => {
    const drained = (): void => {
      socket.off('close', closed)
      resolve()
    }
    const closed = (): void => {
      socket.off('drain', drained)
      reject(gone())
    }
    socket.once('drain', drained)
    socket.once('close', closed)
  })
}

async function firstLine(socket: Socket): Promise<string | undefined> {
  for await (const line of readLines(socket)) return line
  return undefined
}

async function answer(
  request: ControlRequest,
  handler: ControlHandler,
  { report, take }: { readonly report: PlacedReport; readonly take: TakeRow },
): Promise<unknown> {
  switch (request.ask) {
    case 'status':
      return await handler.status(request, report, take)
    case 'invite':
      return await handler.invite(request, report, take)
    case 'members':
      return await handler.members(request, report, take)
    case 'change-members':
      return await handler['change-members'](request, report, take)
    case 'approve':
      return await handler.approve(request, report, take)
    case 'add':
      return await handler.add(request, report, take)
    case 'heal':
      return await handler.heal(request, report, take)
    case 'verify':
      return await handler.verify(request, report, take)
    case 'release':
      await handler.release(request, report, take)
      return undefined
    case 'limit':
      await handler.limit(request, report, take)
      return undefined
    case 'prune':
      return await handler.prune(request, report, take)
    case 'bring-back':
      return await handler['bring-back'](request, report, take)
    case 'promote':
      return await handler.promote(request, report, take)
    case 'mirrors':
      return await handler.mirrors(request, report, take)
    case 'retention':
      return await handler.retention(request, report, take)
    case 'move':
      return await handler.move(request, report, take)
    case 'history':
      return await handler.history(request, report, take)
  }
}
