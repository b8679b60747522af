// Opens the history of a vault with no run and no folder: the disk that the folder lies on may be away, and nothing is written to it.
import { fromHex, vaultId } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { VaultLog } from '../log/vault-log.ts'
import { Backoff } from '../relay/backoff.ts'
import { goneThroughOnce, TreesStore } from '../state/trees-store.ts'
import type { EngineContext, OpenedHistory } from './api.ts'
import { Connection } from './connection.ts'
import { goOn, movingAlong } from './going-on.ts'
import { keepingEvidence } from './halting.ts'
import { History } from './history.ts'
import { folderRecord } from './open-vault.ts'
import { Receiver } from './receiver.ts'
import { deviceLogin, logInAt } from './relay-login.ts'
import type { Vault } from './vault.ts'

/** Nobody waits long for what may be known here already. */
const attemptsMax = 1
/** What has to be the relay's waits for it as any sync does. */
const attemptsExport = 4
/** Once it answered it is worth waiting for, a minute or so: a line that was cut must not cost all that came over it. */
const attemptsOnceThere = 8

/** @throws ClientError `folder-unknown`, `home-locked`, `state-broken`, `state-foreign` */
export async function openHistory(context: EngineContext, path: string): Promise<OpenedHistory> {
  const { home, platform, report, signal } = context
  const record = folderRecord(context, path)
  const store = await platform.state(home.stateDirectory(record.vault))
  try {
    const trees = TreesStore.open(store, goneThroughOnce)
    const log = VaultLog.open(trees, vaultId(fromHex(record.vault)), home.device)
    const vault: Vault = { record, home, platform, store, trees, log, report, signal }
    return opened(vault)
  } catch (error) {
    await store.close()
    throw error
  }
}

function opened(vault: Vault): OpenedHistory {
  const { home, platform, record, signal } = vault
  const { clock, random } = platform
  let attempts = attemptsMax
  const connection = new Connection({
    open: async () => {
      await goOn(vault)
      return await logInAt(platform, vault.record.relay, deviceLogin(home))
    },
    clock,
    backoff: new Backoff(random),
    signal,
    attemptsMax: () => attempts,
    changed: () => undefined,
  })
  // That both sides agree on what came is found at the next run.
  const receiver = new Receiver({ vault, adopt: () => Promise.resolve() })
  const history = new History({
    vault,
    isStill: true,
    session: () => connection.session(),
    refresh: async () => {
      const isThere = await refreshed(vault, receiver, connection)
      if (isThere) attempts = attemptsOnceThere
      return isThere
    },
    traffic: () => connection.traffic,
  })
  return {
    record,
    history: (query, take) => {
      attempts = query.do === 'export' ? attemptsExport : attemptsMax
      return keepingEvidence({ home, clock, record }, () => history.answer(query, take))
    },
    tree: (work) =>
      keepingEvidence({ home, clock, record }, async () => {
        await refreshed(vault, receiver, connection)
        return await history.at(undefined, work)
      }),
    async close() {
      await connection.close()
      await vault.trees.settled().catch(() => undefined)
      await vault.store.close()
    },
  }
}

/** Brings the log up to the relay's. Where that is out of reach, what is known here has to do. */
async function refreshed({ log }: Vault, receiver: Receiver, connection: Connection): Promise<boolean> {
  try {
    await movingAlong(connection, async () => {
      receiver.missed()
      await receiver.receive(await connection.session())
    })
    return true
  } catch (error) {
    const away = error instanceof ClientError && error.code === 'relay-unreachable'
    if (!away || log.isEmpty) throw error
    return false
  }
}
