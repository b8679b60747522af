// Starting, joining and opening: how a folder comes to be a vault's folder on this device.
import {
  checkInvite,
  CryptoError,
  encodeCertificate,
  epochKeysFor,
  fromHex,
  invitationOf,
  makeAccept,
  makeGenesis,
  publicDevice,
  certifyDevice,
  toHex,
  vaultId,
  type Invitation as InvitationKeys,
  type LogState,
  type VaultId,
} from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { FolderRecord } from '../home/home.ts'
import { VaultLog } from '../log/vault-log.ts'
import type { ConnectedSession } from '../relay/session.ts'
import { TreesStore } from '../state/trees-store.ts'
import type { AddFolder, EngineContext, FolderEngine, JoinFolder, OpenAccount, OpenFolder } from './api.ts'
import { OpenFolderEngine } from './folder-engine.ts'
import { markFolder, refuseTaken } from './folder-place.ts'
import { decodeInvitationCode } from './invitation-code.ts'
import { folderRecord } from './open-vault.ts'
import { deviceLogin, logInAt, relayUrl } from './relay-login.ts'

export const openFolder: OpenFolder = async (context, path): Promise<FolderEngine> =>
  await OpenFolderEngine.open(context, folderRecord(context, path))

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
  const session = await logInAt(platform, url, deviceLogin(home))
  let record: FolderRecord
  try {
    const vaults = home.folders.map((folder) => ({
      vault: vaultId(fromHex(folder.vault)),
      name: folder.name,
      relay: folder.relay,
    }))
    const at = Math.round(platform.clock.now() + session.clockOffsetMs)
    const { device, deviceName } = home
    const made = makeGenesis({
      identity,
      device,
      certificate,
      name,
      deviceName,
      at,
      random: platform.random,
      vaults,
    })
    await session.append(made.state.vault, made.entry.bytes)
    record = { path, vault: toHex(made.state.vault), relay: url, name }
  } finally {
    await session.close()
  }
  return await settle(context, record)
}

export const joinFolder: JoinFolder = async (context, { path, code }): Promise<FolderEngine> => {
  refuseTaken(context.home, path)
  const { relay, secret } = decodeInvitationCode(code)
  const invitation = invitationOf(secret)
  const session = await oneTimeSession(context, relay, invitation)
  let vault: VaultId
  try {
    vault = await accept(context, session, invitation)
  } finally {
    await session.close()
  }
  return await settle(context, { path, vault: toHex(vault), relay, name: pathName(path) })
}

/** Records and marks the folder, then opens it. */
async function settle(context: EngineContext, record: FolderRecord): Promise<FolderEngine> {
  const { home, platform } = context
  const files = await platform.fileSystem(record.path)
  const store = await platform.state(home.stateDirectory(record.vault))
  try {
    const trees = TreesStore.open(store)
    await markFolder({ files, trees, random: platform.random }, fromHex(record.vault))
  } finally {
    await store.close()
  }
  await home.addFolder(record)
  return await OpenFolderEngine.open(context, record)
}

async function oneTimeSession(
  { platform }: EngineContext,
  relay: string,
  invitation: InvitationKeys,
): Promise<ConnectedSession> {
  try {
    return await logInAt(platform, relay, { keyKind: 'one-time', pairs: invitation })
  } catch (cause) {
    if (cause instanceof ClientError && cause.code === 'relay-refused') throw codeWrong(cause)
    throw cause
  }
}

/** Reads and judges the log, checks that the code vouches for it, and appends the accept. */
async function accept(
  { home, platform }: EngineContext,
  session: ConnectedSession,
  invitation: InvitationKeys,
): Promise<VaultId> {
  const [vault] = await session.vaults()
  if (vault === undefined) throw codeWrong()
  const log = new VaultLog(vault, home.device)
  for (;;) {
    for await (const given of session.entries(vault, log.nextSequence)) log.moved(log.judge(given))
    log.complete()
    const entry = acceptEntry(log.state, { home, platform }, { invitation, session })
    if ((await session.append(vault, entry)) === 'appended') return vault
  }
}

function acceptEntry(
  state: LogState,
  { home, platform }: Pick<EngineContext, 'home' | 'platform'>,
  by: { invitation: InvitationKeys; session: ConnectedSession },
): Uint8Array {
  const { invitation, session } = by
  try {
    checkInvite(state, invitation)
    const epochKeys = epochKeysFor({ vault: state.vault, spine: state.spine, pairs: invitation })
    const { identity, certificate, device, deviceName } = home
    const person =
      identity === undefined || certificate === undefined ? undefined : { keys: identity, certificate }
    const at = Math.round(platform.clock.now() + session.clockOffsetMs)
    const made = {
      state,
      at,
      random: platform.random,
      epochKeys,
      invitation,
      device,
      deviceName,
      identity: person,
    }
    return makeAccept(made).entry.bytes
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause
    if (cause.code === 'signature-wrong') {
      throw new ClientError('relay-contradicts', 'the log is not the one that this code was made for', {
        cause,
      })
    }
    if (cause.code === 'no-right') throw codeWrong(cause)
    if (cause.code === 'seal-broken')
      throw new ClientError('key-withheld', 'the key of the code does not open', { cause })
    throw cause
  }
}

function codeWrong(cause?: unknown): ClientError {
  return new ClientError('code-wrong', 'no invitation is open for this code', { cause })
}

function pathName(path: string): string {
  return path.replace(/\/+$/, '').split('/').at(-1) ?? path
}
