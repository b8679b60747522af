// The members of a folder's vault, as commands ask for them: of the running `sync` where one holds the folder, else of the folder itself; and who is
// meant by a name or an id that somebody typed.
import type { Invitation, MemberChange, Members } from '../engine/api.ts'
import { ClientError } from '../errors.ts'
import type { Home } from '../home/home.ts'
import { atHolder, withEngine } from './at-holder.ts'
import { isSameName } from './called.ts'
import type { Invocation } from './invocation.ts'
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
  const { home, path, invocation } = on
  return await atHolder(home, path, {
    ask: (holder) => holder.members({ path }, { signal: invocation.interrupt.signal }),
    here: () => withEngine(on, (engine) => engine.members()),
  })
}

/** @throws ClientError as `FolderEngine.changeMembers` */
export async function changeMembers(on: MembersOf, change: MemberChange): Promise<Members> {
  const { home, path, invocation } = on
  return await atHolder(home, path, {
    ask: (holder) => holder.changeMembers({ path, change }, { signal: invocation.interrupt.signal }),
    here: () => withEngine(on, (engine) => engine.changeMembers(change)),
  })
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
    ({ id, name }) =>
      id === lower || (!isWhole && isSameName(name, text)) || (isPart && id.startsWith(lower)),
  )
  if (found.length < 2) return found[0]
  const ids = found.map(({ id }) => id).join(', ')
  throw new ClientError('name-ambiguous', 'a name that several share', { data: { ids } })
}
