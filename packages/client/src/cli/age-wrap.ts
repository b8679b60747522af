// Wraps a stream in age (age-encryption.org), for a recipient or a passphrase, so that the ordinary `age` opens it: the one file that knows the
// library. Streams: what is held in memory are pieces of 64 KiB.
import { Writable } from 'node:stream'
import { Encrypter } from 'age-encryption'
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
  if (age !== undefined) return forRecipient(age)
  if (agePassphraseFile === undefined) return undefined
  const passphrase = await passphraseIn(agePassphraseFile, question)
  const encrypter = new Encrypter()
  encrypter.setPassphrase(passphrase)
  return encrypter
}

function forRecipient(recipient: string): Encrypter {
  const encrypter = new Encrypter()
  try {
    encrypter.addRecipient(recipient)
  } catch (cause) {
    throw usageError('recipient', recipient, cause)
  }
  return encrypter
}

/** A sink whose bytes come out of `write` wrapped; it has finished when the last of them was written. */
export async function wrappedSink(
  encrypter: Encrypter,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<Writable> {
  const plain = new TransformStream<Uint8Array, Uint8Array>()
  const sealed = await encrypter.encrypt(plain.readable)
  const pumped = pump(sealed, write)
  pumped.catch(() => undefined)
  const writer = plain.writable.getWriter()
  // Whoever waits for room is told when the other side has failed.
  const orFailed = (work: Promise<unknown>): Promise<unknown> => Promise.race([work, pumped.then(() => work)])
  const settle = (work: Promise<unknown>, done: (error?: Error | null) => void): void => {
    work.then(
      () => done(),
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
    )
  }
  return new Writable({
    // The piece is the giver's to use again.
    write: (piece: Uint8Array, _encoding, done) =>
      settle(orFailed(writer.write(Uint8Array.from(piece))), done),
    final: (done) => settle(Promise.all([writer.close(), pumped]), done),
  })
}

async function pump(
  sealed: ReadableStream<Uint8Array>,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const reader = sealed.getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) await write(next.value)
}
