// Canaries: secrets placed wherever a user may put one are found nowhere at the relay: not in its data folder, its logs, what it tells its
// hoster, or on the wire. The search proves itself on what was planted there.
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeDevice, entropyOf } from '@grenier/crypto'
import { expect, onTestFinished, test } from 'vitest'
import { filesAsHaystacks, findCanaries, textCanary, type Canary, type Haystack } from './canary-search.ts'
import { isSynced, lineOf, Stage, untilHolds, wordsIn, type Device } from './commands.ts'
import { RelayStore } from './relay-store.ts'
import { looksEqual } from './trees.ts'
import { WireTap } from './wire-tap.ts'

const random = (what: string): string => `${what}-${randomBytes(12).toString('hex')}`

/** Texts of which none may be seen; each is used once. */
class Canaries {
  readonly all: Canary[] = []

  text(what: string): string {
    const text = random('canary')
    this.all.push(textCanary(what, text))
    return text
  }
}

function place(folder: string, canaries: Canaries): void {
  const secretFolder = join(folder, canaries.text('folder name'))
  mkdirSync(join(secretFolder, canaries.text('folder name, empty')), { recursive: true })
  writeFileSync(join(secretFolder, canaries.text('file name')), canaries.text('content of a small file'))
  const many = canaries.text('content that repeats')
  writeFileSync(join(folder, 'compressible'), `${many}\n`.repeat(20_000))
  const large = canaries.text('content of a large file')
  writeFileSync(
    join(folder, 'large'),
    Buffer.concat([randomBytes(5 << 20), Buffer.from(large), randomBytes(5 << 20)]),
  )
  symlinkSync(`/home/${canaries.text('link target')}`, join(folder, canaries.text('link name')))
  const ignored = canaries.text('ignored name')
  writeFileSync(
    join(folder, '.grenierignore'),
    `# ${canaries.text('remark in the ignore file')}\n${ignored}\n`,
  )
  writeFileSync(join(folder, ignored), canaries.text('content of an ignored file'))
}

/** What must never leave a device at all: its secret keys. */
function keysOf(device: Device): Canary[] {
  const { sign, kem } = decodeDevice(new Uint8Array(readFileSync(join(device.home, 'device.key'))))
  return [
    { what: `${device.name}'s signing key`, bytes: sign.secretKey.subarray(0, 32) },
    { what: `${device.name}'s KEM key`, bytes: kem.secretKey },
  ]
}

/** The relay's data folder while it does not run: files as they are, and rows, which the database compresses. */
async function dataOf(folder: string): Promise<Haystack[]> {
  const rows = await RelayStore.with(folder, (store) => store.rows())
  const asHaystacks = rows.flatMap(([key, value]) => [
    { where: `key ${key}`, bytes: Buffer.from(key) },
    { where: `row ${key}`, bytes: Buffer.from(value) },
  ])
  return [...filesAsHaystacks(folder), ...asHaystacks]
}

test('nothing that a user wrote is readable at the relay or on the wire', async () => {
  const stage = Stage.forTest()
  const canaries = new Canaries()
  const relay = await stage.relay()
  const tap = await WireTap.open(relay.port, { keepsBytes: true })
  onTestFinished(() => tap.close())
  const url = await relay.start({ publicUrl: tap.url })
  expect(url).toBe(tap.url)
  const here = stage.newFolder(canaries.text('name of the folder here'))
  const there = stage.path(canaries.text('name of the folder there'))
  place(here, canaries)
  const alpha = stage.device('alpha')
  const beta = stage.device('beta')
  const words = wordsIn(await alpha.setup(url, canaries.text('device name')))
  await alpha.done('add', here, '--name', canaries.text('vault name'))
  const code = await alpha.invite(here)
  await beta.done('join', code, there, '--device-name', canaries.text('name of the joined device'))

  const syncs = [alpha.start('sync'), beta.start('sync')]
  const equal = (): boolean => syncs.every(isSynced) && looksEqual(here, there)
  await untilHolds(syncs, () => syncs.every(isSynced))
  for (const folder of [here, there])
    writeFileSync(join(folder, canaries.text('new name')), canaries.text('new content'))
  renameSync(join(here, 'large'), join(here, canaries.text('renamed to')))
  rmSync(join(there, 'compressible'))
  writeFileSync(join(there, '.grenierignore'), `# ${canaries.text('changed ignore file')}\n*\n!*\n`)
  await untilHolds(syncs, () => equal())
  for (const sync of syncs) await sync.stop()
  const listed = await stage.start('grenier-relay', ['account', 'list', '--data', relay.data, '--json']).ended
  expect(listed.exitCode).toBe(0)
  await relay.stop()

  const { identity, device } = lineOf((await stage.started('setup')).lines, 'setup')
  canaries.all.push(
    textCanary('the words', words),
    { what: 'the entropy of the words', bytes: entropyOf(words) },
    textCanary('the secret of the code', code.slice(code.indexOf('#') + 1)),
    { what: 'the secret of the code', bytes: Buffer.from(code.slice(code.indexOf('=') + 1), 'base64url') },
    ...keysOf(alpha),
    ...keysOf(beta),
  )
  const wire = tap.captured.map((bytes, at) => ({ where: `wire ${at}`, bytes }))
  const log = { where: 'the log', bytes: Buffer.from(relay.log) }
  const told = { where: 'account list', bytes: Buffer.from(JSON.stringify(listed.lines)) }
  const seen = [...(await dataOf(relay.data)), log, told, ...wire]
  expect(findCanaries(canaries.all, seen)).toEqual([])
  expect(canaries.all.length).toBeGreaterThan(20)

  // The search itself: it finds what the relay does know, where that is; and what is planted, in each form.
  const known = [
    { what: 'identity', bytes: Buffer.from(String(identity), 'hex') },
    { what: 'device', bytes: Buffer.from(String(device), 'hex') },
  ]
  for (const canary of known) {
    const found = findCanaries([canary], seen).join('\n')
    expect(found).toMatch(/raw\) in wire/)
    expect(found).toMatch(/in (row|key) /)
  }
  expect(findCanaries(known.slice(0, 1), [told])).not.toEqual([])
  expect(await plantAndFind(relay.data)).toEqual([])
})

/** Plants a control in each form, in files and in rows. Gives the forms that were not found. */
async function plantAndFind(folder: string): Promise<string[]> {
  const missed: string[] = []
  const forms: Record<string, (bytes: Buffer) => Buffer> = {
    raw: (bytes) => bytes,
    'UTF-16LE': (bytes) => Buffer.from(bytes.toString(), 'utf16le'),
    'UTF-16BE': (bytes) => Buffer.from(bytes.toString(), 'utf16le').swap16(),
    hex: (bytes) => Buffer.from(bytes.toString('hex')),
    base64: (bytes) =>
      Buffer.from(Buffer.concat([Buffer.from('x'), bytes, Buffer.from('yz')]).toString('base64')),
    base64url: (bytes) => Buffer.from(Buffer.concat([Buffer.from('xy'), bytes]).toString('base64url')),
  }
  for (const [form, encoded] of Object.entries(forms)) {
    const control = random('control')
    const planted = Buffer.concat([randomBytes(1000), encoded(Buffer.from(control)), randomBytes(1000)])
    const file = join(folder, 'packs', `planted-${form}`)
    writeFileSync(file, planted)
    await RelayStore.with(folder, (store) => store.put(`small/planted-${form}`, planted))
    const found = findCanaries([textCanary('control', control)], await dataOf(folder)).join('\n')
    if (!found.includes(`in ${file}`)) missed.push(`${form} in a file`)
    if (!found.includes(`row small/planted-${form}`)) missed.push(`${form} in a row`)
  }
  return missed
}
