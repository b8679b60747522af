// The local socket between the command and a running relay: one line of JSON asks, one answers. Whoever may open the data folder may ask.
import { closeSync, openSync } from 'node:fs'
import { chmod, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { RelayError } from '../errors.ts'
import { adminLineBytes, adminTimeoutMs } from '../limits.ts'
import {
  decodeAdminRequest,
  decodeAdminResult,
  failureEnvelope,
  type AdminEnvelope,
  type AdminRequest,
  type AdminResult,
} from './admin-request.ts'

const socketName = 'admin.sock'
/** What `sockaddr_un` has room for, everywhere, with the final NUL. */
const addressBytesMax = 103

/** A socket that listens. */
export interface AdminSocket {
  close(): Promise<void>
}

interface Address {
  readonly path: string
  release(): void
}

// A data folder may lie too deep for the address of a socket; Linux then reaches it through an open handle of the folder.
function addressIn(folder: string): Address | undefined {
  const path = join(folder, socketName)
  if (Buffer.byteLength(path) <= addressBytesMax) return { path, release: () => undefined }
  if (process.platform !== 'linux') return undefined
  const handle = openSync(folder, 'r')
  return { path: `/proc/self/fd/${handle}/${socketName}`, release: () => closeSync(handle) }
}

/**
 * Listens in the data folder, 0600. The caller holds the stores, so a socket that is there already was left by a crash.
 * undefined where the folder lies too deep for a socket.
 */
export async function serveAdmin(
  folder: string,
  handle: (request: AdminRequest) => Promise<AdminResult>,
): Promise<AdminSocket | undefined> {
  const address = addressIn(folder)
  if (address === undefined) return undefined
  await rm(address.path, { force: true })
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    void serveOne(socket, handle)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.path, resolve)
  })
  await chmod(address.path, 0o600)
  return {
    async close() {
      const done = new Promise((resolve) => server.close(resolve))
      for (const socket of open) socket.end()
      await done
      address.release()
    },
  }
}

async function serveOne(
  socket: Socket,
  handle: (request: AdminRequest) => Promise<AdminResult>,
): Promise<void> {
  try {
    const line = await readLine(socket)
    socket.end(`${JSON.stringify(await answerTo(line, handle))}\n`)
  } catch {
    socket.destroy()
  }
}

async function answerTo(
  line: string,
  handle: (request: AdminRequest) => Promise<AdminResult>,
): Promise<AdminEnvelope> {
  try {
    const request = decodeAdminRequest(JSON.parse(line))
    return { ok: true, result: await handle(request) }
  } catch (error) {
    return failureEnvelope(error)
  }
}

/**
 * Asks the relay that runs on this data folder; undefined when none does.
 * @throws RelayError of the relay; `admin-failed` when it does not answer as it should
 */
export async function askAdmin<C extends AdminRequest['command']>(
  folder: string,
  request: Extract<AdminRequest, { command: C }>,
): Promise<AdminResult<C> | undefined> {
  const address = addressIn(folder)
  if (address === undefined) return undefined
  try {
    const socket = await connected(address.path)
    if (socket === undefined) return undefined
    socket.write(`${JSON.stringify(request)}\n`)
    const command: C = request.command
    return decodeAdminResult(command, parsed(await readLine(socket)))
  } finally {
    address.release()
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new RelayError('admin-failed', 'not an answer', { cause })
  }
}

// No socket, or one that nobody listens on: no relay runs here.
async function connected(path: string): Promise<Socket | undefined> {
  return await new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(socket))
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED') resolve(undefined)
      else reject(new RelayError('admin-failed', cause.message, { cause }))
    })
  })
}

/** The first line that comes. @throws RelayError `admin-failed` when none does, or it has no end */
async function readLine(socket: Socket): Promise<string> {
  return await new Promise((resolve, reject) => {
    let text = ''
    const fail = (message: string): void => {
      socket.destroy()
      reject(new RelayError('admin-failed', message))
    }
    socket.setEncoding('utf8')
    socket.setTimeout(adminTimeoutMs, () => fail('no answer in time'))
    socket.on('data', (piece: string) => {
      text += piece
      const end = text.indexOf('\n')
      if (end >= 0) resolve(text.slice(0, end))
      else if (text.length > adminLineBytes) fail('too long')
    })
    socket.once('error', (cause) => fail(cause.message))
    socket.once('close', () => fail('the connection ended first'))
  })
}
