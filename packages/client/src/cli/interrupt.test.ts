import { afterEach, describe, expect, test, vi } from 'vitest'
import { Interrupt } from './interrupt.ts'

afterEach(() => vi.restoreAllMocks())

function listening(): {
  interrupt: Interrupt
  asked: () => number
  exits: unknown[]
  at: (ms: number) => void
} {
  let [count, nowMs] = [0, 0]
  const exits: unknown[] = []
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs)
  vi.spyOn(process, 'exit').mockImplementation((code) => {
    exits.push(code)
    throw new Error('exit')
  })
  const interrupt = new Interrupt(() => (count += 1))
  interrupt.listen()
  return { interrupt, asked: () => count, exits, at: (ms) => (nowMs = ms) }
}

describe('an interrupt', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s asks for a clean stop and gives exit code %i', (signal, exitCode) => {
    const { interrupt, asked, exits } = listening()
    process.emit(signal, signal)
    expect(interrupt.signal.aborted).toBe(true)
    expect(interrupt.exitCode).toBe(exitCode)
    expect(asked()).toBe(1)
    expect(exits).toEqual([])
    interrupt.dispose()
  })

  test('that comes again ends at once, unless it is the same one twice', () => {
    const { interrupt, asked, exits, at } = listening()
    process.emit('SIGINT', 'SIGINT')
    at(20)
    process.emit('SIGINT', 'SIGINT')
    expect(exits).toEqual([])
    at(2000)
    expect(() => process.emit('SIGINT', 'SIGINT')).toThrow('exit')
    expect(exits).toEqual([130])
    expect(asked()).toBe(1)
    interrupt.dispose()
  })
})
