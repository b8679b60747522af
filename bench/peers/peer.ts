// What a tool has to offer to be compared: whether it is there, and a run of it from one folder over a server to another.
import { spawnSync } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Took } from '../processes.ts'

/** What is done with the load in the folder, and has then to be carried over. */
export type Job = 'full' | 'prepend' | 'rename' | 'nothing'

/** The place of one run: new and empty, removed afterwards. */
export interface Place {
  /** Folder A. The load comes to lie in `data` below it, when the tool has started. */
  readonly here: string
  /** Folder B. */
  readonly there: string
  /** What a command says goes here. */
  readonly log: string
  /** No command, and no wait, takes longer. */
  readonly limitMs: number
  /** A path for what the tool keeps itself. */
  readonly path: (...names: string[]) => string
  /** The port that clients are to dial for this one of the server: itself, or one where what goes over it is counted. */
  readonly dial: (port: number) => Promise<number>
}

/** What carrying took, as far as the tool's own commands account for it. */
export interface Carried {
  /** Until all of it was at the server, where that is a step of its own. */
  readonly pushMs?: number
  /** The commands that ran to their end. */
  readonly commands: readonly Took[]
}

/** A tool that runs. */
export interface PeerRun {
  /** Servers, for the whole of the run. */
  readonly servers: readonly number[]
  /** Clients that go on running. */
  readonly clients: readonly number[]
  /** Carries what changed in A to B. `isThere`: whether B has it, which costs something to ask. */
  carry(job: Job, isThere: () => boolean): Promise<Carried>
  stop(): Promise<void>
}

/** A tool. */
export interface Peer {
  readonly name: string
  /** Its commands, all of which have to be there. */
  readonly commands: readonly string[]
  /** The command that says which version it is. */
  readonly version: readonly string[]
  start(place: Place): Promise<PeerRun>
}

/** Which version is installed, or what is missing. */
export function installed(peer: Peer): { readonly version: string } | { readonly missing: string } {
  const missing = peer.commands.filter((command) => !isCommand(command))
  if (missing.length > 0) return { missing: missing.join(', ') }
  const [command = '', ...args] = peer.version
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  return { version: /\d+(?:\.\d+)+/.exec(stdout + stderr)?.[0] ?? 'unknown' }
}

function isCommand(name: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** A port of loopback that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Makes a folder of the place. */
export function made(path: string): string {
  mkdirSync(path, { recursive: true })
  return path
}

/** Asks until it holds. @throws Error when it takes too long */
export async function until(
  holds: () => boolean | Promise<boolean>,
  limit: { ms: number; what: string },
): Promise<void> {
  const start = performance.now()
  while (!(await holds())) {
    if (performance.now() - start > limit.ms) throw new Error(`${limit.what}: not within ${limit.ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
