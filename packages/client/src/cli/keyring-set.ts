// `grenier keyring on` and `off`: what opens the keys of this device lies in the desktop's keyring, or they lie in clear again. The entry is there,
// and read back, before the file depends on it; that of before goes after.
import { sealDeviceForKeyring, keyringEntryOf, systemRandom, type Device } from '@grenier/crypto'
import { ClientError, type ExitCode } from '../errors.ts'
import { keyringEntryAt, writeKeys, writeSealedKeys } from '../home/device-key.ts'
import { openHome } from '../home/home-files.ts'
import type { Invocation } from './invocation.ts'
import { endHolder } from './key-holder-client.ts'
import { KeyringAway, KeyringForgets } from './keyring.ts'

/** Seals the keys for the keyring, or does so anew. They are open already. @throws ClientError `keyring-unavailable` with nothing changed */
export async function keyringOn(invocation: Invocation): Promise<ExitCode> {
  const { output, homeDirectory } = invocation
  const home = openHome(homeDirectory)
  const before = keyringEntryAt(homeDirectory)
  await seal(invocation, home.device)
  await removeEntry(invocation, before)
  await endHolder(homeDirectory)
  output.line({ event: 'keyring', sealed: true })
  output.result(output.words.keyringSet({}))
  output.note(output.words.keyringWarning({ hasWords: home.identity !== undefined }))
  return 0
}

/** Keeps the keys in clear again. They are open already. @throws ClientError */
export async function keyringOff(invocation: Invocation): Promise<ExitCode> {
  const { output, homeDirectory } = invocation
  const { device } = openHome(homeDirectory)
  const entry = keyringEntryAt(homeDirectory)
  if (entry !== undefined) {
    writeKeys(homeDirectory, device, undefined)
    await removeEntry(invocation, entry)
    await endHolder(homeDirectory)
  }
  output.line({ event: 'keyring', sealed: false })
  output.result(entry === undefined ? output.words.keyringNone({}) : output.words.passphraseRemoved({}))
  return 0
}

/** Takes an entry that opens nothing any more out of the keyring, if there is one. What fails is said: it does no harm. */
export async function removeEntry(
  { keyring, interrupt, output }: Invocation,
  entry: string | undefined,
): Promise<void> {
  if (entry === undefined) return
  try {
    await keyring.remove(entry, interrupt.signal)
  } catch (error) {
    if (!(error instanceof KeyringAway)) throw error
    output.note(output.words.keyringLeft({}))
  }
}

async function seal({ keyring, interrupt, homeDirectory }: Invocation, device: Device): Promise<void> {
  const { sealed, secret } = sealDeviceForKeyring(device, systemRandom)
  const entry = keyringEntryOf(sealed)
  let isWritten = false
  try {
    await keyring.set(entry, secret, interrupt.signal)
    const kept = await keyring.get(entry, interrupt.signal)
    if (kept === undefined || Buffer.compare(kept, secret) !== 0)
      throw new KeyringForgets('it does not give back what it was given')
    writeSealedKeys(homeDirectory, device, sealed)
    isWritten = true
  } catch (error) {
    if (!(error instanceof KeyringAway)) throw error
    const what = error instanceof KeyringForgets ? 'forgets' : 'away'
    const data = { path: homeDirectory, what, detail: error.detail }
    throw new ClientError('keyring-unavailable', 'no keyring here that keeps a secret', { data })
  } finally {
    secret.fill(0)
    if (!isWritten) await keyring.remove(entry, new AbortController().signal).catch(() => undefined)
  }
}
