// What every FileSystem keeps, on a real disk or in memory. Each case makes its own folder.
import { expect, it } from 'vitest'
import { nameFromBytes, type RelativePath } from '../sync/name.ts'
import type { Stamp } from '../sync/tree.ts'
import { DiskError, type FileSystem } from './file-system.ts'
import { isNear, sameButChange } from './stamp.ts'

/** The user's side of the folder, past the file system under test. */
export interface Hands {
  write(path: string, text: string): void
  read(path: string): string
  makeDirectory(path: string): void
  link(path: string, target: string): void
  exists(path: string): boolean
  setMode(path: string, mode: number): void
}

export interface ContractFolder {
  readonly files: FileSystem
  readonly user: Hands
}

const at = (path: string): RelativePath => path as RelativePath

async function stageText(files: FileSystem, name: string, text: string): Promise<void> {
  const writer = await files.openStaged(name)
  await writer.write(0, new TextEncoder().encode(text))
  await writer.close()
  await files.change({ do: 'finish-staged', name, mode: 0o640, mtimeNs: 1_500_000_000_123_456_000n })
}

async function stampAt(files: FileSystem, path: string): Promise<Stamp> {
  const [look] = await files.look([at(path)])
  if (look === undefined) throw new Error(`nothing at ${path}`)
  return look.stamp
}

async function codeOf(run: Promise<unknown>): Promise<string> {
  return run.then(
    () => 'no error',
    (error: unknown) => (error instanceof DiskError ? error.code : String(error)),
  )
}

/** The suite; `make` gives an empty folder each time. */
export function fileSystemContract(make: () => Promise<ContractFolder> | ContractFolder): void {
  it('lists names, and says undefined where no directory is', async () => {
    const { files, user } = await make()
    user.makeDirectory('d')
    user.write('d/one', '1')
    user.write('d/\u00e9t\u00e9', '2')
    user.link('l', 'd')
    expect([...(await files.list(at('d')))!].sort()).toEqual(['one', '\u00e9t\u00e9'])
    expect([...(await files.list(at('')))!].sort()).toEqual(['d', 'l'])
    expect(await files.list(at('gone'))).toBeUndefined()
    expect(await files.list(at('d/one'))).toBeUndefined()
  })

  it('looks at kinds without following links, the root included', async () => {
    const { files, user } = await make()
    user.makeDirectory('d')
    user.write('f', 'hello')
    user.link('l', 'f')
    const looks = await files.look([at('d'), at('f'), at('l'), at('none'), at('f/below'), at('')])
    expect(looks.map((look) => look?.kind)).toEqual([
      'directory',
      'file',
      'link',
      undefined,
      undefined,
      'directory',
    ])
    expect(looks[1]?.stamp.sizeBytes).toBe(5)
  })

  it('never goes through a link in the middle of a path', async () => {
    const { files, user } = await make()
    user.makeDirectory('d')
    user.write('d/f', 'secret')
    user.link('l', 'd')
    await stageText(files, 's', 'x')
    expect(await files.list(at('l'))).toBeUndefined()
    expect(await files.look([at('l/f')])).toEqual([undefined])
    expect(['ELOOP', 'ENOTDIR']).toContain(await codeOf(files.openForReading(at('l/f'))))
    expect(['ELOOP', 'ENOTDIR']).toContain(
      await codeOf(files.change({ do: 'place', name: 's', path: at('l/new'), replace: false })),
    )
    expect(['ELOOP', 'ENOTDIR']).toContain(await codeOf(files.change({ do: 'remove-file', path: at('l/f') })))
    expect(['ELOOP', 'ENOTDIR']).toContain(
      await codeOf(files.change({ do: 'make-directory', path: at('l/sub'), mode: 0o755 })),
    )
    expect(user.read('d/f')).toBe('secret')
    expect(user.exists('d/new')).toBe(false)
  })

  it('opens files alone for reading, not links and not directories', async () => {
    const { files, user } = await make()
    user.makeDirectory('d')
    user.write('f', 'text')
    user.link('l', 'f')
    expect(await codeOf(files.openForReading(at('l')))).toBe('ELOOP')
    expect(await codeOf(files.openForReading(at('d')))).toBe('EINVAL')
    expect(await codeOf(files.openForReading(at('none')))).toBe('ENOENT')
  })

  it('reads by offset, short at the end only, and sees a change while it is open', async () => {
    const { files, user } = await make()
    user.write('f', 'abcdefgh')
    const reader = await files.openForReading(at('f'))
    expect(Buffer.from(await reader.read(0, 3)).toString()).toBe('abc')
    expect(Buffer.from(await reader.read(6, 100)).toString()).toBe('gh')
    expect(await reader.read(8, 100)).toHaveLength(0)
    expect(await reader.stampNow()).toEqual(reader.stamp)
    user.write('f', 'abcdefghij')
    expect((await reader.stampNow()).sizeBytes).toBe(10)
    expect(Buffer.from(await reader.read(6, 100)).toString()).toBe('ghij')
    await reader.close()
  })

  it('reads files in bulk that are as they were seen, and says of no other what it holds', async () => {
    const { files, user } = await make()
    const names = ['a', 'empty', 'changed', 'gone', 'now-link', 'now-directory', 'b']
    for (const name of names) user.write(name, name === 'empty' ? '' : `what ${name} holds`)
    const looks = await files.look(names.map(at))
    const wanted = names.map((name, index) => ({ path: at(name), stamp: looks[index]!.stamp }))
    user.write('changed', 'WHAT changed holds')
    for (const name of ['gone', 'now-link', 'now-directory'])
      await files.change({ do: 'remove-file', path: at(name) })
    user.link('now-link', 'a')
    user.makeDirectory('now-directory')
    const shown = (await files.readWhole(wanted)).map((bytes) => bytes && Buffer.from(bytes).toString())
    const none = undefined
    expect(shown).toEqual(['what a holds', '', none, none, none, none, 'what b holds'])
    const unsettled = wanted.map((file) => ({ ...file, stamp: { ...file.stamp, ctimeNs: 0n } }))
    expect(await files.readWhole(unsettled)).toEqual(names.map(() => undefined))
  })

  it('reads link targets as bytes', async () => {
    const { files, user } = await make()
    user.link('l', '../\u00e9/nowhere')
    expect(Buffer.from(await files.readLink(at('l'))).toString()).toBe('../\u00e9/nowhere')
  })

  it('writes staged files at any offset and places them with bits and time', async () => {
    const { files, user } = await make()
    const writer = await files.openStaged('s')
    await writer.write(3, new TextEncoder().encode('def'))
    await writer.write(0, new TextEncoder().encode('abc'))
    await writer.close()
    await files.change({ do: 'finish-staged', name: 's', mode: 0o640, mtimeNs: 1_500_000_000_123_456_789n })
    await files.flush([])
    await files.change({ do: 'place', name: 's', path: at('f'), replace: false })
    await files.flush([at('')])
    expect(user.read('f')).toBe('abcdef')
    const stamp = await stampAt(files, 'f')
    expect(stamp.mode).toBe(0o640)
    const { timeStepNs } = await files.traits()
    const off = stamp.mtimeNs - 1_500_000_000_123_456_789n
    expect(off < timeStepNs && -off < timeStepNs).toBe(true)
  })

  it('makes small files in bulk, says what they are, and takes none of what lay there before', async () => {
    const { files, user } = await make()
    await stageText(files, 'old', 'old')
    await files.change({ do: 'place', name: 'old', path: at('f'), replace: false })
    await stageText(files, 'again', 'what a crash left here')
    const texts = { one: 'one', empty: '', again: 'new' }
    const mtimeNs = 1_500_000_000_123_456_789n
    const made = await files.stageWhole(
      Object.entries(texts).map(([name, text]) => ({
        name,
        bytes: new TextEncoder().encode(text),
        bits: { mode: name === 'empty' ? 0o666 : 0o440, mtimeNs },
      })),
    )
    await files.flush([])
    const places = Object.keys(texts).map((name) => ({ name, path: at(`new ${name}`) }))
    expect(await files.placeNew(places)).toEqual([undefined, undefined, undefined])
    await files.flush([at('')])
    const { timeStepNs } = await files.traits()
    for (const [index, [name, text]] of Object.entries(texts).entries()) {
      const stamp = made[index] as Stamp
      expect(user.read(`new ${name}`)).toBe(text)
      expect(sameButChange(stamp, await stampAt(files, `new ${name}`))).toBe(true)
      expect([stamp.mode, stamp.sizeBytes]).toEqual([name === 'empty' ? 0o666 : 0o440, text.length])
      expect(isNear(stamp.mtimeNs, mtimeNs, timeStepNs)).toBe(true)
    }
    expect(user.read('f')).toBe('old')
  })

  it('places new files in bulk, each only where nothing is', async () => {
    const { files, user } = await make()
    user.write('taken', 'of the user')
    user.makeDirectory('directory')
    user.link('link', 'nowhere')
    const names = ['first', 'taken', 'directory', 'link', 'missing', 'no/parent', 'last']
    for (const name of names) if (name !== 'missing') await stageText(files, name.replace('/', '-'), name)
    const refused = await files.placeNew(
      names.map((name) => ({ name: name.replace('/', '-'), path: at(name) })),
    )
    const codes = ['EEXIST', 'EEXIST', 'EEXIST', 'ENOENT', 'ENOENT']
    expect(refused.map((error) => error?.code)).toEqual([undefined, ...codes, undefined])
    for (const name of ['first', 'last']) expect(user.read(name)).toBe(name)
    expect(user.read('taken')).toBe('of the user')
    expect(user.exists('.grenier/staging/first')).toBe(false)
    expect(user.exists('.grenier/staging/taken')).toBe(true)
  })

  it('finishes a staged file as it closes it, and says what it is then', async () => {
    const { files } = await make()
    const writer = await files.openStaged('s')
    await writer.write(0, new Uint8Array(200_000))
    const stamp = await writer.finish({ mode: 0o440, mtimeNs: 1_500_000_000_123_456_789n })
    await files.flush([])
    await files.change({ do: 'place', name: 's', path: at('f'), replace: false })
    await files.flush([at('')])
    expect(sameButChange(stamp, await stampAt(files, 'f'))).toBe(true)
    expect([stamp.mode, stamp.sizeBytes]).toEqual([0o440, 200_000])
    const { timeStepNs } = await files.traits()
    expect(isNear(stamp.mtimeNs, 1_500_000_000_123_456_789n, timeStepNs)).toBe(true)
    await writer.close()
  })

  it('writes on what was staged under another name, from where it is cut', async () => {
    const { files, user } = await make()
    const first = await files.openStaged('ahead-1')
    await first.write(0, new TextEncoder().encode('abcdefgh'))
    await first.close()
    const writer = await files.resumeStaged('put-1', { name: 'ahead-1', lengthMax: 4 })
    await writer.write(6, new TextEncoder().encode('gh'))
    await writer.write(4, new TextEncoder().encode('EF'))
    await writer.close()
    await files.flush([])
    expect(user.exists('.grenier/staging/ahead-1')).toBe(false)
    await files.change({ do: 'place', name: 'put-1', path: at('f'), replace: false })
    await files.flush([at('')])
    expect(user.read('f')).toBe('abcdEFgh')
    expect(await codeOf(files.resumeStaged('put-2', { name: 'ahead-1', lengthMax: 4 }))).toBe('ENOENT')
  })

  it('writes zeros over what stood there when a staged file is written on', async () => {
    const { files, user } = await make()
    const first = await files.openStaged('ahead-1')
    await first.write(0, new Uint8Array(300_000).fill(120))
    await first.close()
    const writer = await files.resumeStaged('put-1', { name: 'ahead-1', lengthMax: 200_000 })
    await writer.write(65_536, new Uint8Array(300_000))
    await writer.close()
    await files.change({ do: 'place', name: 'put-1', path: at('f'), replace: false })
    expect(user.read('f') === 'x'.repeat(65_536) + '\0'.repeat(300_000)).toBe(true)
  })

  it('keeps times before 1970', async () => {
    const { files } = await make()
    await stageText(files, 's', 'old')
    await files.change({ do: 'finish-staged', name: 's', mode: 0o600, mtimeNs: -1_500_000_000n })
    await files.change({ do: 'place', name: 's', path: at('f'), replace: false })
    expect((await stampAt(files, 'f')).mtimeNs).toBe(-1_500_000_000n)
  })

  it('refuses to place over anything unless told to replace', async () => {
    const { files, user } = await make()
    user.write('f', 'old')
    await stageText(files, 's', 'new')
    expect(await codeOf(files.change({ do: 'place', name: 's', path: at('f'), replace: false }))).toBe(
      'EEXIST',
    )
    expect(user.read('f')).toBe('old')
    await files.change({
      do: 'place',
      name: 's',
      path: at('f'),
      replace: true,
      expect: await stampAt(files, 'f'),
    })
    expect(user.read('f')).toBe('new')
  })

  it('does nothing when the target is not what was expected', async () => {
    const { files, user } = await make()
    user.write('f', 'old')
    const seen = await stampAt(files, 'f')
    user.write('f', 'edited since')
    await stageText(files, 's', 'new')
    const expectation = { path: at('f'), expect: seen }
    expect(await codeOf(files.change({ do: 'place', name: 's', replace: true, ...expectation }))).toBe(
      'ECHANGED',
    )
    expect(await codeOf(files.change({ do: 'remove-file', ...expectation }))).toBe('ECHANGED')
    expect(await codeOf(files.change({ do: 'set-bits', mode: 0o600, mtimeNs: 0n, ...expectation }))).toBe(
      'ECHANGED',
    )
    expect(await codeOf(files.change({ do: 'move', from: at('f'), to: at('g'), expect: seen }))).toBe(
      'ECHANGED',
    )
    expect(user.read('f')).toBe('edited since')
  })

  it('stages a fresh file each time, never the one that stands in the folder', async () => {
    const { files, user } = await make()
    await stageText(files, 's', 'first')
    await files.change({ do: 'place', name: 's', path: at('f'), replace: false })
    await stageText(files, 's', 'second')
    expect(user.read('f')).toBe('first')
  })

  it('moves files, links and directories, and never replaces', async () => {
    const { files, user } = await make()
    user.makeDirectory('d')
    user.write('d/f', 'one')
    user.makeDirectory('empty')
    user.write('g', 'two')
    user.link('l', 'target')
    expect(await codeOf(files.change({ do: 'move', from: at('g'), to: at('d/f') }))).toBe('EEXIST')
    expect(await codeOf(files.change({ do: 'move', from: at('d'), to: at('empty') }))).toBe('EEXIST')
    expect(await codeOf(files.change({ do: 'move', from: at('g'), to: at('l') }))).toBe('EEXIST')
    const before = await stampAt(files, 'g')
    await files.change({ do: 'move', from: at('g'), to: at('d/g'), expect: before })
    await files.change({ do: 'move', from: at('l'), to: at('d/l') })
    await files.change({ do: 'move', from: at('d'), to: at('e') })
    expect(user.read('e/g')).toBe('two')
    expect((await stampAt(files, 'e/g')).ino).toBe(before.ino)
    expect(Buffer.from(await files.readLink(at('e/l'))).toString()).toBe('target')
    expect(user.exists('d')).toBe(false)
  })

  it('places links, dangling ones too', async () => {
    const { files } = await make()
    const target = new TextEncoder().encode('no/where')
    await files.change({ do: 'stage-link', name: 's', target, mtimeNs: 1_400_000_000_000_000_000n })
    await files.change({ do: 'place', name: 's', path: at('l'), replace: false })
    expect(Buffer.from(await files.readLink(at('l'))).toString()).toBe('no/where')
    expect((await stampAt(files, 'l')).mtimeNs).toBe(1_400_000_000_000_000_000n)
  })

  it('makes directories with exact bits, and removes empty ones alone', async () => {
    const { files, user } = await make()
    const made = await files.change({ do: 'make-directory', path: at('d'), mode: 0o777 })
    expect((await stampAt(files, 'd')).mode).toBe(0o777)
    expect(made).toEqual(await stampAt(files, 'd'))
    expect(await codeOf(files.change({ do: 'make-directory', path: at('d'), mode: 0o777 }))).toBe('EEXIST')
    user.write('d/f', 'x')
    expect(await codeOf(files.change({ do: 'remove-directory', path: at('d') }))).toBe('ENOTEMPTY')
    await files.change({ do: 'remove-file', path: at('d/f') })
    await files.change({ do: 'remove-directory', path: at('d') })
    expect(user.exists('d')).toBe(false)
    expect(await codeOf(files.change({ do: 'remove-directory', path: at('d') }))).toBe('ENOENT')
  })

  it('refuses bits on a link', async () => {
    const { files, user } = await make()
    user.write('f', 'x')
    user.setMode('f', 0o644)
    user.link('l', 'f')
    expect(await codeOf(files.change({ do: 'set-mode', path: at('l'), mode: 0o600 }))).toBe('ELOOP')
    expect((await stampAt(files, 'f')).mode).toBe(0o644)
  })

  it('holds names that are not UTF-8, and names of 255 bytes', async () => {
    const { files } = await make()
    const raw = nameFromBytes(Uint8Array.of(0x61, 0xff, 0xfe, 0x62))!
    const long = '\u00e9'.repeat(127) + 'x'
    for (const name of [raw, long]) {
      await stageText(files, 's', name)
      await files.change({ do: 'place', name: 's', path: at(name), replace: false })
    }
    const names = (await files.list(at('')))!.filter((name) => name !== '.grenier')
    expect([...names].sort()).toEqual([raw, long].sort())
    expect((await files.look([at(raw)]))[0]?.kind).toBe('file')
    await stageText(files, 's', 'x')
    expect(
      await codeOf(files.change({ do: 'place', name: 's', path: at('y'.repeat(256)), replace: false })),
    ).toBe('ENAMETOOLONG')
  })

  it('drops staged files, also ones that are not there', async () => {
    const { files } = await make()
    await stageText(files, 's', 'x')
    await files.change({ do: 'drop-staged', name: 's' })
    await files.change({ do: 'drop-staged', name: 's' })
    expect(await files.list(at('.grenier/staging'))).toEqual([])
    expect(await codeOf(files.change({ do: 'place', name: 's', path: at('f'), replace: false }))).toBe(
      'ENOENT',
    )
  })

  it('flushes what is gone, and many things at once, without complaint', async () => {
    const { files, user } = await make()
    for (let index = 0; index < 80; index += 1) {
      await stageText(files, `s${index}`, String(index))
      await files.change({ do: 'place', name: `s${index}`, path: at(`f${index}`), replace: false })
    }
    await files.change({ do: 'remove-file', path: at('f0') })
    await files.flush([at(''), at('never')])
    expect(user.read('f79')).toBe('79')
  })

  it('says what it cannot tell apart', async () => {
    const { files } = await make()
    const traits = await files.traits()
    expect(traits.nameBytesMax).toBe(255)
    expect(traits.timeStepNs > 0n).toBe(true)
  })
}
