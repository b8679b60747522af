// A log that an owner closed by saying that the vault goes on at another relay.
import { makeConfig, type LogState } from '@grenier/crypto'
import { expect, it } from 'vitest'
import { outcome, World, type OwnVault } from '../session/scripted-client.vectors.ts'

const here = 'wss://relay.example'
const elsewhere = 'wss://elsewhere.example'

/** An owner with a vault: what it appends or puts back, and what comes of it. */
async function owned() {
  const world = new World()
  const { person, client, vault: first } = await world.owner()
  let vault: OwnVault = first
  const { device } = person
  const give = async (
    type: 'append' | 'put-back',
    made: { entry: { bytes: Uint8Array }; state: LogState },
  ) => {
    const reply = await client.ask({ type, vault: vault.state.vault, entry: made.entry.bytes })
    if (reply.type === 'ok') vault = { ...vault, state: made.state }
    return reply
  }
  return {
    change: () => world.change(vault, device),
    /** An owner's word on where it goes on: from the entry before it; with `fork`, from another branch. */
    says: (relay: string, fork = false) => {
      const { sequence, hash } = vault.state.head
      const epochKeys = new Map([[0, vault.epochKey]])
      const on = { state: vault.state, signer: device, at: world.clock.now(), random: world.random }
      const continuation = { relay, sequence: fork ? sequence + 4 : sequence, hash }
      return makeConfig({ ...on, epochKeys, continuation })
    },
    append: (made: { entry: { bytes: Uint8Array }; state: LogState }) => give('append', made),
    putBack: (made: { entry: { bytes: Uint8Array }; state: LogState }) => give('put-back', made),
  }
}

it('a vault that was taken elsewhere takes no entry behind the one that says so, and says where it is', async () => {
  const { change, says, append } = await owned()
  expect(outcome(await append(says(elsewhere)))).toBe('ok')
  const refused = await append(change())
  expect(refused).toMatchObject({ code: 'vault-moved', data: { relay: elsewhere } })
  expect(outcome(await append(says('wss://further.example')))).toBe('vault-moved')
  // An owner who was told that it is here says so here.
  expect(outcome(await append(says(here)))).toBe('ok')
  expect(outcome(await append(change()))).toBe('ok')
})

it('a vault that comes home is put back behind the entry that led away, and takes entries at once', async () => {
  const { change, says, append, putBack } = await owned()
  await append(says(elsewhere))
  // While a log is put back nothing is appended; but nobody knows more than what brings it here.
  expect(outcome(await putBack(change()))).toBe('ok')
  expect(outcome(await append(change()))).toBe('busy')
  expect(outcome(await putBack(says(here)))).toBe('ok')
  expect(outcome(await append(change()))).toBe('ok')
})

it('a continuation after a fork, one to this very relay, and one to nowhere close nothing', async () => {
  const { change, says, append } = await owned()
  for (const made of [() => says(elsewhere, true), () => says(`${here}#sha256=x`), () => says('no URL')]) {
    expect(outcome(await append(made()))).toBe('ok')
    expect(outcome(await append(change()))).toBe('ok')
  }
})
