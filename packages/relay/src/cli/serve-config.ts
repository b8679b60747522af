// What `serve` is told: flags over the TOML file over the defaults, checked before anything starts.
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'smol-toml'
import * as v from 'valibot'
import { RelayError } from '../errors.ts'
import { isLoopback } from '../server/relay-address.ts'
import type { RelayOptions } from '../server/start-relay.ts'
import { parseSize } from './quantities.ts'

/** Flags of `serve`, as commander hands them over; every one optional. */
export interface ServeFlags {
  readonly data?: string | undefined
  readonly listen?: string | undefined
  readonly publicUrl?: string | undefined
  readonly tlsCert?: string | undefined
  readonly tlsKey?: string | undefined
  readonly tlsSelf?: boolean | undefined
  readonly registration?: string | undefined
  readonly quota?: string | undefined
  readonly config?: string | undefined
}

/** A configuration that makes sense. */
export interface ServeConfig extends RelayOptions {
  /** Whether nobody said who may register and the default was taken: the command says which. */
  readonly registrationByDefault: boolean
}

const fileSchema = v.strictObject({
  data: v.optional(v.string()),
  listen: v.optional(v.string()),
  'public-url': v.optional(v.string()),
  'tls-cert': v.optional(v.string()),
  'tls-key': v.optional(v.string()),
  'tls-self': v.optional(v.boolean()),
  registration: v.optional(v.string()),
  quota: v.optional(v.union([v.string(), v.number()])),
})

/** The platform's own folder for the data of `grenier-relay`. */
export function defaultDataFolder(env: NodeJS.ProcessEnv): string {
  const { GRENIER_RELAY_DATA: named, XDG_DATA_HOME: xdg, LOCALAPPDATA: local } = env
  if (named !== undefined && named !== '') return resolve(named)
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'grenier-relay')
  if (process.platform === 'win32') return join(local ?? homedir(), 'grenier-relay')
  return join(xdg ?? join(homedir(), '.local', 'share'), 'grenier-relay')
}

/** @throws RelayError `usage` or `config-wrong`, with what is wrong. */
export function serveConfig(flags: ServeFlags, env: NodeJS.ProcessEnv): ServeConfig {
  const merged = { ...fromFile(flags.config), ...given(flags) }
  const { host, port } = parseListen(merged.listen ?? '127.0.0.1:8090')
  const publicUrl = merged.publicUrl === undefined ? undefined : parsePublicUrl(merged.publicUrl)
  const tls = tlsOf(merged)
  if (tls === 'none' && !isLoopback(host) && publicUrl?.protocol !== 'https:')
    throw new RelayError('config-wrong', 'clear', { data: { what: 'clear', listen: `${host}:${port}` } })
  const registration = parseRegistration(merged.registration)
  const local = isLoopback(host) && (publicUrl === undefined || isLoopback(publicUrl.hostname))
  return {
    dataFolder: merged.data === undefined ? defaultDataFolder(env) : resolve(merged.data),
    host,
    port,
    publicUrl,
    tls,
    registration: registration ?? (local ? 'open' : 'invite'),
    registrationByDefault: registration === undefined,
    quotaBytes: merged.quota === undefined ? undefined : parseSize(merged.quota),
  }
}

function given(flags: ServeFlags): ServeFlags {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
}

// Paths in the file are relative to the file, so that it can be moved with its folder.
function fromFile(file: string | undefined): ServeFlags {
  if (file === undefined) return {}
  const checked = v.safeParse(fileSchema, readToml(file))
  if (!checked.success)
    throw new RelayError('config-wrong', checked.issues[0].message, {
      data: {
        what: 'file',
        file,
        detail: `${v.getDotPath(checked.issues[0]) ?? ''}: ${checked.issues[0].message}`,
      },
    })
  const values = checked.output
  const path = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : resolve(dirname(file), name)
  return given({
    data: path(values.data),
    listen: values.listen,
    publicUrl: values['public-url'],
    tlsCert: path(values['tls-cert']),
    tlsKey: path(values['tls-key']),
    tlsSelf: values['tls-self'],
    registration: values.registration,
    quota: values.quota === undefined ? undefined : String(values.quota),
  })
}

function readToml(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    const detail = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
    throw new RelayError('config-wrong', detail, { cause, data: { what: 'file', file, detail } })
  }
}

function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  const host = match?.[1] ?? match?.[2]
  if (host === undefined || port > 65_535)
    throw new RelayError('usage', text, { data: { what: 'listen', text } })
  return { host, port }
}

function parsePublicUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text.replace(/^ws/, 'http')) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '')
    throw new RelayError('usage', text, { data: { what: 'public-url', text } })
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new RelayError('usage', text, { data: { what: 'public-url', text } })
  return url
}

function tlsOf(flags: ServeFlags): ServeConfig['tls'] {
  const { tlsCert: certFile, tlsKey: keyFile } = flags
  const named = certFile !== undefined || keyFile !== undefined
  if (flags.tlsSelf === true && named) throw new RelayError('usage', 'tls', { data: { what: 'tls-both' } })
  if (flags.tlsSelf === true) return 'self'
  if (!named) return 'none'
  if (certFile === undefined || keyFile === undefined)
    throw new RelayError('usage', 'tls', { data: { what: 'tls-half' } })
  return { certFile: resolve(certFile), keyFile: resolve(keyFile) }
}

function parseRegistration(text: string | undefined): ServeConfig['registration'] | undefined {
  if (text === undefined || text === 'open' || text === 'invite' || text === 'closed') return text
  throw new RelayError('usage', text, { data: { what: 'registration', text } })
}
