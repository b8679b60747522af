// A line made by the kernel: relay and devices in network namespaces of their own, between them pairs of interfaces that `tc netem` slows down.
import { execFileSync, spawnSync } from 'node:child_process'
import type { Stage } from '../stage.ts'
import type { Line, Shape } from './line.ts'

const relayAddress = '10.213.0.1'
const relayPort = 8443
/** Packets that wait at most: at 1 Mbit/s somewhat more than half a second, as in a modem of good manners. */
const queuePackets = 50
const devices = ['one', 'other'] as const
type Device = (typeof devices)[number]

const spaces = (): Record<Device | 'relay', string> => {
  const of = (name: string): string => `grenier-bench-${process.pid}-${name}`
  return { relay: of('relay'), one: of('one'), other: of('other') }
}

/** Why this cannot be done here; undefined where it can. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are of Linux'
  if (process.getuid?.() !== 0) return 'it takes root to make network namespaces'
  const probe = `grenier-bench-${process.pid}-probe`
  const { error, stderr } = spawnSync('ip', ['netns', 'add', probe], { encoding: 'utf8' })
  if (error !== undefined) return 'there is no ip command: install iproute2'
  if (stderr !== '') return `no namespace: ${stderr.trim()}`
  try {
    const inside = ['netns', 'exec', probe]
    const tries = [
      ['ip', 'link', 'add', 'line0', 'type', 'veth', 'peer', 'name', 'line1'],
      ['tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', '1ms'],
    ]
    for (const words of tries) {
      const { status, stderr: said } = spawnSync('ip', [...inside, ...words], { encoding: 'utf8' })
      if (status !== 0) return `this kernel does not do \`${words.join(' ')}\`: ${said.trim()}`
    }
    return undefined
  } finally {
    spawnSync('ip', ['netns', 'delete', probe])
  }
}

/** Makes it, and starts a relay on its far side. */
export async function namespaceLine(stage: Stage, shape: Shape): Promise<Line> {
  const names = spaces()
  const end = (): void => {
    for (const name of Object.values(names)) spawnSync('ip', ['netns', 'delete', name])
  }
  process.once('exit', end)
  try {
    build(names, shape)
    const args = [
      'serve',
      '--data',
      stage.path('relay'),
      '--listen',
      `${relayAddress}:${relayPort}`,
      '--json',
    ]
    const relay = stage.start(
      'grenier-relay',
      [...args, '--tls-self', '--registration', 'open'],
      inside(names.relay),
    )
    const { url } = await relay.line(({ event }) => event === 'ready')
    return {
      kind: 'tc netem between network namespaces',
      url: String(url),
      prefix: (device) => inside(names[device]),
      sentBytes() {
        const file = '/sys/class/net/line0/statistics/tx_bytes'
        const words = ['netns', 'exec', names.one, 'cat', file]
        return Number(execFileSync('ip', words, { encoding: 'utf8' }))
      },
      close() {
        end()
        return Promise.resolve()
      },
    }
  } catch (error) {
    end()
    throw error
  }
}

function inside(space: string): string[] {
  return ['ip', 'netns', 'exec', space]
}

/** The relay has one address, whichever line leads to it: a device signs in for an address. */
function build(names: Record<Device | 'relay', string>, shape: Shape): void {
  const { relay } = names
  for (const name of Object.values(names)) ip('netns', 'add', name)
  ip('-n', relay, 'link', 'set', 'lo', 'up')
  ip('-n', relay, 'address', 'add', `${relayAddress}/32`, 'dev', 'lo')
  for (const [at, device] of devices.entries()) {
    const [space, far] = [names[device], `to-${device}`]
    const [here, there] = [`10.213.${at + 1}.2`, `10.213.${at + 1}.1`]
    ip('link', 'add', 'line0', 'netns', space, 'type', 'veth', 'peer', 'name', far, 'netns', relay)
    ip('-n', space, 'address', 'add', `${here}/24`, 'dev', 'line0')
    ip('-n', relay, 'address', 'add', `${there}/24`, 'dev', far)
    ip('-n', space, 'link', 'set', 'lo', 'up')
    ip('-n', space, 'link', 'set', 'line0', 'up')
    ip('-n', relay, 'link', 'set', far, 'up')
    ip('-n', space, 'route', 'add', `${relayAddress}/32`, 'via', there)
    slow({ space, device: 'line0', bitsPerSecond: shape.upBitsPerSecond }, shape)
    slow({ space: relay, device: far, bitsPerSecond: shape.downBitsPerSecond }, shape)
  }
}

/** What leaves by this interface. Each direction has half of the delay. */
function slow(
  { space, device, bitsPerSecond }: { space: string; device: string; bitsPerSecond: number },
  { roundTripMs, lossPercent }: Shape,
): void {
  const shape = ['rate', `${bitsPerSecond}bit`, 'delay', `${roundTripMs / 2}ms`, 'loss', `${lossPercent}%`]
  const words = [
    'tc',
    'qdisc',
    'add',
    'dev',
    device,
    'root',
    'netem',
    ...shape,
    'limit',
    String(queuePackets),
  ]
  // Packets as a line has them, not the 64 KiB that the kernel else hands on in one.
  ip('-n', space, 'link', 'set', 'dev', device, 'gso_max_size', '1500')
  ip('netns', 'exec', space, ...words)
}

function ip(...words: string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] })
}
