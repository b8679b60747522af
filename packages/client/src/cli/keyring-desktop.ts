// The keyring of the desktop: the Secret Service on Linux, Keychain on macOS, the Credential Manager on Windows, all through one library. It is
// native, so it is loaded when it is needed, and may be lacking. The kernel's keyring, which forgets at each restart, is never taken instead.
import { fromHex, keyringSecretBytes, toHex } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { KeyringAway, type Keyring } from './keyring.ts'

const service = 'grenier'
const secretText = new RegExp(`^[0-9a-f]{${keyringSecretBytes * 2}}$`)

/** What is used of the library. */
interface Entry {
  getPassword(): Promise<string | null>
  setPassword(password: string): Promise<void>
  deletePassword(): Promise<boolean>
}

/** Asks when it is asked, never before. */
export const desktopKeyring: Keyring = {
  async get(name, signal) {
    const text = await asked(name, signal, async (entry) => await entry.getPassword())
    return text !== null && secretText.test(text) ? fromHex(text) : undefined
  },
  async set(name, secret, signal) {
    await asked(name, signal, async (entry) => await entry.setPassword(toHex(secret)))
  },
  async remove(name, signal) {
    await asked(name, signal, async (entry) => await entry.deletePassword())
  },
}

async function asked<T>(name: string, signal: AbortSignal, ask: (entry: Entry) => Promise<T>): Promise<T> {
  const stopped = Promise.withResolvers<never>()
  const stop = (): void => stopped.reject(new ClientError('interrupted', 'stopped'))
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  try {
    // The keyring may ask its owner something, and wait for as long as that takes.
    return await Promise.race([entryOf(name).then(ask), stopped.promise])
  } catch (error) {
    if (error instanceof ClientError) throw error
    // No cause: what a foreign library hangs on its errors is not known.
    throw new KeyringAway(error instanceof Error ? error.message : String(error))
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

async function entryOf(name: string): Promise<Entry> {
  const { AsyncEntry } = await import('@napi-rs/keyring')
  return new AsyncEntry(service, name, { linux: { store: 'secret-service' } })
}
