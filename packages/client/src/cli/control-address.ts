// Where the control sockets of a home are: one a process, in a folder of their own, named by the process.
import { closeSync, mkdirSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** What `sockaddr_un` has room for everywhere, with the final NUL. */
const addressBytesMax = 103
const socketName = /^\d+\.sock$/

/** A way to a socket, good until it is released. */
export interface ControlAddress {
  readonly path: string
  release(): void
}

/** The folder of the sockets. */
export function controlDirectory(home: string): string {
  return join(home, 'run')
}

/** Makes the folder, for this user alone. */
export function makeControlDirectory(home: string): void {
  mkdirSync(controlDirectory(home), { recursive: true, mode: 0o700 })
}

/** Names of the sockets that lie there, of living processes or left by crashes. */
export function controlSockets(home: string): string[] {
  try {
    return readdirSync(controlDirectory(home))
      .filter((name) => socketName.test(name))
      .sort()
  } catch {
    return []
  }
}

/**
 * The address of a socket. A home may lie too deep for one; Linux then reaches it through an open handle of its folder. undefined
 * where there is no way.
 */
export function controlAddress(home: string, name: string): ControlAddress | undefined {
  return addressIn(controlDirectory(home), name)
}

/** The same, of a socket in any folder. */
export function addressIn(directory: string, name: string): ControlAddress | undefined {
  const path = join(directory, name)
  if (Buffer.byteLength(path) <= addressBytesMax) return { path, release: () => undefined }
  if (process.platform !== 'linux') return undefined
  const handle = openSync(directory, 'r')
  return { path: `/proc/self/fd/${handle}/${name}`, release: () => closeSync(handle) }
}
