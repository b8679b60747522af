// Borg: an archive from A in an encrypted repository behind an sshd of our own, and its extraction to B. Extracting knows no difference.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { run, type Took } from '../processes.ts'
import { freePort, made, type Peer, type Place } from './peer.ts'
import { startServer, type Server } from './server.ts'

/** @see Peer */
export const borg: Peer = {
  name: 'Borg',
  commands: ['borg', 'sshd', 'ssh', 'ssh-keygen'],
  version: ['borg', '--version'],
  async start(place) {
    const port = await freePort()
    const server = await startSshd(place, port)
    const dialled = await place.dial(port)
    const repository = `ssh://${userInfo().username}@127.0.0.1:${dialled}${made(place.path('held'))}/repository`
    const shared = {
      BORG_PASSPHRASE: 'a password of the bench',
      BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
      BORG_RSH: [
        `ssh -i ${place.path('client-key')} -o IdentitiesOnly=yes -o LogLevel=ERROR`,
        '-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null',
      ].join(' '),
    }
    const on = (side: 'here' | 'there', args: readonly string[]): Promise<Took> => {
      const env = { ...shared, BORG_BASE_DIR: made(place.path(`borg-${side}`)) }
      return run(['borg', ...args], { ...place, cwd: place[side], env })
    }
    await on('here', ['init', '--encryption=repokey-blake2', repository])
    let archives = 0
    return {
      servers: [server.pid],
      clients: [],
      async carry(job) {
        const archive = `${repository}::${(archives += 1)}`
        const push = await on('here', ['create', archive, '.'])
        if (job === 'nothing') return { commands: [push] }
        rmSync(place.there, { recursive: true, force: true })
        made(place.there)
        return { pushMs: push.wallMs, commands: [push, await on('there', ['extract', archive])] }
      },
      stop: () => server.stop(),
    }
  },
}

async function startSshd(place: Place, port: number): Promise<Server> {
  for (const key of ['host-key', 'client-key'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', place.path(key)])
  copyFileSync(place.path('client-key.pub'), place.path('authorized'))
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${place.path('host-key')}`,
    `AuthorizedKeysFile ${place.path('authorized')}`,
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
  ]
  writeFileSync(place.path('sshd.conf'), `${lines.join('\n')}\n`)
  // Started by root, sshd wants this folder, which else the system makes at its start.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true })
  // sshd insists on being started by its whole path.
  const sshd = execFileSync('sh', ['-c', 'PATH=$PATH:/usr/sbin:/sbin; command -v sshd'], {
    encoding: 'utf8',
  }).trim()
  return await startServer([sshd, '-D', '-e', '-f', place.path('sshd.conf')], { log: place.log, port })
}
