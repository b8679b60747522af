// rclone with its crypt layer: a sync from A to what `rclone serve sftp` holds, and one from there to B.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { run } from '../processes.ts'
import { freePort, made, type Peer } from './peer.ts'
import { startServer } from './server.ts'

/** @see Peer */
export const rclone: Peer = {
  name: 'rclone crypt',
  commands: ['rclone'],
  version: ['rclone', 'version'],
  async start(place) {
    const port = await freePort()
    const login = { user: 'bench', password: 'of-the-bench' }
    const serve = ['rclone', 'serve', 'sftp', '--config', '', '--addr', `127.0.0.1:${port}`]
    const server = await startServer(
      [...serve, '--user', login.user, '--pass', login.password, made(place.path('held'))],
      { log: place.log, port },
    )
    const config = place.path('rclone.conf')
    const lines = [
      '[server]',
      'type = sftp',
      'host = 127.0.0.1',
      `port = ${await place.dial(port)}`,
      `user = ${login.user}`,
      `pass = ${obscured(login.password)}`,
      'shell_type = none',
      '[sealed]',
      'type = crypt',
      'remote = server:',
      `password = ${obscured('a password of the bench')}`,
      `password2 = ${obscured('and its salt')}`,
    ]
    writeFileSync(config, `${lines.join('\n')}\n`)
    const sync = (from: string, to: string) =>
      run(['rclone', '--config', config, 'sync', '--create-empty-src-dirs', from, to], place)
    return {
      servers: [server.pid],
      clients: [],
      async carry(job) {
        const push = await sync(place.here, 'sealed:')
        if (job === 'nothing') return { commands: [push] }
        return { pushMs: push.wallMs, commands: [push, await sync('sealed:', place.there)] }
      },
      stop: () => server.stop(),
    }
  },
}

function obscured(password: string): string {
  return execFileSync('rclone', ['obscure', password], { encoding: 'utf8' }).trim()
}
