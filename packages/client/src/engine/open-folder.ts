// Starting, joining and opening: how a folder comes to be a vault's folder on this device.
import { fromHex, invitationOf, toHex, type VaultId } from '@grenier/crypto'
import type { ClientError } from '../errors.ts'
import type { FolderRecord } from '../home/home.ts'
import type { LogAnchor } from '../log/log-anchor.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type {
  AddFolder,
  AdoptFolder,
  Approval,
  ApproveFolder,
  EngineContext,
  FolderEngine,
  JoinFolder,
  OpenFolder,
} from './api.ts'
import { adopt, type Adopted } from './adoption.ts'
import { approveHeld } from './brake-record.ts'
import { FolderJoin } from './folder-join.ts'
import { OpenFolderEngine } from './folder-engine.ts'
import { checkFolder, refuseSecond, refuseTaken, remarkFolder } from './folder-place.ts'
import { keepingEvidence } from './halting.ts'
import { decodeInvitationCode } from './invitation-code.ts'
import { folderRecord, openVault } from './open-vault.ts'
import type { Gone, Recovery } from './recovering.ts'
import type { SeenVault } from './recovery-sight.ts'
import { explainedInFork } from './leaving.ts'
import { makeVault } from './make-vault.ts'
import { notePrunesUnasked } from './prune-consent.ts'
import { deviceLogin, logInAt } from './relay-login.ts'
import { ReopeningEngine } from './reopening-engine.ts'
import { anchored, refuseMarked, settleFolder, Settling } from './settling.ts'
import { forgetStranded, isPackMissing, leavingRefused, putOff } from './stranded.ts'
import type { Vault } from './vault.ts'

export const openFolder: OpenFolder = async (context, key): Promise<FolderEngine> => {
  const record = folderRecord(context, key)
  if (record.backup === undefined) return await openSynced(context, record.path)
  return await OpenFolderEngine.openBackup(context, record)
}

export const approveFolder: ApproveFolder = async (context, path): Promise<Approval> => {
  const record = folderRecord(context, path)
  const open = await openVault(context, record)
  const { vault, files } = open
  try {
    const on = { files, trees: vault.trees, random: context.platform.random }
    const marked = await remarkFolder(on, { path, vault: fromHex(record.vault) })
    return { marked, sights: await approveHeld(vault.trees) }
  } finally {
    await open.close()
  }
}

export const adoptFolder: AdoptFolder = (context, path) => adopting(context, path)

/** `stranded`: unasked, after a run that ended so; only what that run judged is left, else ClientError `relay-refused`. */
async function adopting(
  context: EngineContext,
  path: string,
  stranded?: ClientError,
): Promise<Adopted | undefined> {
  const record = folderRecord(context, path)
  const open = await openVault(context, record)
  const { vault } = open
  try {
    const { home, platform } = context
    await checkFolder({ files: open.files, trees: vault.trees }, path)
    if (stranded !== undefined) await putOff(vault, stranded)
    const session = await logInAt(platform, record.relay, deviceLogin(home))
    const work = (): Promise<Adopted | undefined> =>
      stranded === undefined ? adopt(vault, session) : goOnWithout(vault, session, stranded)
    try {
      const said = (): Promise<Adopted | undefined> => explainedInFork(vault, session, work)
      return await keepingEvidence({ home, clock: platform.clock, record }, said)
    } finally {
      await session.close()
    }
  } finally {
    await open.close()
  }
}

async function goOnWithout(
  vault: Vault,
  session: RelaySession,
  stranded: ClientError,
): Promise<Adopted | undefined> {
  try {
    const adopted = await adopt(vault, session, leavingRefused(vault, stranded))
    if (adopted === undefined) await forgetStranded(vault)
    return adopted
  } catch (error) {
    if (isPackMissing(error)) await forgetStranded(vault)
    throw error
  }
}

export const addFolder: AddFolder = async (context, { path, name, relay }): Promise<FolderEngine> => {
  refuseTaken(context.home, path)
  await context.platform.fileSystem(path)
  const { vault, url, listed } = await makeVault(context, { name, relay })
  const record = { path, vault, relay: url, name }
  await settleFolder(context, record, (transaction) => {
    listed(transaction)
    notePrunesUnasked(transaction)
  })
  return await openSynced(context, path)
}

async function openSynced(context: EngineContext, path: string): Promise<FolderEngine> {
  // Where the vault went on meanwhile, the home knows.
  const open = (): Promise<FolderEngine> => OpenFolderEngine.open(context, folderRecord(context, path))
  return await ReopeningEngine.open({ context, open, adopt: (stranded) => adopting(context, path, stranded) })
}

/**
 * The folder is marked and recorded before the relay hears that this device accepts: if the power goes in between, the next `sync` knows
 * what it belongs to, and the same code goes on. When the relay refuses, it is as if nothing had been.
 */
export const joinFolder: JoinFolder = async (context, { path, code }): Promise<FolderEngine> => {
  const { relay, secret } = decodeInvitationCode(code)
  await context.platform.fileSystem(path)
  const settling = await Settling.begin(context, path)
  const { cutOff } = settling
  const join = new FolderJoin(context, { relay, invitation: invitationOf(secret), cutOff })
  try {
    await joined(context, settling, join)
  } finally {
    await join.close()
    await settling.close()
  }
  return await openSynced(context, path)
}

async function joined(context: EngineContext, settling: Settling, join: FolderJoin): Promise<void> {
  const { home, platform } = context
  const { path, cutOff } = settling
  const kept = (record: FolderRecord, work: () => Promise<void>): Promise<void> =>
    keepingEvidence({ home, clock: platform.clock, record }, work)
  const named = (vault: VaultId): FolderRecord => {
    return { path, vault: toHex(vault), relay: join.relay, name: pathName(path) }
  }
  const accept = async (record: FolderRecord): Promise<void> => {
    try {
      await join.accept(({ anchor, proved, name }) =>
        settling.settle(
          { ...record, relay: join.relay, name: name ?? record.name },
          anchored(anchor, proved),
        ),
      )
    } catch (error) {
      if (!join.isAccepted && !join.isUnsure) await settling.undo()
      throw error
    }
  }
  if (cutOff === undefined) {
    const record = named(await join.find())
    refuseSecond(home, record.vault)
    await refuseMarked(context, record)
    await kept(record, () => accept(record))
    return
  }
  await kept(cutOff.record, async () => {
    const record = named(await join.find())
    if (record.vault === cutOff.record.vault) await accept(record)
    else refuseTaken(home, path)
  })
}

/** What `recoverFolder` is told. `kept`: keys, in hex, of the devices and identities that stay; undefined: nobody goes. `tookOut` is told who went. */
export interface RecoverOptions {
  readonly path: string
  readonly recovery: Recovery
  readonly vault: SeenVault
  readonly kept: ReadonlySet<string> | undefined
  readonly tookOut: (gone: Gone) => void
}

/**
 * Takes this device into a vault in the name of its identity; then as after a join. One that was cut off goes on in the same folder.
 * @throws ClientError `folder-taken`, and as `Recovery.takeIn`
 */
export async function recoverFolder(context: EngineContext, options: RecoverOptions): Promise<FolderEngine> {
  const { home, platform } = context
  const { path, recovery, vault, kept, tookOut } = options
  const record: FolderRecord = { path, vault: vault.id, relay: recovery.relay, name: vault.name }
  const isGoingOn = home.folders.some((folder) => folder.path === path && folder.vault === vault.id)
  if (!isGoingOn) {
    refuseTaken(home, path)
    refuseSecond(home, vault.id)
  }
  await platform.fileSystem(path)
  const settling = isGoingOn ? await Settling.resume(context, path) : await Settling.begin(context, path)
  if (!isGoingOn) await refuseMarked(context, record)
  let isTakenIn = false
  const before = async (anchor: LogAnchor): Promise<void> => settling?.settle(record, anchored(anchor))
  await keepingEvidence({ home, clock: platform.clock, record }, async () => {
    try {
      const gone = await recovery.takeIn(home, vault.id, { kept, before })
      isTakenIn = true
      tookOut(gone)
      await recovery.shutOut(vault.id)
    } catch (error) {
      if (!isTakenIn) await settling?.undo()
      throw error
    } finally {
      await recovery.close()
      await settling?.close()
    }
  })
  return await openSynced(context, path)
}

function pathName(path: string): string {
  return path.replace(/\/+$/, '').split('/').at(-1) ?? path
}
