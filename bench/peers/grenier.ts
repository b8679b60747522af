// Grenier: a relay, a device that sends with `sync --once`, and one that watches and takes what comes meanwhile.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../processes.ts'
import { Stage } from '../stage.ts'
import { freePort, type Job, type Peer, type PeerRun, type Place } from './peer.ts'

const bin = fileURLToPath(new URL('../../node_modules/.bin/', import.meta.url))

/** @see Peer */
export const grenier: Peer = {
  name: 'Grenier',
  commands: [],
  version: [join(bin, 'grenier'), '--version'],
  async start(place) {
    const stage = new Stage(place.path('grenier'))
    try {
      return await started(stage, place)
    } catch (error) {
      await stage.close()
      throw error
    }
  },
}

async function started(stage: Stage, place: Place): Promise<PeerRun> {
  const port = await freePort()
  const { relay, url } = await stage.relay({ port, dialled: await place.dial(port) })
  const one = stage.device('one', url)
  await one('add', place.here).ended
  const { code } = await one('invite', place.here).line((line) => line['code'] !== undefined)
  const other = stage.device('other', url)
  await other('join', String(code), place.there).ended
  const watching = other('sync')
  await watching.line(isSynced)
  const once = [join(bin, 'grenier'), '--home', stage.path('home-one'), '--json', 'sync', '--once']
  return {
    servers: [relay.pid],
    clients: [watching.pid],
    async carry(job: Job, isThere: () => boolean) {
      const from = watching.count
      const sent = await run(once, place)
      if (job === 'nothing') return { commands: [sent] }
      for (let at = from; !isThere(); at = watching.count) await watching.line(isSynced, at)
      return { pushMs: sent.wallMs, commands: [sent] }
    },
    stop: () => stage.close(),
  }
}

function isSynced(line: Readonly<Record<string, unknown>>): boolean {
  return line['event'] === 'state' && line['state'] === 'synced'
}
