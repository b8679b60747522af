// The clock that was seen last: whole or not at all, and there after a crash.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import * as flushing from '../store/flush-group.ts'
import { ClockRecordFile } from './clock-record-file.ts'

vi.mock(import('../store/flush-group.ts'), { spy: true })

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'grenier-clock-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

it('gives back what was saved last, and nothing where nothing was', async () => {
  const folder = newFolder()
  const file = new ClockRecordFile(folder)
  expect(await file.load()).toBeUndefined()
  await file.save({ seenMs: 1, held: false })
  await file.save({ seenMs: 2, held: true })
  expect(await new ClockRecordFile(folder).load()).toEqual({ seenMs: 2, held: true })
})

it('is durable once it is saved: its folder is flushed as well', async () => {
  const folder = newFolder()
  await new ClockRecordFile(folder).save({ seenMs: 1, held: true })
  expect(vi.mocked(flushing.flushDirectory)).toHaveBeenCalledWith(folder)
})

it('is refused when it does not decode', async () => {
  const folder = newFolder()
  writeFileSync(join(folder, 'clock.json'), '{')
  await expect(new ClockRecordFile(folder).load()).rejects.toMatchObject({ code: 'data-broken' })
})
