// A real relay behind a real listening socket, and peers that reach it from networks of their own. Its clock is moved by hand.
import { systemRandom } from '@grenier/crypto'
import { afterAll } from 'vitest'
import { WebSocket } from 'ws'
import { listen } from '../../packages/relay/src/server/http-server.ts'
import { ScriptedClient, World, type Door } from '../../packages/relay/src/session/scripted-client.vectors.ts'

/** A world whose people come over sockets. */
export interface Relay {
  readonly world: World
  /** A peer from a network (its name stands where a proxy would name the address), not logged in. */
  readonly peer: (network?: string) => ScriptedClient
}

const closers: (() => Promise<void>)[] = []
afterAll(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

/** Starts one; it ends with the tests of the file. */
export async function startedRelay(options: ConstructorParameters<typeof World>[0] = {}): Promise<Relay> {
  const world = new World(options)
  const { core } = world
  const server = await listen({ core, host: '127.0.0.1', port: 0, behindProxy: true, random: systemRandom })
  closers.push(() => server.close())
  world.door = doorTo(server.port, '10.0.0.1')
  return { world, peer: (network = '10.0.0.1') => new ScriptedClient(doorTo(server.port, network)) }
}

/** What is handed over here goes over a socket. */
function doorTo(port: number, network: string): Door {
  return {
    connect(theirs) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers: { 'x-forwarded-for': network } })
      const waiting: Uint8Array[] = []
      theirs.onFrame((frame) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(new Uint8Array(frame))
        else waiting.push(new Uint8Array(frame))
      })
      theirs.onClose(() => socket.close())
      socket.on('open', () => {
        for (const frame of waiting.splice(0)) socket.send(frame)
      })
      socket.on('message', (data: Buffer) => theirs.send(new Uint8Array(data)))
      socket.on('close', (_code, reason) => theirs.close(1000, reason.toString()))
      socket.on('error', () => undefined)
      return { known: false }
    },
  }
}
