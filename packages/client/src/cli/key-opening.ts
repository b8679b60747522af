// Opens the sealed keys of this home before a command begins: with what `unlock` left open, the passphrase, or
// what the desktop's keyring has.
import { ClientError } from '../errors.ts'
import { keyringEntryAt, keysAt, openKeys, openKeysWith } from '../home/device-key.ts'
import { homeExists } from '../home/home-files.ts'
import type { Invocation } from './invocation.ts'
import { openedByHolder } from './key-holder-client.ts'
import { keyNeedOf, type KeyNeed } from './key-need.ts'
import { KeyringAway } from './keyring.ts'
import { askPassphrase } from './passphrase.ts'
import { usageError } from './usage-error.ts'
import { canAsk } from './yes-or-no.ts'

/**
 * Opens the keys for `command`, if they are sealed and it needs them.
 * @throws ClientError `keys-locked` when nothing here opens them; `usage` for a passphrase that would seal a device which is here already
 */
export async function openKeysFor(invocation: Invocation, command: string): Promise<void> {
  const need = keyNeedOf(command)
  const { homeDirectory, passphrase } = invocation
  if (need === 'none' || need === 'own' || !homeExists(homeDirectory)) return
  const { sealedBy } = keysAt(homeDirectory)
  if (sealedBy !== 'passphrase' && passphrase.isGiven) refuseOrSay(invocation, need)
  if (sealedBy === undefined) return
  // A passphrase that was given is tried, so that a wrong one does not pass.
  const mayBeHeld = need !== 'anew' && !(sealedBy === 'passphrase' && passphrase.isGiven)
  if (mayBeHeld && (await openedByHolder(homeDirectory))) return
  ;(await openedKey(invocation)).fill(0)
}

/** Opens sealed keys, and gives what `openKeysWith` takes: 32 bytes, secret. @throws ClientError `keys-locked` */
export async function openedKey(invocation: Invocation): Promise<Uint8Array> {
  const { homeDirectory, passphrase, output } = invocation
  if (keysAt(homeDirectory).sealedBy === 'keyring') return await keyFromKeyring(invocation)
  const given = await passphrase.read(output.words.askPassphrase({}))
  if (given !== undefined) return openKeys(homeDirectory, given)
  if (invocation.yes || !canAsk())
    throw new ClientError('keys-locked', 'nobody to ask', { data: { path: homeDirectory, what: 'sealed' } })
  return await askPassphrase(invocation, (typed) => openKeys(homeDirectory, typed))
}

/** A passphrase that seals nothing here must not look as if it did. `passphrase set` takes it for the new one. */
function refuseOrSay({ output }: Invocation, need: KeyNeed): void {
  if (need === 'makes') throw usageError('passphrase-late')
  if (need !== 'anew') output.note(output.words.passphraseUnused({}))
}

async function keyFromKeyring({ homeDirectory, keyring, interrupt }: Invocation): Promise<Uint8Array> {
  const locked = (what: string, detail = ''): ClientError =>
    new ClientError('keys-locked', `the keyring does not open the keys: ${what}`, {
      data: { path: homeDirectory, what, detail },
    })
  const entry = keyringEntryAt(homeDirectory)
  if (entry === undefined) throw locked('keyring-wrong')
  const secret = await keyring.get(entry, interrupt.signal).catch((error: unknown) => {
    if (error instanceof KeyringAway) throw locked('keyring-away', error.detail)
    throw error
  })
  if (secret === undefined) throw locked('keyring-missing')
  if (openKeysWith(homeDirectory, secret)) return secret
  secret.fill(0)
  throw locked('keyring-wrong')
}
