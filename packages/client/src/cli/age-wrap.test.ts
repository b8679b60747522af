// What is wrapped here opens with the library, and with the ordinary `age` where it is installed.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Decrypter, generateX25519Identity, identityToRecipient, type Encrypter } from 'age-encryption'
import { expect, onTestFinished, test } from 'vitest'
import { ageOf, wrappedSink, type AgeFlags } from './age-wrap.ts'

/** More than one piece of age's, and no whole number of them. */
const plain = Buffer.alloc(300_000, 'not a secret any more ')

function place(): string {
  const folder = mkdtempSync(join(tmpdir(), 'grenier-age-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function encrypterOf(flags: AgeFlags): Promise<Encrypter> {
  const encrypter = await ageOf(flags, '?')
  if (encrypter === undefined) throw new Error('nothing wraps')
  return encrypter
}

async function wrapped(encrypter: Encrypter): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  const sink = await wrappedSink(encrypter, (bytes) => {
    pieces.push(bytes)
    return Promise.resolve()
  })
  const parts = [plain.subarray(0, 7), plain.subarray(7, 200_000), plain.subarray(200_000)]
  for (const part of parts) await sink.write(part)
  await sink.end()
  return Buffer.concat(pieces)
}

test('for a recipient: the identity opens it, and no other one', async () => {
  const [identity, other] = [await generateX25519Identity(), await generateX25519Identity()]
  const sealed = await wrapped(await encrypterOf({ age: await identityToRecipient(identity) }))
  const open = async (with_: string): Promise<Uint8Array> => {
    const decrypter = new Decrypter()
    decrypter.addIdentity(with_)
    return await decrypter.decrypt(sealed)
  }
  expect(plain.equals(await open(identity))).toBe(true)
  await expect(open(other)).rejects.toThrow()
  if (spawnSync('age', ['--version']).status !== 0) {
    console.info('age is not installed here: opened with the library alone')
    return
  }
  const key = join(place(), 'key')
  writeFileSync(key, `${identity}\n`)
  const opened = spawnSync('age', ['-d', '-i', key], { input: sealed, maxBuffer: 1 << 24 })
  expect(opened.stderr.toString()).toBe('')
  expect(plain.equals(opened.stdout)).toBe(true)
})

test('for a passphrase: the line of a file opens it', async () => {
  const file = join(place(), 'passphrase')
  writeFileSync(file, 'deux mots\n')
  const sealed = await wrapped(await encrypterOf({ agePassphraseFile: file }))
  const decrypter = new Decrypter()
  decrypter.addPassphrase('deux mots')
  expect(plain.equals(await decrypter.decrypt(sealed))).toBe(true)
  // Stretching a passphrase takes a second each way, and many on a machine that is busy.
}, 120_000)

test('what is no recipient, no passphrase, or both, is refused', async () => {
  const file = join(place(), 'empty')
  writeFileSync(file, '\n')
  const faults = [{ age: 'age1nonsense' }, { agePassphraseFile: file }, { age: 'a', agePassphraseFile: file }]
  for (const flags of faults) await expect(ageOf(flags, '?')).rejects.toMatchObject({ code: 'usage' })
  expect(await ageOf({}, '?')).toBeUndefined()
})

test('a writer that fails ends the sink', async () => {
  const identity = await generateX25519Identity()
  const encrypter = await encrypterOf({ age: await identityToRecipient(identity) })
  let calls = 0
  const sink = await wrappedSink(encrypter, () => {
    calls += 1
    return calls > 2 ? Promise.reject(new Error('no room')) : Promise.resolve()
  })
  const all = async (): Promise<void> => {
    for (let count = 0; count < 50; count += 1) await sink.write(plain)
    await sink.end()
  }
  await expect(all()).rejects.toThrow('no room')
})
