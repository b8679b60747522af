// `grenier unlock` and `lock`: the sealed keys of this device are open to the commands of this user that follow, or not any more.
import type { ExitCode } from '../errors.ts'
import { keysAt } from '../home/device-key.ts'
import { openHome } from '../home/home-files.ts'
import { liveSyncs } from './control-client.ts'
import type { Invocation } from './invocation.ts'
import { endHolder, holderStatus, startHolder } from './key-holder-client.ts'
import { holderPlaces } from './key-holder-place.ts'
import { openedKey } from './key-opening.ts'
import { printable } from './printable.ts'
import { parseDuration } from './quantities.ts'
import { usageError } from './usage-error.ts'

/** Where a log-out cannot be noticed, keys do not stay open for ever unless that was said. */
const usualFor = '8h'

/** Opens the keys and leaves a process behind that holds what opens them. @throws ClientError */
export async function unlock(invocation: Invocation, flags: { for?: string | undefined }): Promise<ExitCode> {
  const { output, homeDirectory } = invocation
  const { words } = output
  openHome(homeDirectory)
  const asked = flags.for === undefined ? undefined : parseDuration(flags.for)
  if (keysAt(homeDirectory).sealedBy === undefined) {
    output.line({ event: 'unlock', keys: 'clear' })
    output.result(words.unlockClear({}))
    return 0
  }
  const [place] = holderPlaces(homeDirectory)
  if (place === undefined) throw usageError('unlock-platform')
  const idle = flags.for ?? (place.endsAtLogout ? undefined : usualFor)
  const idleMs = idle === undefined ? null : (asked ?? parseDuration(idle))
  const key = await openedKey(invocation)
  try {
    // One at another place would be asked as well.
    await endHolder(homeDirectory)
    await startHolder(homeDirectory, place, { key, idleMs })
  } finally {
    key.fill(0)
  }
  output.line({ event: 'unlock', keys: 'unlocked', idleMs, endsAtLogout: place.endsAtLogout })
  const until = { idle: idle === undefined ? undefined : printable(idle), logout: place.endsAtLogout }
  output.result(words.unlockDone(until))
  if (flags.for === undefined && !place.endsAtLogout) output.note(words.unlockUsual({}))
  return 0
}

/** Ends what `unlock` left. @throws ClientError `usage` for keys that nothing seals: they are not locked by this */
export async function lock({ output, homeDirectory }: Invocation): Promise<ExitCode> {
  const { words } = output
  openHome(homeDirectory)
  const wasOpen = await endHolder(homeDirectory)
  const { sealedBy } = keysAt(homeDirectory)
  if (sealedBy === undefined) throw usageError('lock-clear')
  const running = (await liveSyncs(homeDirectory)).map(({ pid }) => pid)
  output.line({ event: 'lock', keys: sealedBy === 'keyring' ? 'keyring' : 'locked', wasOpen, running })
  output.result(wasOpen ? words.lockDone({}) : words.lockNothing({}))
  if (sealedBy === 'keyring') output.note(words.lockKeyring({}))
  for (const pid of running) output.note(words.lockRunning({ pid }))
  return 0
}

/** How the keys of a home stand. `keyring`: whatever the desktop's keyring says when it is asked. */
export type KeysState = 'clear' | 'locked' | 'unlocked' | 'keyring'

/** @throws ClientError as `keysAt` */
export async function keysState(home: string): Promise<KeysState> {
  const { sealedBy } = keysAt(home)
  if (sealedBy === undefined) return 'clear'
  if ((await holderStatus(home)) !== undefined) return 'unlocked'
  return sealedBy === 'keyring' ? 'keyring' : 'locked'
}
