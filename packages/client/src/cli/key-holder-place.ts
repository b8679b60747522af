// Where the socket is of the process that holds this home's keys open. A runtime folder of the system is best: it goes when its user logs out. The
// `run` of the home takes its place where there is none. Only what is this user's alone is used: whoever else could enter might hand out keys.
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { ClientError } from '../errors.ts'
import { addressIn, controlDirectory, type ControlAddress } from './control-address.ts'

/** A socket that is there, or may be. */
export interface HolderPlace {
  /** The folder, 0700. */
  readonly directory: string
  readonly name: string
  /** Whether the system removes the folder when the user's last session ends. */
  readonly endsAtLogout: boolean
}

/** Where a holder of this home may be, the best first. None on Windows: there are no such sockets. */
export function holderPlaces(home: string, environment: NodeJS.ProcessEnv = process.env): HolderPlace[] {
  if (process.platform === 'win32' || process.getuid === undefined) return []
  const uid = process.getuid()
  const given = environment['XDG_RUNTIME_DIR']
  const login = `/run/user/${uid}`
  const runtime = given?.startsWith('/') === true ? given : login
  const own = { directory: controlDirectory(home), name: 'keys.sock', endsAtLogout: false }
  if (!isPrivate(runtime)) return [own]
  // One user may have several homes.
  const id = createHash('sha256').update(realHome(home)).digest('hex').slice(0, 16)
  const endsAtLogout = runtime === login && !lingers()
  return [{ directory: join(runtime, 'grenier'), name: `keys-${id}.sock`, endsAtLogout }, own]
}

/** Makes the folder. @throws ClientError `home-unsafe` when it is there and not this user's alone */
export function makeHolderPlace({ directory }: HolderPlace): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  if (!isPrivate(directory))
    throw new ClientError('home-unsafe', 'others may enter the folder of the socket', {
      data: { path: directory },
    })
}

/** The way to the socket, once folder and socket are this user's alone; undefined when there is none such. To be released. */
export function holderAddress({ directory, name }: HolderPlace): ControlAddress | undefined {
  if (!isPrivate(directory) || !isOwnSocket(join(directory, name))) return undefined
  return addressIn(directory, name)
}

function isPrivate(directory: string): boolean {
  const found = lstatSync(directory, { throwIfNoEntry: false })
  return found !== undefined && found.isDirectory() && isOwn(found)
}

function isOwnSocket(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found !== undefined && found.isSocket() && isOwn(found)
}

function isOwn({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean {
  return uid === process.getuid?.() && (mode & 0o077) === 0
}

/** A user whose services run without a session keeps the folder for as long as the machine runs. */
function lingers(): boolean {
  return existsSync(join('/var/lib/systemd/linger', userInfo().username))
}

function realHome(home: string): string {
  try {
    return realpathSync(home)
  } catch {
    return home
  }
}
