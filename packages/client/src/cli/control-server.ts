// The control socket of a process that syncs: other commands of the same home ask it, because it holds the state. Whoever may enter the
// home may ask.
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import type { FolderEvent, Report } from '../engine/events.ts'
import { controlAddress, makeControlDirectory, type ControlAddress } from './control-address.ts'
import { decodeRequest, failureLine, type ControlRequest, type ControlResults } from './control-message.ts'
import { readLines } from './control-lines.ts'

/** What is asked of the process; each may reject with a ClientError, which goes back to the one who asked. */
export type ControlHandler = {
  readonly [K in ControlRequest['ask']]: (
    request: Extract<ControlRequest, { ask: K }>,
    report: Report,
  ) => Promise<ControlResults[K]>
}

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
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    void serveOne(socket, handler)
  })
  await listen(server, address.path)
  return { close: () => closeServer(server, open, address) }
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

async function closeServer(
  server: Server,
  open: ReadonlySet<Socket>,
  address: ControlAddress,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  for (const socket of open) socket.end()
  const grace = setTimeout(() => {
    for (const socket of open) socket.destroy()
  }, 1000)
  await closed
  clearTimeout(grace)
  rmSync(address.path, { force: true })
  address.release()
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
    const report = (event: FolderEvent): void => write(JSON.stringify({ answer: 'event', event }))
    const result = await answer(decodeRequest(line), handler, report)
    write(JSON.stringify({ answer: 'done', result }))
  } catch (error) {
    write(failureLine(error))
  } finally {
    socket.end()
  }
}

async function firstLine(socket: Socket): Promise<string | undefined> {
  for await (const line of readLines(socket)) return line
  return undefined
}

async function answer(request: ControlRequest, handler: ControlHandler, report: Report): Promise<unknown> {
  switch (request.ask) {
    case 'status':
      return await handler.status(request, report)
    case 'invite':
      return await handler.invite(request, report)
    case 'add':
      return await handler.add(request, report)
    case 'release':
      await handler.release(request, report)
      return undefined
  }
}
