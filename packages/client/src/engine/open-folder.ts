// Starting, joining and opening: how a folder comes to be a vault's folder on this device.
import {
  certifyDevice,
  encodeCertificate,
  fromHex,
  invitationOf,
  makeGenesis,
  publicDevice,
  toHex,
} from '@grenier/crypto'
import { onFolder } from '../disk/folder-fault.ts'
import { ClientError } from '../errors.ts'
import type { FolderRecord } from '../home/home.ts'
import { keepAnchor, type LogAnchor } from '../log/log-anchor.ts'
import { TreesStore } from '../state/trees-store.ts'
import type { Transaction } from '../state/trees-transaction.ts'
import type {
  AddFolder,
  Approval,
  ApproveFolder,
  EngineContext,
  FolderEngine,
  JoinFolder,
  OpenAccount,
  OpenFolder,
} from './api.ts'
import { approveHeld } from './brake-record.ts'
import { FolderJoin } from './folder-join.ts'
import { OpenFolderEngine } from './folder-engine.ts'
import { markFolder, refuseSecond, refuseTaken, remarkFolder } from './folder-place.ts'
import { keepingEvidence } from './halting.ts'
import { decodeInvitationCode } from './invitation-code.ts'
import { folderRecord, openVault } from './open-vault.ts'
import { deviceLogin, logInAt, relayUrl } from './relay-login.ts'
import { noteListed, vaultsOf } from './vault-list.ts'

export const openFolder: OpenFolder = async (context, path): Promise<FolderEngine> =>
  await OpenFolderEngine.open(context, folderRecord(context, path))

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

export const openAccount: OpenAccount = async ({ home, platform }, { relay, invite, identity }) => {
  const session = await logInAt(platform, relay, { keyKind: 'identity', pairs: identity })
  try {
    const certificate = home.certificate ?? certifyDevice(identity, publicDevice(home.device))
    await session.openAccount(encodeCertificate(certificate), invite)
  } finally {
    await session.close()
  }
}

export const addFolder: AddFolder = async (context, { path, name, relay }): Promise<FolderEngine> => {
  const { home, platform } = context
  refuseTaken(home, path)
  const { identity, certificate } = home
  if (identity === undefined || certificate === undefined) {
    throw new ClientError('home-missing', 'a vault needs an identity: `setup` makes it', {
      data: { path: home.directory },
    })
  }
  const url = relayUrl(relay).text
  await platform.fileSystem(path)
  const vaults = vaultsOf(home.folders)
  const session = await logInAt(platform, url, deviceLogin(home))
  let record: FolderRecord
  try {
    const at = Math.round(platform.clock.now() + session.clockOffsetMs)
    const { device, deviceName } = home
    const { random } = platform
    const made = makeGenesis({ identity, device, certificate, name, deviceName, at, random, vaults })
    await session.append(made.state.vault, made.entry.bytes)
    record = { path, vault: toHex(made.state.vault), relay: url, name }
  } finally {
    await session.close()
  }
  await settle(context, record, (transaction) => noteListed(transaction, vaults))
  return await OpenFolderEngine.open(context, record)
}

/**
 * The folder is marked and recorded before the relay hears that this device accepts: if the power goes in between, the next `sync` knows
 * what it belongs to. When the relay refuses, it is as if nothing had been.
 */
export const joinFolder: JoinFolder = async (context, { path, code }): Promise<FolderEngine> => {
  const { home, platform } = context
  refuseTaken(home, path)
  const { relay, secret } = decodeInvitationCode(code)
  await platform.fileSystem(path)
  const join = new FolderJoin(context, { relay, invitation: invitationOf(secret) })
  const vault = await join.find()
  let record: FolderRecord = { path, vault: toHex(vault), relay, name: pathName(path) }
  if (home.folders.some((folder) => folder.vault === record.vault)) await join.close()
  refuseSecond(home, record.vault)
  await keepingEvidence({ home, clock: platform.clock, record }, async () => {
    try {
      await join.accept(async (anchor, name) => {
        record = { ...record, name: name ?? record.name }
        await settle(context, record, anchored(anchor))
      })
    } catch (error) {
      if (!join.isAccepted && home.folders.some((folder) => folder.path === path))
        await home.removeFolder(path)
      throw error
    } finally {
      await join.close()
    }
  })
  return await OpenFolderEngine.open(context, record)
}

function anchored(anchor: LogAnchor): (transaction: Transaction) => void {
  return (transaction) => keepAnchor(transaction, anchor)
}

/** Records and marks the folder. `also` joins what is written into its state. */
async function settle(
  { home, platform }: EngineContext,
  record: FolderRecord,
  also: (transaction: Transaction) => void,
): Promise<void> {
  const files = await platform.fileSystem(record.path)
  const store = await platform.state(home.stateDirectory(record.vault))
  try {
    const trees = TreesStore.open(store)
    await trees.write({ flush: true }, also)
    const on = { files, trees, random: platform.random }
    await onFolder(record.path, () => markFolder(on, fromHex(record.vault)))
  } finally {
    await store.close()
  }
  await home.addFolder(record)
}

function pathName(path: string): string {
  return path.replace(/\/+$/, '').split('/').at(-1) ?? path
}
