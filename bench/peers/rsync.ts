// rsync in clear, over a daemon that holds the files as they are: what nobody reads along costs, as a floor for the others.
import { writeFileSync } from 'node:fs'
import { run } from '../processes.ts'
import { freePort, made, type Peer } from './peer.ts'
import { startServer } from './server.ts'

/** @see Peer */
export const rsync: Peer = {
  name: 'rsync (in clear)',
  commands: ['rsync'],
  version: ['rsync', '--version'],
  async start(place) {
    const port = await freePort()
    const config = place.path('rsyncd.conf')
    const owner = process.getuid?.() === 0 ? 'uid = root\ngid = root\n' : ''
    writeFileSync(
      config,
      `use chroot = no\n${owner}[held]\npath = ${made(place.path('held'))}\nread only = no\nlist = no\n`,
    )
    const server = await startServer(
      ['rsync', '--daemon', '--no-detach', `--config=${config}`, '--address=127.0.0.1', `--port=${port}`],
      { log: place.log, port },
    )
    const url = `rsync://127.0.0.1:${await place.dial(port)}/held/`
    const copy = (from: string, to: string) => run(['rsync', '-a', '--delete', from, to], place)
    return {
      servers: [server.pid],
      clients: [],
      async carry() {
        const push = await copy(`${place.here}/`, url)
        return { pushMs: push.wallMs, commands: [push, await copy(url, `${place.there}/`)] }
      },
      stop: () => server.stop(),
    }
  },
}
