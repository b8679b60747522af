// Kills a process that writes, again and again on the same folder: what it acknowledged is there, what it did not is whole or absent.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { packIdOf, systemRandom, toHex } from '@grenier/crypto/verify'
import { expect, it, onTestFinished } from 'vitest'
import { all, anna, entryBytes, start, vault, read } from './store-samples.contract.ts'
import { openStores } from './stores-embedded.ts'

const writer = fileURLToPath(new URL('crash-writer.contract.ts', import.meta.url))

/** Runs the writer until it has acknowledged `linesMax` times, kills it, and gives all that it said. */
async function runUntilKilled(folder: string, round: number, linesMax: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--conditions=source', writer, folder, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  // A line that the kill cut in two does not count: a whole one ends in a full stop.
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.endsWith(' .')) lines.push(line)
    if (lines.length === linesMax) child.kill('SIGKILL')
  }
  return lines
}

it('keeps all that was acknowledged, and shows nothing half-written, when it is killed at any moment', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'grenier-crash-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const entries = new Set<number>()
  const packs = new Map<string, number>()
  const claimed = new Set<string>()
  for (const [round, linesMax] of [40, 1, 90, 7, 150].entries()) {
    for (const line of await runUntilKilled(folder, round, linesMax)) count(line)
    await check()
  }
  expect(entries.size).toBeGreaterThan(20)
  expect(packs.size).toBeGreaterThan(20)

  function count(line: string): void {
    const [what, name = '', more = ''] = line.split(' ')
    if (what === 'pack') packs.set(name, Number(more))
    if (what !== 'entry') return
    entries.add(Number(name))
    for (const id of more.split(',')) if (id !== '') claimed.add(id)
  }

  async function check(): Promise<void> {
    const stores = await openStores({ folder, random: systemRandom, now: start })
    expect(readdirSync(join(folder, 'incoming'))).toEqual([])

    // The log: without a gap up to its head, byte by byte, and not shorter than acknowledged.
    const head = (await stores.logs.vault(vault('v')))?.head.sequence ?? -1
    const log = await stores.logs.entries(vault('v'), 0, 2 ** 40)
    expect(log.map(({ sequence }) => sequence)).toEqual(Array.from({ length: head + 1 }, (_, at) => at))
    for (const entry of log)
      expect(entry).toEqual({ sequence: entry.sequence, bytes: entryBytes('v', entry.sequence) })
    for (const sequence of entries) expect(sequence).toBeLessThanOrEqual(head)

    // Packs: every row that says so has its bytes, every stored one has its row, each acknowledged one is there.
    const rows = await all(stores.ledger.list())
    const sums = { pending: 0, claimed: 0 }
    for (const { pack, row } of rows) {
      expect(['pending', 'claimed']).toContain(row.state)
      sums[row.state === 'pending' ? 'pending' : 'claimed'] += row.sizeBytes
      const place = { vault: vault('v'), pack }
      const bytes = await read(stores.packs, place, { offset: 0, length: row.sizeBytes })
      expect(toHex(packIdOf(bytes))).toBe(toHex(pack))
    }
    const states = new Map(rows.map(({ pack, row }) => [toHex(pack), row]))
    for (const [id, sizeBytes] of packs) expect(states.get(id)?.sizeBytes).toBe(sizeBytes)
    for (const id of claimed) expect(states.get(id)?.state).toBe('claimed')
    const files = (await all(stores.packs.list())).map(({ pack }) => toHex(pack))
    const large = rows.filter(({ row }) => row.sizeBytes > 65_536).map(({ pack }) => toHex(pack))
    expect(files.filter((id) => !states.has(id))).toEqual([])
    expect(files).toEqual(expect.arrayContaining(large))

    // Charges are those of the rows.
    const usage = await stores.ledger.usage(anna)
    expect(usage).toMatchObject({ pendingBytes: sums.pending, liveBytes: sums.claimed, keptBytes: 0 })
    expect(usage.entries).toBe(log.length)
    await stores.close()
  }
})
