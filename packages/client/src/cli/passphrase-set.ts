// `grenier passphrase set` and `remove`: the keys of this device under a passphrase, or in clear again.
import type { ExitCode } from '../errors.ts'
import { keyringEntryAt, keysAt, writeKeys } from '../home/device-key.ts'
import { openHome } from '../home/home-files.ts'
import type { Invocation } from './invocation.ts'
import { endHolder } from './key-holder-client.ts'
import { removeEntry } from './keyring-set.ts'
import { checkedPassphrase, passphraseIn } from './passphrase.ts'
import { readHidden } from './standard-input.ts'
import { usageError } from './usage-error.ts'
import { canAsk } from './yes-or-no.ts'

/** Seals the keys, or seals them anew. They are open already. @throws ClientError */
export async function setPassphrase(invocation: Invocation, newFile: string | undefined): Promise<ExitCode> {
  const { output, homeDirectory } = invocation
  const { device } = openHome(homeDirectory)
  const { sealedBy } = keysAt(homeDirectory)
  const entry = keyringEntryAt(homeDirectory)
  const passphrase = await newPassphrase(invocation, sealedBy === 'passphrase', newFile)
  writeKeys(homeDirectory, device, passphrase)
  await removeEntry(invocation, entry)
  // What it holds opens nothing any more.
  await endHolder(homeDirectory)
  output.line({ event: 'passphrase', sealed: true })
  output.result(output.words.passphraseSet({}))
  return 0
}

/** Keeps the keys in clear again. They are open already. @throws ClientError */
export async function removePassphrase({ output, homeDirectory }: Invocation): Promise<ExitCode> {
  const { device } = openHome(homeDirectory)
  const sealed = keysAt(homeDirectory).sealedBy === 'passphrase'
  if (sealed) writeKeys(homeDirectory, device, undefined)
  if (sealed) await endHolder(homeDirectory)
  output.line({ event: 'passphrase', sealed: false })
  output.result(sealed ? output.words.passphraseRemoved({}) : output.words.passphraseNone({}))
  return 0
}

async function newPassphrase(
  invocation: Invocation,
  sealed: boolean,
  newFile: string | undefined,
): Promise<string> {
  const { words } = invocation.output
  if (newFile !== undefined) return await passphraseIn(newFile, words.askNewPassphrase({}))
  // Where none seals the keys yet, the one that was given can only be meant for this.
  const given = sealed ? undefined : await invocation.passphrase.read(words.askNewPassphrase({}))
  if (given !== undefined) return given
  if (invocation.yes || !canAsk()) throw usageError('passphrase-needed')
  const passphrase = checkedPassphrase(await readHidden(words.askNewPassphrase({})), words.whatYouTyped({}))
  if ((await readHidden(words.askPassphraseAgain({}))) !== passphrase) throw usageError('passphrase-differs')
  return passphrase
}
