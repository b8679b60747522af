// Whether mirrors have what a device says of them, and whether some device keeps each of them up to date.
import { toHex, type VaultId } from '@grenier/crypto'
import type { MirrorStanding } from '../../packages/client/src/engine/mirror-note.ts'
import type { MirrorChange } from '../../packages/client/src/engine/mirror-list.ts'
import type { Machine } from './machine.ts'
import { bodiesAt, vaultOf } from './history.ts'
import type { RelayDisk } from './relay-disk.ts'
import { asked, within, type World, type WorldRelay } from './world.ts'

/** A mirror that failed is tried again after less. */
const triedAgainMs = 600_000

export interface MirrorCheck {
  readonly world: World
  /** Where the vault is. */
  readonly place: WorldRelay
  /** Those that are in. */
  readonly members: readonly Machine[]
  /** Relays whose disk is an older one since, and which are not asked whether they lost something. */
  readonly isOlder: (relay: WorldRelay) => boolean
}

/** What is wrong with mirrors that are there: a device says that one lacks nothing, and it does; or none says so. */
export async function wrongMirrors({ world, place, members, isOlder }: MirrorCheck): Promise<string[]> {
  const vault = vaultOf(world)
  if (vault === undefined) return []
  const now = await bodiesAt({ disk: place.disk, vault })
  const wrong: string[] = []
  const kept = new Map<string, boolean>()
  for (const machine of members) {
    for (const { relay: url, entries, bytes, failure } of await mirrorsOf(world, machine)) {
      const relay = world.relays.find((one) => one.url === url)
      if (relay === undefined || relay === place || relay.isLost || isOlder(relay)) continue
      const there = await bodiesAt({ disk: relay.disk, vault })
      if (entries === 0 && failure === undefined && areParted(there, now))
        wrong.push(`${url} has another history, and ${machine.name} says all is there`)
      const lacking = await lackingAt({ place: place.disk, mirror: relay.disk, vault })
      const says = entries === 0 && failure === undefined
      // What neither has is said to be lacking: it went with another relay.
      kept.set(url, kept.get(url) === true || (says && (bytes === 0 || lacking === 0)))
      if (!says || bytes > 0) continue
      if (there.length < now.length)
        wrong.push(`${url} has ${there.length} of ${now.length} entries, and ${machine.name} says all`)
      if (lacking > 0) wrong.push(`${url} lacks ${lacking} packs, and ${machine.name} says none`)
    }
  }
  for (const [url, isKept] of kept) if (!isKept) wrong.push(`nobody keeps the mirror ${url} up to date`)
  return wrong
}

/**
 * A relay that has another history, because somebody wrote there after its disk was an older one or was taken for gone, takes nothing as a mirror: devices say
 * so, and an owner takes it off the list. What went wrong.
 */
export async function leaveParted({
  world,
  place,
  members,
}: Omit<MirrorCheck, 'isOlder'>): Promise<string[]> {
  const vault = vaultOf(world)
  if (vault === undefined) return []
  const now = await bodiesAt({ disk: place.disk, vault })
  const wrong: string[] = []
  const left: string[] = []
  for (const url of await saidOf(world, members, ({ failure }) => failure?.code === 'vault-differs')) {
    const relay = world.relays.find((one) => one.url === url)
    if (relay === undefined || relay.isLost) continue
    if (!areParted(await bodiesAt({ disk: relay.disk, vault }), now))
      wrong.push(`${url} is said to have another history, and has not`)
    else if ((await whoChanges(world, members, { do: 'remove', relay: url })) !== undefined) left.push(url)
    else wrong.push(`nobody can take the mirror ${url} off the list`)
  }
  for (const url of left) world.note(`the mirror ${url} is left`)
  return left.length === 0 ? wrong : [...wrong, ...(await syncAll(world, members))]
}

/**
 * Time that passed for one relay alone, until it had deleted what it was to, passes for a mirror as well, which took what was written there for written in days to
 * come. What went wrong.
 */
export async function awaitClocks(world: World, members: readonly Machine[]): Promise<string[]> {
  const aheadMs = Math.max(...world.relays.map((relay) => relay.aheadMs))
  if (world.relays.every((relay) => relay.aheadMs === aheadMs)) return []
  const refused = await saidOf(world, members, ({ failure }) => failure?.reason === 'clock-refused')
  const behind = world.relays.filter((relay) => refused.has(relay.url) && relay.aheadMs < aheadMs)
  if (behind.length === 0) return []
  for (const relay of behind) {
    relay.aheadMs = aheadMs
    world.note(`time passes for ${relay.url}`)
  }
  await world.scheduler.runUntil(() => false, triedAgainMs)
  return await syncAll(world, members)
}

/** A mirror to which much was put back takes no more of it for a while, and says so: what it takes then. What went wrong. */
export async function awaitBusy(world: World, members: readonly Machine[]): Promise<string[]> {
  const busy = await saidOf(world, members, ({ failure }) => failure?.reason === 'busy')
  if (busy.size === 0) return []
  await world.scheduler.runUntil(() => false, triedAgainMs)
  return await syncAll(world, members)
}

/** Whether two logs have another entry at one place. */
export function areParted(one: readonly string[], other: readonly string[]): boolean {
  return one.some((body, at) => at < other.length && body !== other[at])
}

/** Mirrors of which some device says this. */
async function saidOf(
  world: World,
  members: readonly Machine[],
  what: (mirror: MirrorStanding) => boolean,
): Promise<Set<string>> {
  const said = new Set<string>()
  for (const machine of members)
    for (const mirror of await mirrorsOf(world, machine)) if (what(mirror)) said.add(mirror.relay)
  return said
}

/** Whether some device says that a mirror may have lost its account, or never had it: an owner who joined named the mirror. A person adds it, and it is asked again. */
export async function isUnknownAtMirror(world: World, members: readonly Machine[]): Promise<boolean> {
  return (await saidOf(world, members, isAccountLost)).size > 0
}

function isAccountLost({ failure }: MirrorStanding): boolean {
  return failure?.reason === 'account-unknown'
}

/**
 * Mirrors are asked once a day whether they lost something: a day later what they say is of their disks of now. Where one lost the account as well,
 * devices say so, and a person adds it again. What went wrong.
 */
export async function healMirrors(world: World, members: readonly Machine[]): Promise<string[]> {
  await world.scheduler.runUntil(() => false, 25 * 3_600_000)
  const wrong = await syncAll(world, members)
  const lost = await saidOf(world, members, isAccountLost)
  if (lost.size === 0) return wrong
  for (const relay of lost) {
    const machine = await whoChanges(world, members, { do: 'add', relay })
    if (machine !== undefined) world.note(`${machine.name} adds the mirror ${relay} again`)
  }
  return [...wrong, ...(await syncAll(world, members))]
}

async function syncAll(world: World, members: readonly Machine[]): Promise<string[]> {
  const wrong: string[] = []
  for (const machine of members) {
    machine.sync(true)
    await world.until(() => !machine.running)
    const { outcome } = machine
    if (outcome !== 'done') wrong.push(`${machine.name} a day later: ${outcome?.stack ?? 'it never ended'}`)
  }
  return wrong
}

/** What a device says of mirrors. */
export async function mirrorsOf(world: World, machine: Machine): Promise<readonly MirrorStanding[]> {
  const status = asked(machine, (engine) => engine.status())
  return (await within(world, status, 'the status')).mirrors ?? []
}

/** The first of them that may change the mirrors like this, and did. */
async function whoChanges(
  world: World,
  members: readonly Machine[],
  change: MirrorChange,
): Promise<Machine | undefined> {
  for (const machine of members) {
    const changing = asked(machine, (engine) => engine.changeMirrors(change))
    const isDone = await within(world, changing, 'changing the mirrors').then(
      () => true,
      () => false,
    )
    if (isDone) return machine
  }
  return undefined
}

interface Disks {
  readonly place: RelayDisk
  readonly mirror: RelayDisk
  readonly vault: VaultId
}

/** How many packs the vault needs, lie where it is, and do not lie at the mirror. */
async function lackingAt({ place, mirror, vault }: Disks): Promise<number> {
  const packs = place.packsOf(vault)
  const rows = await place.open(() => true).ledger.rows(vault, packs)
  const there = new Set(mirror.packsOf(vault).map(toHex))
  return packs.filter((pack, at) => rows[at]?.state === 'claimed' && !there.has(toHex(pack))).length
}
