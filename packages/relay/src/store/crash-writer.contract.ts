// The process that crash.test.ts kills: it appends entries and puts packs as fast as it can, and says on standard output what was
// acknowledged, at the moment it was. Arguments: the folder, and a name that no other round had.
import { writeSync } from 'node:fs'
import { systemRandom, toHex } from '@grenier/crypto/verify'
import { anna, append, pack, roomy, start, vault, type SamplePack } from './store-samples.contract.ts'
import { openStores } from './stores-embedded.ts'

const [folder = '', round = ''] = process.argv.slice(2)
const stores = await openStores({ folder, random: systemRandom, now: start })
const claims: SamplePack[] = []

// Written at once and not through a stream: what was said was acknowledged, even if the next instruction never runs.
const say = (line: string): void => void writeSync(1, `${line} .\n`)

async function putPacks(lane: number): Promise<never> {
  for (let at = 0; ; at++) {
    const one = pack(`${round} ${lane} ${at}`, at % 2 === 0 ? 4096 : 70_000)
    const arrival = { vault: vault('v'), pack: one.id, sizeBytes: one.sizeBytes }
    await stores.ledger.reserve({ ...arrival, chargedTo: anna, quota: roomy, now: start })
    const upload = await stores.packs.begin(arrival)
    for (let from = 0; from < one.sizeBytes; from += 16_384)
      await upload.write(one.bytes.subarray(from, from + 16_384))
    await upload.finish()
    await stores.ledger.pend(arrival, start)
    say(`pack ${toHex(one.id)} ${one.sizeBytes}`)
    if (at % 4 === 3) claims.push(one)
  }
}

async function appendEntries(): Promise<never> {
  const record = await stores.logs.vault(vault('v'))
  for (let sequence = record === undefined ? 0 : record.head.sequence + 1; ; sequence++) {
    const added = claims.splice(0)
    const { result } = await stores.logs.append(append('v', sequence, { added }))
    if (result !== 'appended') throw new Error(result)
    say(`entry ${sequence} ${added.map(({ id }) => toHex(id)).join(',')}`)
  }
}

say('ready')
await Promise.all([appendEntries(), putPacks(0), putPacks(1), putPacks(2)])
