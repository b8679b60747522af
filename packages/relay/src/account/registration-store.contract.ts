// What every RegistrationStore does. Each case makes its own stores.
import { describe, expect, it, onTestFinished } from 'vitest'
import { hour, start, type MakeStores } from '../store/store-samples.contract.ts'
import type { RegistrationInvitation, RegistrationStore } from './registration-store.ts'
import { registrationCodeHash } from './registration-code.ts'

/** Runs the contract against one implementation. */
export function describeRegistrationStore(name: string, make: MakeStores): void {
  const opened = async (): Promise<RegistrationStore> => {
    const stores = await make()
    onTestFinished(() => stores.close())
    return stores.registration
  }
  const invitation = (code: string, more: Partial<RegistrationInvitation> = {}): RegistrationInvitation => ({
    codeHash: registrationCodeHash(code),
    plan: 'default',
    usesMax: 1,
    used: 0,
    createdAt: start,
    expiresAt: start + hour,
    ...more,
  })

  describe(`RegistrationStore ${name}`, () => {
    it('always has a default plan, which can be set', async () => {
      const registration = await opened()
      const [plan, ...others] = await registration.plans()
      expect(plan?.name).toBe('default')
      expect(others).toEqual([])
      await registration.setPlan({ ...plan!, bytesMax: 5 })
      expect(await registration.plans()).toEqual([{ ...plan, bytesMax: 5 }])
    })

    it('keeps plans by name, in order', async () => {
      const registration = await opened()
      const plan = { bytesMax: 1, entriesMax: 2, vaultsMax: 3, devicesMax: 4 }
      await registration.setPlan({ ...plan, name: 'zebra' })
      await registration.setPlan({ ...plan, name: 'été / summer', rateBytesMax: 5 })
      expect((await registration.plans()).map((one) => one.name)).toEqual([
        'default',
        'zebra',
        'été / summer',
      ])
    })

    it('keeps invitations, oldest first, and none to an unknown plan', async () => {
      const registration = await opened()
      expect(await registration.invite(invitation('second', { createdAt: start + 1 }))).toBe(true)
      expect(await registration.invite(invitation('first'))).toBe(true)
      expect(await registration.invite(invitation('third', { plan: 'none' }))).toBe(false)
      expect(await registration.invitations()).toEqual([
        invitation('first'),
        invitation('second', { createdAt: start + 1 }),
      ])
    })

    it('revokes by the beginning of the hash, once, and says how many were open', async () => {
      const registration = await opened()
      const [one, two] = [invitation('one'), invitation('two', { usesMax: 0 })]
      await registration.invite(one)
      await registration.invite(two)
      await expect(registration.revoke(one.codeHash.subarray(0, 3), start)).rejects.toThrow()
      expect(await registration.revoke(one.codeHash.subarray(0, 4), start + 5)).toBe(1)
      expect(await registration.revoke(one.codeHash, start + 6)).toBe(0)
      expect(await registration.revoke(two.codeHash, start)).toBe(0)
      const revoked = (await registration.invitations()).find((each) => each.usesMax === 1)
      expect(revoked?.revokedAt).toBe(start + 5)
    })
  })
}
