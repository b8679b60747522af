// `grenier vaults` and `grenier vault delete`: what there is at the relays and here, and an owner's wish that a vault go.
import { fromHex, toHex, vaultId, type VaultId } from '@grenier/crypto'
import { isSigned, wishDeletion } from '../engine/vault-deletion.ts'
import { deviceLogin, logInAt } from '../engine/relay-login.ts'
import { sightOfVault, type VaultSight } from '../engine/vault-sight.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import type { FolderRecord, Home } from '../home/home.ts'
import type { VaultFacts } from '../relay/relay-account.ts'
import type { ConnectedSession } from '../relay/session.ts'
import { roleText } from './devices.ts'
import { heaviestExitCode } from './exit-code.ts'
import { knownFolder } from './folder-argument.ts'
import type { Invocation } from './invocation.ts'
import { relayText } from './relay-text.ts'
import { printable } from './printable.ts'
import { formatBytes, formatId, formatMoment } from './quantities.ts'
import { usageError } from './usage-error.ts'
import { canAsk, isYes } from './yes-or-no.ts'

/** One vault: at a relay, with what is known of it here. `facts`: undefined when the relay has none for this device. */
interface Listed {
  readonly vault: VaultId
  readonly relay: string
  readonly record: FolderRecord | undefined
  /** Whether a folder here syncs this vault with another relay. */
  readonly isSyncedElsewhere: boolean
  /** Where the vault went on from here, of which this is the copy that was left. */
  readonly wentTo: string | undefined
  readonly facts: VaultFacts | undefined
  readonly refused: string | undefined
  /** The time of its last entry, ms, as that gives it. */
  readonly changedMs?: number | undefined
  /** Of one that no folder here is of. */
  readonly sight?: VaultSight | undefined
}

/** A log beyond this is not read for a name alone. */
const namedLogBytesMax = 64 * 1024 * 1024

/** Lists them, relay by relay. One that is out of reach does not keep the others from being told. @throws ClientError `home-missing` */
export async function vaults(invocation: Invocation): Promise<ExitCode> {
  const { output, platform, homeDirectory } = invocation
  const home = openHome(homeDirectory)
  const codes: ExitCode[] = [0]
  const relays = [...new Set([...home.relays, ...home.folders.map(({ relay }) => relay)])]
  for (const relay of relays) {
    try {
      const session = await logInAt(platform(), relay, deviceLogin(home))
      const listed = await vaultsAt(session, home, relay).finally(() => session.close())
      for (const one of listed) tell(invocation, one)
      if (listed.length === 0) output.note(output.words.vaultsNone({ relay }))
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      output.note(output.words.usageOf({ relay }))
      codes.push(output.failure(error))
    }
  }
  return heaviestExitCode(codes)
}

/** What the relay lists for this device, and what this device has there besides. */
async function vaultsAt(session: ConnectedSession, home: Home, relay: string): Promise<Listed[]> {
  const here = home.folders.filter((folder) => folder.relay === relay)
  const ids = new Set([...(await session.vaults()).map(toHex), ...here.map(({ vault }) => vault)])
  const listed: Listed[] = []
  for (const id of ids) {
    const vault = vaultId(fromHex(id))
    const record = here.find((folder) => folder.vault === id)
    const isSyncedElsewhere = record === undefined && home.folders.some((folder) => folder.vault === id)
    const moved = home.folders.find((folder) => folder.vault === id && folder.movedFrom === relay)
    const place = { vault, relay, record, isSyncedElsewhere, wentTo: moved?.relay }
    try {
      const facts = await session.vaultFacts(vault)
      const changedMs = (await session.head(vault))?.at
      const isRead = record === undefined && facts.entryBytes <= namedLogBytesMax
      const sight = isRead ? await sightOfVault(session, vault, home) : undefined
      listed.push({ ...place, facts, refused: undefined, changedMs, sight })
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'relay-refused') throw error
      listed.push({ ...place, facts: undefined, refused: String(error.data['reason']) })
    }
  }
  return listed
}

function tell({ output }: Invocation, listed: Listed): void {
  const { vault, relay, record, facts, refused, changedMs, sight, wentTo } = listed
  const { words, language } = output
  const id = toHex(vault)
  const deletion = facts?.deletion
  const signed = deletion !== undefined && isSigned(vault, deletion)
  output.line({
    event: 'vault',
    vault: id,
    relay,
    name: record?.name ?? sight?.name,
    role: sight?.role,
    folder: record?.path,
    wentTo,
    changedMs,
    bytes: facts?.packBytes,
    keptBytes: facts?.keptBytes,
    entries: facts?.entries,
    refused,
    deletion: deletion && {
      atMs: deletion.at,
      finalMs: deletion.finalAt,
      key: toHex(deletion.key),
      signed,
    },
  })
  const name = printable(record?.name ?? sight?.name ?? formatId(id))
  const folder = record && printable(record.path)
  if (facts === undefined) {
    output.result(words.vaultNotThere({ name, relay, isDeleted: refused === 'vault-deleted', folder }))
    return
  }
  const bytes = formatBytes(facts.packBytes, language)
  const changed = changedMs === undefined ? undefined : formatMoment(changedMs, language)
  const role = sight?.role === undefined ? undefined : roleText(words, sight.role)
  output.result(
    wentTo === undefined
      ? words.vaultAt({ name, role, relay, bytes, changed, folder })
      : words.vaultLeft({ name, relay, bytes, wentTo }),
  )
  if (deletion === undefined) return
  const [at, until] = [formatMoment(deletion.at, language), formatMoment(deletion.finalAt, language)]
  const elsewhere = listed.isSyncedElsewhere ? relay : undefined
  output.note(words.vaultGoes({ name, by: formatId(toHex(deletion.key)), at, until, signed, elsewhere }))
}

/**
 * An owner's: the vault is to be deleted at its relay once the floor has passed, or (`undo`) not after all. Asks first, unless `--yes`.
 * @throws ClientError `folder-unknown`, `name-ambiguous`, `usage`, `interrupted`, `relay-unreachable`, `relay-refused`
 */
export async function deleteVault(
  invocation: Invocation,
  name: string,
  flags: { readonly undo?: boolean | undefined; readonly relay?: string | undefined },
): Promise<ExitCode> {
  const { output, platform, yes } = invocation
  const { words, language } = output
  const home = openHome(invocation.homeDirectory)
  const { record, vault, relay } = meant(home, name, flags.relay)
  const shown = record === undefined ? formatId(toHex(vault)) : printable(record.name)
  const undo = flags.undo === true
  if (!undo && !yes) {
    if (!canAsk()) throw usageError('delete-unasked', shown)
    if (!(await isYes(output, words.vaultDeleteAsk({ name: shown, relay }))))
      throw new ClientError('interrupted', 'not wanted')
  }
  const { finalAtMs: finalMs, isRevived } = await wishDeletion(
    { home, platform: platform() },
    { relay, vault },
    undo ? 'keep' : 'delete',
  )
  output.line({
    event: 'vault-delete',
    vault: toHex(vault),
    relay,
    name: record?.name,
    undo,
    finalMs,
    revived: isRevived,
  })
  if (isRevived) output.result(words.vaultRevived({ name: shown, relay }))
  else if (finalMs === undefined) output.result(words.vaultStays({ name: shown, relay }))
  else output.result(words.vaultDeleted({ name: shown, relay, until: formatMoment(finalMs, language) }))
  return 0
}

/** A vault of this home by name, id or folder, at its relay; any other by its whole id, at the only relay there is. `at`: at this one instead. */
function meant(
  home: Home,
  name: string,
  at: string | undefined,
): { record: FolderRecord | undefined; vault: VaultId; relay: string } {
  const [only, another] = home.relays
  const relay = at === undefined ? (another === undefined ? only : undefined) : relayText(at)
  const isHere = home.folders.some((folder) => folder.vault === name)
  if (/^[0-9a-f]{64}$/.test(name) && !isHere && relay !== undefined)
    return { record: undefined, vault: vaultId(fromHex(name)), relay }
  const record = knownFolder(home, name)
  const there = at === undefined ? record.relay : relayText(at)
  return { record, vault: vaultId(fromHex(record.vault)), relay: there }
}
