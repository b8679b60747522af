// Where a relay is reached: its URL, the origins that a login may name, the names of its certificate. From configuration only. Pure.
import { originOf, pinText } from '@grenier/protocol'

/** What the addresses follow from. */
export interface AddressFacts {
  /** As told to listen on; may be a wildcard. */
  readonly host: string
  /** As it turned out. */
  readonly port: number
  readonly publicUrl: URL | undefined
  /** Whether this process speaks TLS itself. */
  readonly tls: boolean
  /** Of a self-made certificate, 32 bytes. */
  readonly pin: Uint8Array | undefined
  /** Addresses of this machine that others may reach; for a wildcard. */
  readonly local: readonly string[]
}

const loopback = ['localhost', '127.0.0.1', '::1']

/** Whether a host name or address reaches this machine only. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '')
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name)
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

/** Hosts that reach what listens on `host`, the one to print first. */
export function reachedAs({
  host,
  publicUrl,
  local,
}: Pick<AddressFacts, 'host' | 'publicUrl' | 'local'>): string[] {
  const named = publicUrl === undefined ? [] : [publicUrl.hostname.replace(/^\[|\]$/g, '')]
  const here = isWildcard(host) ? [...local, ...loopback] : isLoopback(host) ? [host, ...loopback] : [host]
  return [...new Set([...named, ...here])]
}

/** The URL to hand around, with the pin of a self-made certificate. */
export function relayUrl(facts: AddressFacts): string {
  const pin = facts.pin === undefined ? '' : `#${pinText(facts.pin)}`
  return `${dialled(facts)}${pin}`
}

function dialled(facts: AddressFacts): string {
  const { publicUrl, port, tls } = facts
  if (publicUrl !== undefined) return `${publicUrl.protocol === 'https:' ? 'wss' : 'ws'}://${publicUrl.host}`
  const [host = 'localhost'] = reachedAs(facts)
  return `${tls ? 'wss' : 'ws'}://${inUrl(host)}:${port}`
}

/** Origins that a login may be bound to, the public one first. */
export function relayOrigins(facts: AddressFacts): string[] {
  const scheme = facts.tls ? 'https' : 'http'
  const hosts = reachedAs({ ...facts, publicUrl: undefined })
  const here = hosts.map((host) => originOf(`${scheme}://${inUrl(host)}:${facts.port}`))
  return [...new Set([originOf(dialled(facts)), ...here])]
}

function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
