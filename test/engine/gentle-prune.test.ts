// What a client that watches prunes unasked: when it tries, and what becomes of failures. On a real vault, with the line played.
import { ClientError, openFolder } from '@grenier/client'
import { afterEach, expect, test, vi } from 'vitest'
import { EntryWriter } from '../../packages/client/src/engine/entry-writer.ts'
import { GentlePrune } from '../../packages/client/src/engine/gentle-prune.ts'
import { folderRecord, openVault } from '../../packages/client/src/engine/open-vault.ts'
import { Pruning } from '../../packages/client/src/engine/pruning.ts'
import { PruneLook } from '../../packages/client/src/engine/prune-look.ts'
import { Receiver } from '../../packages/client/src/engine/receiver.ts'
import { vaultFetch } from '../../packages/client/src/engine/vault-fetch.ts'
import type { RelaySession } from '../../packages/client/src/relay/relay-session.ts'
import { eventsOf, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'

const day = 86_400_000

afterEach(() => vi.restoreAllMocks())

/** The duty of the machine that began the vault; `offsetMs`: what the relay's clock is ahead. `pruned`: stands for the prune itself. */
async function duty(
  world: HostileWorld,
  given: { offsetMs: number; isBusy?: boolean },
  work: (gentle: GentlePrune, pruned: ReturnType<typeof pruning>) => Promise<void>,
): Promise<void> {
  const context = world.at(0).context()
  const open = await openVault(context, folderRecord(context, world.at(0).folderPath))
  const { vault } = open
  const session = (): Promise<RelaySession> =>
    Promise.resolve({ clockOffsetMs: given.offsetMs, lost: () => Promise.resolve([]) } as never)
  const receiver = new Receiver({ vault, adopt: refuse, heal: refuse, heard: () => undefined })
  const entries = new EntryWriter(vault, receiver)
  const { fetch } = vaultFetch(vault, { session, current: undefined } as never)
  try {
    const gentle = new GentlePrune({
      vault,
      entries,
      receiver,
      fetch,
      session,
      isBusy: () => given.isBusy === true,
    })
    await world.settles(work(gentle, pruning()))
  } finally {
    await open.close()
  }
}

function pruning() {
  return vi.spyOn(Pruning.prototype, 'prune').mockResolvedValue(undefined as never)
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('nothing of this is asked for'))
}

test('what goes wrong with it is told, and tried again a day later; a fault of the log is thrown', async () => {
  const world = await peacefulWorld()
  const a = world.at(0)
  await duty(world, { offsetMs: 0 }, async (gentle, pruned) => {
    await gentle.work()
    a.skewMs += 2 * day
    const data = { reason: 'quota' }
    pruned.mockRejectedValue(new ClientError('relay-refused', 'full', { retryable: true, data }))
    await gentle.work()
    expect(eventsOf(a, 'problem')).toEqual([
      { event: 'problem', path: '', code: 'not-pruned', detail: 'quota' },
    ])
    a.skewMs += day / 2
    await gentle.work()
    expect(pruned).toHaveBeenCalledTimes(1)
    a.skewMs += 2 * day
    pruned.mockRejectedValue(new ClientError('relay-contradicts', 'not what was signed'))
    await expect(gentle.work()).rejects.toMatchObject({ code: 'relay-contradicts' })
    expect(pruned).toHaveBeenCalledTimes(2)
  })
})

test('goes by the floor that holds, where a lower one was set', async () => {
  const world = await peacefulWorld()
  const a = world.at(0)
  const engine = await openFolder(a.context(), a.folderPath)
  await world.settles(engine.retention(day))
  await engine.close()
  await duty(world, { offsetMs: 0 }, async (gentle, pruned) => {
    await gentle.work()
    a.skewMs += 2 * day
    await gentle.work()
    expect(pruned).toHaveBeenLastCalledWith({ keepMs: 30 * day, dryRun: false })
    a.skewMs += 31 * day
    await gentle.work()
    expect(pruned).toHaveBeenLastCalledWith({ keepMs: day, dryRun: false })
  })
})

test('a clock that was ahead does not stop it for good, and one that differs from the relay for the day', async () => {
  const world = await peacefulWorld()
  const a = world.at(0)
  const line = { offsetMs: 0 }
  await duty(world, line, async (gentle, pruned) => {
    a.skewMs += 365 * day
    await gentle.work()
    a.skewMs -= 365 * day
    await gentle.work()
    a.skewMs += 2 * day
    line.offsetMs = 365 * day
    await gentle.work()
    expect(pruned).not.toHaveBeenCalled()
    line.offsetMs = 0
    a.skewMs += 2 * day
    await gentle.work()
    expect(pruned).toHaveBeenCalledTimes(1)
  })
})

test('a checkpoint for the next time gives way to what else is to be done', async () => {
  const world = await peacefulWorld()
  const a = world.at(0)
  await duty(world, { offsetMs: 0, isBusy: true }, async (gentle, pruned) => {
    await gentle.work()
    a.skewMs += 2 * day
    pruned.mockRestore()
    vi.spyOn(Receiver.prototype, 'receive').mockResolvedValue(undefined as never)
    const wanted = vi.spyOn(PruneLook.prototype, 'wanted').mockResolvedValue('for-later')
    // The line that is played takes no packs: nothing is sent.
    await gentle.work()
    expect(wanted).toHaveBeenCalledTimes(2)
    expect(eventsOf(a, 'problem')).toEqual([])
  })
})

test('what it heard of others meanwhile is planned at once', async () => {
  const world = await peacefulWorld()
  const [a, b] = [world.at(0), world.at(1)]
  const receive = vi.spyOn(Receiver.prototype, 'receive')
  const [begun, goesOn] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
  let isBegun = false
  vi.spyOn(GentlePrune.prototype, 'work').mockImplementation(async () => {
    if (isBegun) return
    isBegun = true
    // The last that received is this device: nobody else is at work yet.
    const receiver = receive.mock.contexts.at(-1) as Receiver | undefined
    const [session] = receive.mock.calls.at(-1) ?? []
    await goesOn.promise
    if (session !== undefined) await receiver?.receive(session)
    begun.resolve(undefined)
  })
  a.sync(false)
  await world.until(() => isBegun)
  b.user.write('news', 'of the other one')
  await world.syncs(b)
  goesOn.resolve(undefined)
  await world.settles(begun.promise)
  await world.until(() => a.user.tree().has('news'), 60_000)
  expect(a.tree()).toEqual(b.tree())
  a.stop()
  await world.outcomeOf(a)
})
