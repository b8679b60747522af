// A whole relay on this machine: stores, core, server, administration socket, started in this order and stopped in the other.
import { readFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { systemRandom } from '@grenier/crypto/verify'
import { builtInPlan } from '../account/account-rows.ts'
import { administer } from '../admin/administer.ts'
import { serveAdmin } from '../admin/admin-socket.ts'
import { silentLog, type EventLog } from '../core/event-log.ts'
import { RelayCore } from '../core/relay-core.ts'
import type { Registration } from '../core/relay-parts.ts'
import { RelayError } from '../errors.ts'
import { openStores } from '../store/stores-embedded.ts'
import type { Stores } from '../store/stores.ts'
import { ClockRecordFile } from './clock-record-file.ts'
import { listen, type HttpServer } from './http-server.ts'
import { reachedAs, relayOrigins, relayUrl } from './relay-address.ts'

/** What a relay is started with. */
export interface RelayOptions {
  /** Made where there is none, 0700. */
  readonly dataFolder: string
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** `https://…` where clients dial another address than the one listened on, as behind a proxy. */
  readonly publicUrl?: URL | undefined
  readonly tls: 'none' | 'self' | { readonly certFile: string; readonly keyFile: string }
  readonly registration: Registration
  /** Of accounts without a plan of their own; undefined: the built-in. */
  readonly quotaBytes?: number | undefined
  readonly log?: EventLog | undefined
}

/** A relay that listens. */
export interface RunningRelay {
  /** As clients dial it, with the pin of a self-made certificate. */
  readonly url: string
  /** Whether `grenier-relay invite` and `account` reach it while it runs. */
  readonly administered: boolean
  readonly core: RelayCore
  /** Takes no more connections, finishes the appends under way, closes the stores. Idempotent. */
  stop(): Promise<void>
}

interface Secret {
  readonly key: string
  readonly cert: string
  readonly pin: Uint8Array | undefined
}

/** @throws RelayError `data-locked`, `data-broken`, `listen-failed`, `tls-failed` */
export async function startRelay(options: RelayOptions): Promise<RunningRelay> {
  const { dataFolder: folder, quotaBytes } = options
  const stores = await openStores({
    folder,
    random: systemRandom,
    now: Date.now(),
    ...(quotaBytes === undefined ? {} : { defaultPlan: { ...builtInPlan, bytesMax: quotaBytes } }),
  })
  try {
    return await startOn(stores, options)
  } catch (error) {
    await stores.close()
    throw error
  }
}

async function startOn(stores: Stores, options: RelayOptions): Promise<RunningRelay> {
  const { dataFolder, host, publicUrl, registration, log = silentLog } = options
  const local = localAddresses()
  const tls = await secretOf(options, reachedAs({ host, publicUrl, local }))
  // Known once the port is; nobody is heard before.
  const origins: string[] = []
  const clockRecords = new ClockRecordFile(dataFolder)
  const core = new RelayCore({ stores, config: { origins, registration }, log, clockRecords })
  const behindProxy = tls === undefined && publicUrl?.protocol === 'https:'
  const server = await listen({
    core,
    host,
    port: options.port,
    tls,
    behindProxy,
    random: systemRandom,
  }).catch(async (error: unknown) => {
    await core.stop()
    throw error
  })
  const facts = { host, port: server.port, publicUrl, tls: tls !== undefined, pin: tls?.pin, local }
  origins.push(...relayOrigins(facts))
  const admin = await serveAdmin(dataFolder, (request) =>
    administer({ stores, random: systemRandom, now: Date.now, core }, request),
  )
  log('started', { registration })
  let stopping: Promise<void> | undefined
  return {
    url: relayUrl(facts),
    administered: admin !== undefined,
    core,
    stop: () => (stopping ??= stopAll({ stores, core, server, admin, log })),
  }
}

async function stopAll(parts: {
  stores: Stores
  core: RelayCore
  server: HttpServer
  admin: { close(): Promise<void> } | undefined
  log: EventLog
}): Promise<void> {
  parts.server.refuseNew()
  await parts.admin?.close()
  await parts.core.stop()
  await parts.server.close()
  await parts.stores.close()
  parts.log('stopped')
}

async function secretOf(options: RelayOptions, names: string[]): Promise<Secret | undefined> {
  const { tls, dataFolder: folder } = options
  if (tls === 'none') return undefined
  if (tls === 'self') {
    // Its library is a tenth of the memory of a relay that needs none.
    const { selfMadeCertificate } = await import('../tls/self-made-certificate.ts')
    const made = await selfMadeCertificate({ folder, names, random: systemRandom, now: Date.now() })
    return { key: made.key, cert: made.certificate, pin: made.pin }
  }
  return { key: await readPem(tls.keyFile), cert: await readPem(tls.certFile), pin: undefined }
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new RelayError('tls-failed', file, { cause })
  }
}

// Link-local addresses need a zone to be dialled: nobody can hand those around.
function localAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const far = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
  return far.sort((a, b) => a.family.localeCompare(b.family)).map(({ address }) => address)
}
