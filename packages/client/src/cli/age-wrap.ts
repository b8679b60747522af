// Wraps a stream in age (age-encryption.org), for a recipient or a passphrase, so that the ordinary `age` opens it: the one file that knows the
// library, and loads it when something is to be wrapped. Streams: what is held in memory are pieces of 64 KiB.
import type { Encrypter } from 'age-encryption'
import { passphraseIn } from './passphrase.ts'
import { usageError } from './usage-error.ts'

export interface AgeFlags {
  readonly age?: string | undefined
  readonly agePassphraseFile?: string | undefined
}

/** What wraps; undefined where nothing is to be wrapped. @throws ClientError `usage` */
export async function ageOf(
  { age, agePassphraseFile }: AgeFlags,
  question: string,
): Promise<Encrypter | undefined> {
  if (age !== undefined && agePassphraseFile !== undefined) throw usageError('age-both')
  if (age !== undefined) return await forRecipient(age)
  if (agePassphraseFile === undefined) return undefined
  const passphrase = await passphraseIn(agePassphraseFile, question)
  const encrypter = await unwrapped()
  encrypter.setPassphrase(passphrase)
  return encrypter
}

async function forRecipient(recipient: string): Promise<Encrypter> {
  const encrypter = await unwrapped()
  try {
    encrypter.addRecipient(recipient)
  } catch (cause) {
    throw usageError('recipient', recipient, cause)
  }
  return encrypter
}

async function unwrapped(): Promise<Encrypter> {
  const age = await import('age-encryption')
  return new age.Encrypter()
}

/** What comes into it goes out wrapped. */
export interface WrappedSink {
  /** The piece is the giver's to use again when it resolves. @throws what writing the wrapped bytes fails with */
  write(piece: Uint8Array): Promise<void>
  /** Resolves when the last of them was written. */
  end(): Promise<void>
  /** Resolves when nothing more is written, however it went. */
  giveUp(cause: unknown): Promise<void>
}

/** Hands the wrapped bytes to `write`. */
export async function wrappedSink(
  encrypter: Encrypter,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<WrappedSink> {
  const plain = new TransformStream<Uint8Array, Uint8Array>()
  const sealed = await encrypter.encrypt(plain.readable)
  const pumped = pump(sealed, write)
  pumped.catch(() => undefined)
  const writer = plain.writable.getWriter()
  // Whoever waits for room is told when the other side has failed.
  const orFailed = async (work: Promise<unknown>): Promise<void> => {
    await Promise.race([work, pumped.then(() => work)])
  }
  return {
    write: (piece) => orFailed(writer.write(Uint8Array.from(piece))),
    end: async () => {
      await Promise.all([writer.close(), pumped])
    },
    giveUp: async (cause) => {
      await Promise.allSettled([writer.abort(cause), pumped])
    },
  }
}

async function pump(
  sealed: ReadableStream<Uint8Array>,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const reader = sealed.getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) await write(next.value)
}
