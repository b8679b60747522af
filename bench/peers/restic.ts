// restic: a backup from A to a repository behind `rclone serve restic`, and a restore from there to B.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { run, type Took } from '../processes.ts'
import { freePort, made, type Peer, type Place } from './peer.ts'
import { startServer } from './server.ts'

/** The first version that can restore into a folder only what differs: those before it write everything again. */
const restoresDifference = [0, 17] as const

/** @see Peer */
export const restic: Peer = {
  name: 'restic',
  commands: ['restic', 'rclone'],
  version: ['restic', 'version'],
  async start(place) {
    const port = await freePort()
    const held = made(place.path('held'))
    const command = ['rclone', 'serve', 'restic', '--config', '', '--addr', `127.0.0.1:${port}`, held]
    const server = await startServer(command, { log: place.log, port })
    const shared = {
      RESTIC_REPOSITORY: `rest:http://127.0.0.1:${await place.dial(port)}/`,
      RESTIC_PASSWORD: 'a password of the bench',
    }
    const on = (side: 'here' | 'there', args: readonly string[]): Promise<Took> => {
      const env = { ...shared, RESTIC_CACHE_DIR: place.path(`cache-${side}`) }
      return run(['restic', ...args], { ...place, cwd: place.here, env })
    }
    await on('here', ['init'])
    return {
      servers: [server.pid],
      clients: [],
      async carry(job) {
        const push = await on('here', ['backup', '-q', '.'])
        if (job === 'nothing') return { commands: [push] }
        const pull = await on('there', [
          'restore',
          '-q',
          'latest',
          '--target',
          place.there,
          ...howToRestore(place),
        ])
        return { pushMs: push.wallMs, commands: [push, pull] }
      },
      stop: () => server.stop(),
    }
  },
}

/** Where only everything can be restored, what is there goes first: else what was renamed would stay under both names. */
function howToRestore(place: Place): string[] {
  const { stdout } = spawnSync('restic', ['version'], { encoding: 'utf8' })
  const [, major, minor] = /(\d+)\.(\d+)/.exec(stdout) ?? []
  const [wantedMajor, wantedMinor] = restoresDifference
  if (Number(major) > wantedMajor || Number(minor) >= wantedMinor)
    return ['--overwrite', 'if-changed', '--delete']
  rmSync(place.there, { recursive: true, force: true })
  made(place.there)
  return []
}
