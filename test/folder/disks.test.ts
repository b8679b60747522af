// One vault on real file systems that differ: one that keeps whole seconds and ends in 2038, one that takes Makefile and makefile for one.
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Ground, timesOf, treeOf, type Device } from './devices.ts'
import { cannotMake, makeImage, Mounts } from './mounts.ts'

const ground = new Ground()
const mounts = new Mounts()
afterAll(async () => {
  mounts.end()
  await ground.end()
})

type Make = readonly [string, ...string[]]

/** A folder on a file system of its own. */
function made(command: Make): string {
  const [at, image] = [ground.directory('disk'), ground.directory('image')]
  makeImage(join(image, 'image'), command)
  mounts.image(at, join(image, 'image'))
  const folder = join(at, 'folder')
  fs.mkdirSync(folder)
  return folder
}

/** Times as a file system with small inodes keeps them: whole seconds, of 32 bits. */
const seconds: Make = ['mkfs.ext4', '-q', '-F', '-I', '128']

/** What takes names for one here, the first that can be made. */
const folding: readonly Make[] = [
  ['mkfs.ext4', '-q', '-F', '-O', 'casefold', '-E', 'encoding=utf8'],
  ['mkfs.vfat'],
]

function changesOf({ events }: Awaited<ReturnType<Device['sync']>>): number {
  return events.filter(({ event }) => event === 'change').length
}

test('a disk of whole seconds gives back no edits, and the log keeps the exact time', async ({ skip }) => {
  const cannot = cannotMake(seconds)
  if (cannot !== undefined) skip(`a disk of whole seconds: ${cannot}`)
  const [a, b] = await ground.pair({}, { folder: made(seconds) })
  for (const [at, time] of ['1700000000.123456789', '-1.5', '9000000000.5'].entries()) {
    a.write(`f${at}`, `${at}`)
    expect(spawnSync('touch', ['-d', `@${time}`, a.at(`f${at}`)]).status).toBe(0)
  }
  const times = timesOf(a.folder)
  await a.sync()
  await b.sync()
  expect(treeOf(b.folder)).toEqual(treeOf(a.folder))
  expect([changesOf(await b.sync()), changesOf(await a.sync())]).toEqual([0, 0])
  expect(timesOf(a.folder)).toEqual(times)
  b.write('f0', 'edited there')
  await b.sync()
  await a.sync()
  expect([a.read('f0'), changesOf(await b.sync())]).toEqual(['edited there', 0])
})

test('on a disk that takes names for one, the first comes and the other is a problem; a rename of case alone goes both ways', async ({
  skip,
}) => {
  const command = folding.find((one) => cannotMake(one) === undefined)
  if (command === undefined) {
    skip(`a disk that folds case: ${folding.map((one) => cannotMake(one)).join('; ')}`)
    return
  }
  const [a, b] = await ground.pair({}, { folder: made(command) })
  a.write('Makefile', 'first')
  await a.sync()
  a.write('makefile', 'second')
  a.write('docs/readme', 'x')
  await a.sync()
  const { problems } = await b.sync()
  expect(problems).toEqual(['name-collision makefile'])
  expect([b.read('Makefile'), b.names()]).toEqual(['first', ['Makefile', 'docs']])
  fs.renameSync(a.at('docs/readme'), a.at('docs/README'))
  await a.sync()
  await b.sync()
  expect(b.names('docs')).toEqual(['README'])
  fs.renameSync(b.at('docs'), b.at('Docs'))
  await b.sync()
  await a.sync()
  expect(a.names()).toEqual(['Docs', 'Makefile', 'makefile'])
})
