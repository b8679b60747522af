// A server of another tool as a process: started, waited for until it listens, ended.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { connect } from 'node:net'
import { endWithUs } from '../ending.ts'
import { until } from './peer.ts'

/** A server that runs. */
export interface Server {
  readonly pid: number
  stop(): Promise<void>
}

export interface ServerOptions {
  readonly log: string
  /** Waited for until something listens there. */
  readonly port: number
  readonly env?: Readonly<Record<string, string>>
}

/** How long a server may take to listen, and to end when it is told to. */
const patienceMs = 20_000

/** Starts a server on loopback. */
export async function startServer(command: readonly string[], options: ServerOptions): Promise<Server> {
  const log = openSync(options.log, 'a')
  const [name = '', ...args] = command
  const child = spawn(name, args, { stdio: ['ignore', log, log], env: { ...process.env, ...options.env } })
  closeSync(log)
  endWithUs(child)
  const ended = once(child, 'close')
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const impatient = setTimeout(() => child.kill('SIGKILL'), patienceMs)
    await ended
    clearTimeout(impatient)
  }
  try {
    await until(() => listens(options.port), { ms: patienceMs, what: `${name} listens` })
  } catch (error) {
    await stop()
    throw error
  }
  return { pid: child.pid ?? 0, stop }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
