// Whether mirrors have what a device says of them, and whether some device keeps each of them up to date.
import { toHex, type VaultId } from '@grenier/crypto'
import type { Machine } from './machine.ts'
import { bodiesAt, vaultOf } from './history.ts'
import type { RelayDisk } from './relay-disk.ts'
import { asked, within, type World, type WorldRelay } from './world.ts'

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
    const { mirrors = [] } = await within(
      world,
      asked(machine, (engine) => engine.status()),
      'the status',
    )
    for (const { relay: url, entries, bytes, failure } of mirrors) {
      const relay = world.relays.find((one) => one.url === url)
      if (relay === undefined || relay === place || relay.isLost || isOlder(relay)) continue
      const there = await bodiesAt({ disk: relay.disk, vault })
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
 * Mirrors are asked once a day whether they lost something: a day later what they say is of their disks of now. Where one lost the account as well,
 * devices say so, and a person adds it again. What went wrong.
 */
export async function healMirrors(world: World, members: readonly Machine[]): Promise<string[]> {
  await world.scheduler.runUntil(() => false, 25 * 3_600_000)
  const wrong = await syncAll(world, members)
  const lost = new Set<string>()
  for (const machine of members) for (const url of await withoutAccount(world, machine)) lost.add(url)
  if (lost.size === 0) return wrong
  for (const relay of lost)
    for (const machine of members)
      if (await isAdded(world, machine, relay)) {
        world.note(`${machine.name} adds the mirror ${relay} again`)
        break
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

/** Mirrors of which a device says that they do not know it. */
async function withoutAccount(world: World, machine: Machine): Promise<string[]> {
  const status = asked(machine, (engine) => engine.status())
  const { mirrors = [] } = await within(world, status, 'the status')
  return mirrors.filter(({ failure }) => failure?.reason === 'account-unknown').map(({ relay }) => relay)
}

/** Whether this machine may add the mirror, and did. */
async function isAdded(world: World, machine: Machine, relay: string): Promise<boolean> {
  const adding = asked(machine, (engine) => engine.changeMirrors({ do: 'add', relay }))
  return await within(world, adding, 'adding the mirror').then(
    () => true,
    () => false,
  )
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
