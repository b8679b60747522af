// States kept in memory: read once, rebuilt from the log where what is stored does not decode.
import { describe, expect, it } from 'vitest'
import { World } from '../session/scripted-client.vectors.ts'
import type { LogStore } from '../store/log-store.ts'
import { LiveVaults } from './live-vaults.ts'

async function grownVault() {
  const world = new World()
  const { person, client, vault } = await world.owner()
  for (let turn = 0; turn < 3; turn++) {
    const next = world.change(vault, person.device)
    await client.ask({ type: 'append', vault: vault.state.vault, entry: next.entry.bytes })
    vault.state = next.state
  }
  return { logs: world.stores.logs, state: vault.state }
}

/** The store, counting reads of vaults, with `change` made to what it gives. */
function counting(logs: LogStore, change: (state: Uint8Array) => Uint8Array = (state) => state) {
  const counts = { reads: 0 }
  const counted: LogStore = {
    incarnation: logs.incarnation,
    entries: (...args) => logs.entries(...args),
    append: (append) => logs.append(append),
    vaultsOf: (key) => logs.vaultsOf(key),
    watch: (listener) => logs.watch(listener),
    retire: (...args) => logs.retire(...args),
    async vault(vault) {
      counts.reads++
      const record = await logs.vault(vault)
      return record && { ...record, state: change(record.state) }
    },
  }
  return { counts, vaults: new LiveVaults(counted) }
}

describe('live vaults', () => {
  it('stand where the log stands, also after entries that stored no state', async () => {
    const { logs, state } = await grownVault()
    const { vaults } = counting(logs)
    expect((await vaults.find(state.vault))?.state).toEqual(state)
  })

  it('are rebuilt from the log when their stored state is of another version', async () => {
    const { logs, state } = await grownVault()
    const { vaults } = counting(logs, () => new Uint8Array([0xff]))
    expect((await vaults.find(state.vault))?.state).toEqual(state)
  })

  it('are read once, by however many at the same time, until they are forgotten', async () => {
    const { logs, state } = await grownVault()
    const { vaults, counts } = counting(logs)
    await Promise.all([vaults.find(state.vault), vaults.find(state.vault)])
    await vaults.find(state.vault)
    expect(counts.reads).toBe(1)
    vaults.forget(state.vault)
    await vaults.find(state.vault)
    expect(counts.reads).toBe(2)
  })

  it('do not go back when an append ends while they are read', async () => {
    const { logs, state } = await grownVault()
    const { vaults } = counting(logs)
    const reading = vaults.find(state.vault)
    const moved = {
      state: { ...state, head: { ...state.head, sequence: 99 } },
      chargedTo: state.spine.genesisIdentity,
    }
    vaults.moved(state.vault, moved)
    await reading
    expect(vaults.peek(state.vault)).toBe(moved)
  })
})
