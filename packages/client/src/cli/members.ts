// The members of a folder's vault, as commands ask for them: of the running `sync` where one holds the folder, else of the folder itself; and who is
// meant by a name or an id that somebody typed.
import type { FolderEngine, Invitation, MemberChange, Members } from '../engine/api.ts'
import { ClientError } from '../errors.ts'
import type { Home } from '../home/home.ts'
import { holderOf } from './control-client.ts'
import type { Invocation } from './invocation.ts'
import { openOwnFolder } from './open-own-folder.ts'
import { usageError } from './usage-error.ts'

/** Fewer characters of an id are none: they may be a name that somebody mistyped. */
const idCharsMin = 6
const idPart = /^[0-9a-f]+$/i
const wholeId = /^[0-9a-f]{64}$/i

/** Of which folder. */
export interface MembersOf {
  readonly invocation: Invocation
  readonly home: Home
  readonly path: string
}

/** @throws ClientError as `FolderEngine.members` */
export async function membersOf(on: MembersOf): Promise<Members> {
  const running = await holderOf(on.home.directory, on.path)
  if (running === undefined) return await withEngine(on, (engine) => engine.members())
  return await running.members({ path: on.path }, { signal: on.invocation.interrupt.signal })
}

/** @throws ClientError as `FolderEngine.changeMembers` */
export async function changeMembers(on: MembersOf, change: MemberChange): Promise<Members> {
  const running = await holderOf(on.home.directory, on.path)
  if (running === undefined) return await withEngine(on, (engine) => engine.changeMembers(change))
  return await running.changeMembers({ path: on.path, change }, { signal: on.invocation.interrupt.signal })
}

async function withEngine<T>(on: MembersOf, ask: (engine: FolderEngine) => Promise<T>): Promise<T> {
  const engine = await openOwnFolder(on)
  try {
    return await ask(engine)
  } finally {
    await engine.close()
  }
}

/** @throws ClientError `usage` */
export function roleOf(text: string): Invitation['role'] {
  if (text === 'owner' || text === 'writer' || text === 'reader') return text
  throw usageError('role', text)
}

/** Who is meant: a device by its name, a device or an identity by its id. `devices`: ids of the devices that it stands for. */
export interface Meant {
  readonly id: string
  readonly name: string | undefined
  readonly isIdentity: boolean
  readonly devices: readonly string[]
}

/** @throws ClientError `usage` for nobody; `name-ambiguous`, with the ids, for several */
export function memberMeant({ devices, identities }: Members, text: string): Meant {
  const found = oneOf([...identities, ...devices], text)
  if (found === undefined) throw usageError('device', text)
  const identity = identities.find(({ id }) => id === found.id)
  const device = devices.find(({ id }) => id === found.id)
  const ids = devices.filter((one) => one === device || one.identity === identity?.id).map(({ id }) => id)
  if (identity === undefined)
    return { id: found.id, name: device?.name, isIdentity: false, devices: [found.id] }
  return { id: found.id, name: undefined, isIdentity: true, devices: ids }
}

/**
 * The one of this id, of the beginning of it, or of this name. Names are chosen by whoever bears them: a whole id is never a name, and a name that
 * is also the beginning of another's id means neither.
 * @throws ClientError `name-ambiguous`
 */
export function oneOf<T extends { readonly id: string; readonly name?: string | undefined }>(
  all: readonly T[],
  text: string,
): T | undefined {
  const isWhole = wholeId.test(text)
  const isPart = !isWhole && idPart.test(text) && text.length >= idCharsMin
  const lower = text.toLowerCase()
  const found = all.filter(
    ({ id, name }) => id === lower || (!isWhole && name === text) || (isPart && id.startsWith(lower)),
  )
  if (found.length < 2) return found[0]
  const ids = found.map(({ id }) => id).join(', ')
  throw new ClientError('name-ambiguous', 'a name that several share', { data: { ids } })
}
