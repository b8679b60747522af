// The hoster's requests, on the stores.
import { describe, expect, it } from 'vitest'
import { toHex } from '@grenier/crypto'
import { World } from '../session/scripted-client.vectors.ts'
import { administer } from './administer.ts'
import { decodeAdminRequest, decodeAdminResult, failureEnvelope, type AdminRequest } from './admin-request.ts'

function hoster(world: World) {
  const { stores, random, core } = world
  return async <C extends AdminRequest['command']>(request: Extract<AdminRequest, { command: C }>) => {
    const result = await administer({ stores, random, now: () => world.clock.now(), core }, request)
    const command: C = request.command
    return decodeAdminResult(command, { ok: true, result })
  }
}

describe('invitations', () => {
  it('are made, listed without their codes, and revoked by id or code', async () => {
    const ask = hoster(new World())
    const make = { command: 'invite-create', uses: 3, lifeMs: 1000 } as const
    const [one, two] = [await ask<'invite-create'>(make), await ask<'invite-create'>(make)]
    const list = async () => (await ask<'invite-list'>({ command: 'invite-list' })).invitations
    expect(JSON.stringify(await list())).not.toContain(one.code)
    await ask<'invite-revoke'>({ command: 'invite-revoke', name: one.invitation.id })
    await ask<'invite-revoke'>({ command: 'invite-revoke', name: two.code })
    expect((await list()).map(({ state }) => state)).toEqual(['revoked', 'revoked'])
    const again = ask<'invite-revoke'>({ command: 'invite-revoke', name: 'nothing-of-the-kind' })
    await expect(again).rejects.toMatchObject({ code: 'unknown-name' })
  })

  it('are of a plan that there is', async () => {
    const ask = hoster(new World())
    const make = ask<'invite-create'>({ command: 'invite-create', uses: 1, lifeMs: 1000, plan: 'gold' })
    await expect(make).rejects.toMatchObject({ code: 'unknown-name' })
  })
})

describe('accounts', () => {
  it('are listed and shown with what they use, found by the beginning of their key', async () => {
    const world = new World()
    const { person, vault } = await world.owner()
    await world.newcomer()
    const ask = hoster(world)
    const { accounts, last } = await ask<'account-list'>({ command: 'account-list' })
    expect([accounts.length, last]).toEqual([2, true])
    const identity = toHex(person.identity.sign.publicKey)
    const { account } = await ask<'account-show'>({ command: 'account-show', identity: identity.slice(0, 8) })
    expect(account).toMatchObject({ identity, vaultCount: 1, vaults: [toHex(vault.state.vault)], entries: 1 })
    const nobody = ask<'account-show'>({ command: 'account-show', identity: '00000000' })
    await expect(nobody).rejects.toMatchObject({ code: 'unknown-name' })
  })
})

describe('a running relay', () => {
  it('says how it is, and is told that the clock is right', async () => {
    const world = new World()
    await world.owner()
    await world.core.sweep()
    world.clock.jump(1e9)
    await world.core.sweep()
    const ask = hoster(world)
    expect(await ask<'status'>({ command: 'status' })).toEqual({ connections: 1, deletionsHeld: true })
    await ask<'confirm-clock'>({ command: 'confirm-clock' })
    expect(await ask<'status'>({ command: 'status' })).toMatchObject({ deletionsHeld: false })
  })
})

it('refuses what is no request, and tells nothing of its own failures', () => {
  expect(() => decodeAdminRequest({ command: 'delete-everything' })).toThrow()
  expect(() => decodeAdminRequest({ command: 'invite-create', uses: 0, lifeMs: 1 })).toThrow()
  expect(failureEnvelope(new Error('secret path'))).toEqual({
    ok: false,
    code: 'internal',
    message: 'the relay failed',
    data: {},
  })
})
