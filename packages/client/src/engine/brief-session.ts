// A session of its own with a relay that is only looked at, beside or instead of the one where the vault is: no relay that is asked may hold this
// device up. A line that is quiet is ended by the session itself; one that drips is not, however little comes of it.
import { ClientError } from '../errors.ts'
import { unreachable } from '../relay/relay-failure.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { deviceLogin, logInAt } from './relay-login.ts'
import type { Vault } from './vault.ts'

/** What is asked of such a relay is told in this time, dialling and all. */
export const briefMs = 30_000

/**
 * Does the work on a session with this relay, as this device. The session ends with the work, after `briefMs`, and at once when aborted: then what
 * the work asks of it fails, and the work with it.
 * @throws ClientError `interrupted` when aborted, `relay-unreachable` when it took too long, what else `logInAt` and the work throw
 */
export async function briefly<T>(
  { home, platform, signal }: Pick<Vault, 'home' | 'platform' | 'signal'>,
  relay: string,
  work: (session: RelaySession) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const ended = Promise.withResolvers<never>()
  ended.promise.catch(() => undefined)
  let session: RelaySession | undefined
  const end = (error: ClientError): void => {
    over.abort(error)
    ended.reject(error)
    void session?.close()
  }
  const stop = (): void => end(new ClientError('interrupted', 'stopped while looking at another relay'))
  if (signal.aborted) stop()
  over.signal.throwIfAborted()
  signal.addEventListener('abort', stop)
  const timer = platform.clock.after(briefMs, () => end(unreachable('timeout')))
  const opening = logInAt(platform, relay, deviceLogin(home))
  try {
    session = await Promise.race([opening, ended.promise])
    over.signal.throwIfAborted()
    return await work(session)
  } catch (error) {
    over.signal.throwIfAborted()
    throw error
  } finally {
    timer.cancel()
    signal.removeEventListener('abort', stop)
    // One that comes too late is wanted by nobody.
    const closed = opening.then((one) => one.close()).catch(() => undefined)
    if (session !== undefined) await closed
  }
}
