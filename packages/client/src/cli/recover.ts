// `grenier recover`: from the 24 words alone. Lists the vaults that a relay has for them, makes this machine a device, and brings one vault back.
// A machine that finds nothing is left as it was.
import {
  certifyDevice,
  equal,
  identityFromEntropy,
  makeDevice,
  publicDevice,
  publicIdentity,
  systemRandom,
  toHex,
  wipeKeys,
  type Identity,
} from '@grenier/crypto'
import { resolve } from 'node:path'
import { recoverFolder } from '../engine/open-folder.ts'
import { Recovery, type Gone } from '../engine/recovering.ts'
import type { RecoverySight, SeenVault } from '../engine/recovery-sight.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import { homeExists, makeHome, openHome } from '../home/home-files.ts'
import type { Home } from '../home/home.ts'
import { isSameName } from './called.ts'
import { deviceNameOf } from './device-name.ts'
import { heaviestExitCode } from './exit-code.ts'
import { isCutOff, madeFolder, refuseSynced } from './folder-argument.ts'
import type { Invocation } from './invocation.ts'
import { readPhrase } from './phrase.ts'
import { keptMembers } from './recover-keep.ts'
import { refusalText, sightExitCode, tellBack, tellSight, tellTrouble } from './recover-report.ts'
import { relayText } from './relay-text.ts'
import { runFolders } from './running-folders.ts'
import { stoppedAt } from './standard-input.ts'
import { usageError } from './usage-error.ts'
import { canAsk } from './yes-or-no.ts'

export interface RecoverFlags {
  readonly phraseFile?: string | undefined
  readonly vault?: string | undefined
  readonly into?: string | undefined
  readonly keepDevice?: readonly string[] | undefined
  readonly deviceName?: string | undefined
}

/** A vault that is wanted back, and where. */
interface Wanted {
  readonly vault: string
  readonly into: string
  readonly keep: readonly string[] | undefined
}

/** Lists, or brings one back. @throws ClientError */
export async function recover(invocation: Invocation, relay: string, flags: RecoverFlags): Promise<ExitCode> {
  const { homeDirectory } = invocation
  const url = relayText(relay)
  const wanted = wantedOf(flags)
  const deviceName = deviceNameOf(flags.deviceName)
  const there = homeExists(homeDirectory) ? openHome(homeDirectory) : undefined
  const identity = await identityOf(invocation, flags.phraseFile)
  const { interrupt, platform } = invocation
  const recovery = new Recovery({ platform: platform(), signal: interrupt.signal }, { relay: url, identity })
  try {
    refuseOther(there, identity)
    const sight = await recovery.look()
    const { hasAccount } = sight
    const home = await homeOf(invocation, {
      there,
      identity,
      deviceName,
      relay: hasAccount ? url : undefined,
    })
    if (wanted !== undefined) {
      tellTrouble(invocation.output, url, sight)
      const code = await bringBack(invocation, { home, recovery, sight }, wanted)
      return heaviestExitCode([code, sightExitCode(sight)])
    }
    tellSight(invocation.output, url, sight)
    if (sight.vaults.length > 0) invocation.output.note(invocation.output.words.recoverNext({ relay: url }))
    return sightExitCode(sight)
  } finally {
    await recovery.close()
    wipeKeys(identity)
  }
}

function wantedOf({ vault, into, keepDevice }: RecoverFlags): Wanted | undefined {
  if (vault === undefined && into === undefined) {
    if (keepDevice !== undefined) throw usageError('vault-into')
    return undefined
  }
  if (vault === undefined || into === undefined) throw usageError('vault-into')
  return { vault, into, keep: keepDevice }
}

async function identityOf({ output, yes }: Invocation, phraseFile: string | undefined): Promise<Identity> {
  if (phraseFile === undefined && (yes || !canAsk())) throw usageError('phrase-needed')
  const entropy = await readPhrase(phraseFile ?? '-', output.words.askWords({}))
  const identity = identityFromEntropy(entropy)
  entropy.fill(0)
  return identity
}

function refuseOther(home: Home | undefined, identity: Identity): void {
  if (home?.identity === undefined || equal(home.identity.sign, identity.sign.publicKey)) return
  throw new ClientError('home-exists', 'this device is of another identity', {
    data: { path: home.directory, what: 'words' },
  })
}

/** The device of this home, with the identity; made where there is none. `relay`: where the identity has an account. */
async function homeOf(
  { homeDirectory, passphrase: given, output }: Invocation,
  by: {
    readonly there: Home | undefined
    readonly identity: Identity
    readonly deviceName: string
    readonly relay: string | undefined
  },
): Promise<Home> {
  const { there, identity, deviceName, relay } = by
  const device = there?.device ?? makeDevice(systemRandom)
  const certificate = certifyDevice(identity, publicDevice(device))
  const enrolled = { keys: publicIdentity(identity), certificate }
  if (there === undefined) {
    const relays = relay === undefined ? [] : [relay]
    const passphrase = await given.read(output.words.askNewPassphrase({}))
    return makeHome(homeDirectory, { deviceName, device, identity: enrolled, relays, passphrase })
  }
  const isKnown = there.identity !== undefined && (relay === undefined || there.relays.includes(relay))
  if (!isKnown) await there.enrol({ identity: enrolled, relay })
  return there
}

interface Found {
  readonly home: Home
  readonly recovery: Recovery
  readonly sight: RecoverySight
}

async function bringBack(invocation: Invocation, found: Found, wanted: Wanted): Promise<ExitCode> {
  const { output, homeDirectory } = invocation
  const { home, recovery, sight } = found
  const vault = vaultNamed(invocation, sight, wanted.vault)
  output.concern({ vault: vault.id })
  const own = toHex(home.device.sign.publicKey)
  const isMember = vault.devices.some(({ device }) => device === own)
  const isIn = home.folders.some(({ path, vault: id }) => path === resolve(wanted.into) && id === vault.id)
  // Taken in already, and cut off before its folder was whole: nothing is left to decide.
  const isDecided = isMember && isIn && wanted.keep === undefined
  const others = { ...vault, devices: vault.devices.filter(({ device }) => device !== own) }
  const kept = isDecided ? undefined : await keptMembers(invocation, others, wanted.keep).catch(undecided)
  let gone: Gone = { devices: [], identities: [], invitations: [] }
  const tookOut = (went: Gone): void => {
    gone = went
  }
  const made = madeFolder(homeDirectory, wanted.into)
  output.concern({ folder: made.path, vault: vault.id })
  try {
    const isGoingOn = home.folders.some(({ path, vault: id }) => path === made.path && id === vault.id)
    if (!isGoingOn && !(await isCutOff(invocation.platform(), home, made.path)))
      await refuseSynced(invocation.platform(), home, made.path)
    return await runFolders({ invocation, home, watching: false }, [
      {
        place: { folder: made.path, vault: vault.id },
        mode: 'once',
        first: true,
        open: (context) => recoverFolder(context, { path: made.path, recovery, vault, kept, tookOut }),
        opened: () => tellBack(output, { folder: made.path, vault: others, gone }),
      },
    ])
  } finally {
    if (home.folders.every((folder) => folder.path !== made.path)) made.unmake()
  }
}

/** Nothing is done before everybody was asked about. */
function undecided(error: unknown): never {
  throw stoppedAt(error, 'undecided')
}

/** @throws ClientError `usage`, `name-ambiguous`; for one that is refused, why */
function vaultNamed({ output }: Invocation, sight: RecoverySight, text: string): SeenVault {
  const named = sight.vaults.filter(({ id, name }) => id === text || isSameName(name, text))
  const [first] = named
  if (named.length > 1) {
    const ids = named.map(({ id }) => id).join(', ')
    throw new ClientError('name-ambiguous', 'a name that several share', { data: { ids } })
  }
  if (first !== undefined) return first
  const refused = sight.refused.find(({ id }) => id === text)
  if (refused === undefined) throw usageError('vault-unknown', text)
  const { error, why } = refused
  if (error !== undefined) throw error
  const message = refusalText(output.words, refused)
  if (why === 'planted') throw new ClientError('relay-contradicts', message)
  throw new ClientError('relay-refused', message, { data: { reason: 'no-right' } })
}
