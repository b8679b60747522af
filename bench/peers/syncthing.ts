// Syncthing: A, a device in the middle that is not trusted and keeps what is sealed, and B. Each looks at its folder when told to, so that
// what is measured is work and not how long its watcher waits before it begins.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { freePort, made, until, type Job, type Peer, type PeerRun, type Place } from './peer.ts'
import { startServer, type Server } from './server.ts'
import { configOf, type Device, type DeviceName } from './syncthing-config.ts'

const names: readonly DeviceName[] = ['here', 'server', 'there']
/** How long three of them may take to find each other. */
const meetingMs = 60_000

/** @see Peer */
export const syncthing: Peer = {
  name: 'Syncthing',
  commands: ['syncthing'],
  version: ['syncthing', '--version'],
  async start(place) {
    const devices = await devicesIn(place)
    const running: Server[] = []
    const stop = async (): Promise<void> => {
      for (const one of running) await one.stop()
    }
    try {
      for (const device of Object.values(devices)) running.push(await startDevice(device, place))
      await until(() => haveMet(devices), { ms: meetingMs, what: 'Syncthing connects' })
    } catch (error) {
      await stop()
      throw error
    }
    const [here, server, there] = running.map(({ pid }) => pid)
    return {
      servers: [server ?? 0],
      clients: [here ?? 0, there ?? 0],
      carry: (job, isThere) => carry(devices, { job, isThere, limitMs: place.limitMs }),
      stop,
    } satisfies PeerRun
  },
}

async function devicesIn(place: Place): Promise<Record<DeviceName, Device>> {
  const make = async (name: DeviceName, folder: string): Promise<Device> => {
    const home = place.path(`home-${name}`)
    const quiet = { stdio: 'ignore', env: { ...process.env, STNODEFAULTFOLDER: '1' } } as const
    execFileSync('syncthing', ['generate', `--home=${home}`], quiet)
    const id = /<device id="([A-Z0-9-]+)"/.exec(readFileSync(`${home}/config.xml`, 'utf8'))?.[1]
    if (id === undefined) throw new Error('syncthing generate gives no device id')
    mkdirSync(`${folder}/.stfolder`, { recursive: true })
    const [port, apiPort] = [await freePort(), await freePort()]
    return { name, id, home, folder, port, apiPort, dialled: await placeOf(name, port, place) }
  }
  const devices = {
    here: await make('here', place.here),
    server: await make('server', made(place.path('held'))),
    there: await make('there', place.there),
  }
  for (const name of names) writeFileSync(`${devices[name].home}/config.xml`, configOf(name, devices))
  return devices
}

/** Only the one in the middle is dialled. */
async function placeOf(name: DeviceName, port: number, place: Place): Promise<number> {
  return name === 'server' ? await place.dial(port) : port
}

async function startDevice({ home, apiPort }: Device, place: Place): Promise<Server> {
  const command = ['syncthing', 'serve', `--home=${home}`, '--no-restart', '--no-browser', '--no-upgrade']
  return await startServer(command, { log: place.log, port: apiPort, env: { STNODEFAULTFOLDER: '1' } })
}

interface Status {
  readonly state: string
  readonly localFiles: number
  readonly needTotalItems: number
}

interface Connections {
  readonly connections: Readonly<Record<string, { readonly connected: boolean } | undefined>>
}

async function haveMet({ here, server, there }: Record<DeviceName, Device>): Promise<boolean> {
  const isConnected = async (device: Device): Promise<boolean> => {
    const { connections } = (await ask(device, 'system/connections')) as Connections
    return connections[server.id]?.connected === true && (await statusOf(device)).state === 'idle'
  }
  return (await isConnected(here)) && (await isConnected(there))
}

async function carry(
  { here, there }: Record<DeviceName, Device>,
  { job, isThere, limitMs }: { job: Job; isThere: () => boolean; limitMs: number },
): Promise<{ commands: [] }> {
  const looking = ask(here, 'db/scan?folder=bench', 'POST')
  looking.catch(() => undefined)
  if (job === 'nothing') await looking
  else {
    const agrees = async (): Promise<boolean> => {
      const [from, to] = [await statusOf(here), await statusOf(there)]
      if (from.state !== 'idle' || to.state !== 'idle' || to.needTotalItems > 0) return false
      return from.localFiles === to.localFiles && isThere()
    }
    await until(agrees, { ms: limitMs, what: 'Syncthing carries it over' })
    await looking
  }
  return { commands: [] }
}

async function statusOf(device: Device): Promise<Status> {
  return (await ask(device, 'db/status?folder=bench')) as Status
}

async function ask({ apiPort }: Device, what: string, method = 'GET'): Promise<unknown> {
  const headers = { 'X-API-Key': 'bench' }
  const answer = await fetch(`http://127.0.0.1:${apiPort}/rest/${what}`, { method, headers })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`syncthing ${what}: ${answer.status} ${text}`)
  return text.trim() === '' ? undefined : JSON.parse(text)
}
