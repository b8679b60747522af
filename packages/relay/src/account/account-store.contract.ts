// What every AccountStore does. Each case makes its own stores.
import { describe, expect, it, onTestFinished } from 'vitest'
import { anna, hour, key, start, type MakeStores } from '../store/store-samples.contract.ts'
import type { Stores } from '../store/stores.ts'
import type { AccountOpening } from './account-store.ts'
import { registrationCodeHash } from './registration-code.ts'

/** Runs the contract against one implementation. */
export function describeAccountStore(name: string, make: MakeStores): void {
  const opened = async (): Promise<Stores> => {
    const stores = await make()
    onTestFinished(() => stores.close())
    return stores
  }
  const opening = (device: string, more: Partial<AccountOpening> = {}): AccountOpening => ({
    identity: anna,
    device: key(device),
    certificate: new TextEncoder().encode(`certificate of ${device}`),
    registration: 'open',
    now: start,
    ...more,
  })
  const codeHash = registrationCodeHash('some-code')
  const invited = { registration: 'invite', codeHash } as const
  const invitation = {
    codeHash,
    plan: 'default',
    usesMax: 2,
    used: 0,
    createdAt: start,
    expiresAt: start + hour,
  }

  describe(`AccountStore ${name}`, () => {
    it('opens an account with its first device and the default plan', async () => {
      const { accounts } = await opened()
      expect(await accounts.find(anna)).toBeUndefined()
      expect(await accounts.open(opening('laptop'))).toBe('opened')
      expect(await accounts.find(anna)).toMatchObject({
        identity: anna,
        plan: { name: 'default' },
        suspended: false,
        openedAt: start,
        devices: [
          {
            device: key('laptop'),
            certificate: new TextEncoder().encode('certificate of laptop'),
            addedAt: start,
          },
        ],
      })
    })

    it('knows what it was told already, and adds devices without an invitation', async () => {
      const { accounts } = await opened()
      await accounts.open(opening('laptop'))
      expect(await accounts.open(opening('laptop', { registration: 'closed' }))).toBe('known')
      expect(await accounts.open(opening('phone', { registration: 'closed' }))).toBe('device-added')
      expect((await accounts.find(anna))?.devices).toHaveLength(2)
    })

    it('finds the account of a device', async () => {
      const { accounts } = await opened()
      await accounts.open(opening('laptop'))
      expect(await accounts.findDevice(key('laptop'))).toEqual({ identity: anna, withdrawn: false })
      expect(await accounts.findDevice(key('phone'))).toBeUndefined()
    })

    it('gives no device to two identities', async () => {
      const { accounts } = await opened()
      await accounts.open(opening('laptop'))
      expect(await accounts.open(opening('laptop', { identity: key('eve') }))).toBe('device-refused')
      expect(await accounts.find(key('eve'))).toBeUndefined()
    })

    it('withdraws a device for good', async () => {
      const { accounts } = await opened()
      await accounts.open(opening('laptop'))
      const place = { identity: anna, device: key('laptop'), now: start + 1 }
      expect(await accounts.withdraw({ ...place, identity: key('eve') })).toBe(false)
      expect(await accounts.withdraw({ ...place, device: key('phone') })).toBe(false)
      expect(await accounts.withdraw(place)).toBe(true)
      expect(await accounts.withdraw({ ...place, now: start + 9 })).toBe(true)
      expect(await accounts.findDevice(key('laptop'))).toEqual({ identity: anna, withdrawn: true })
      expect((await accounts.find(anna))?.devices[0]?.withdrawnAt).toBe(start + 1)
      expect(await accounts.open(opening('laptop'))).toBe('device-refused')
    })

    it('gives an account to a new identity, with its plan and its devices', async () => {
      const { accounts } = await opened()
      await accounts.open(opening('laptop'))
      await accounts.open(opening('phone'))
      await accounts.withdraw({ identity: anna, device: key('phone'), now: start + 1 })
      const before = await accounts.find(anna)
      const place = { old: anna, renewed: key('anna anew') }
      expect(await accounts.renew({ ...place, old: key('eve') })).toBe('unknown')
      await accounts.open(opening("eve's", { identity: key('eve') }))
      expect(await accounts.renew({ ...place, renewed: key('eve') })).toBe('taken')
      expect(await accounts.renew(place)).toBe('renewed')
      expect(await accounts.find(anna)).toBeUndefined()
      expect(await accounts.find(place.renewed)).toEqual({ ...before, identity: place.renewed })
      expect(await accounts.findDevice(key('laptop'))).toEqual({ identity: place.renewed, withdrawn: false })
      expect(await accounts.findDevice(key('phone'))).toEqual({ identity: place.renewed, withdrawn: true })
      expect(await accounts.renew(place)).toBe('unknown')
    })

    it('opens accounts as the registration allows', async () => {
      const { accounts } = await opened()
      expect(await accounts.open(opening('laptop', { registration: 'closed' }))).toBe('registration-closed')
      expect(await accounts.open(opening('laptop', { registration: 'invite' }))).toBe('invitation-wrong')
      expect(await accounts.open(opening('laptop', invited))).toBe('invitation-wrong')
      expect(await accounts.find(anna)).toBeUndefined()
    })

    it('spends one use of an invitation for one account, and gives its plan', async () => {
      const { accounts, registration } = await opened()
      const plan = { name: 'friends', bytesMax: 1, entriesMax: 2, vaultsMax: 3, devicesMax: 4 }
      await registration.setPlan(plan)
      await registration.invite({ ...invitation, plan: 'friends' })
      const open = (who: string): Promise<string> =>
        accounts.open(opening(`${who}'s laptop`, { ...invited, identity: key(who) }))
      const results = await Promise.all(['a', 'b', 'c', 'd'].map(open))
      expect(results).toEqual(['opened', 'opened', 'invitation-wrong', 'invitation-wrong'])
      expect((await accounts.find(key('a')))?.plan).toEqual(plan)
      expect((await registration.invitations())[0]?.used).toBe(2)
    })

    it('takes no invitation that expired or was revoked', async () => {
      const { accounts, registration } = await opened()
      await registration.invite(invitation)
      expect(await accounts.open(opening('x', { ...invited, now: start + hour }))).toBe('invitation-wrong')
      await registration.revoke(codeHash.subarray(0, 4), start)
      expect(await accounts.open(opening('x', invited))).toBe('invitation-wrong')
    })

    it('holds the number of devices of the plan, not counting those withdrawn', async () => {
      const { accounts, registration } = await opened()
      const [plan] = await registration.plans()
      await registration.setPlan({ ...plan!, devicesMax: 2 })
      await accounts.open(opening('one'))
      await accounts.open(opening('two'))
      expect(await accounts.open(opening('three'))).toBe('too-many-devices')
      await accounts.withdraw({ identity: anna, device: key('one'), now: start })
      expect(await accounts.open(opening('three'))).toBe('device-added')
    })

    it('changes plan and suspension', async () => {
      const { accounts, registration } = await opened()
      await accounts.open(opening('laptop'))
      const plan = { name: 'large', bytesMax: 9, entriesMax: 9, vaultsMax: 9, devicesMax: 9, rateBytesMax: 9 }
      expect(await accounts.change(anna, { plan: 'large' })).toBe(false)
      await registration.setPlan(plan)
      expect(await accounts.change(anna, { plan: 'large', suspended: true })).toBe(true)
      expect(await accounts.find(anna)).toMatchObject({ plan, suspended: true })
      expect(await accounts.change(anna, { suspended: false })).toBe(true)
      expect(await accounts.find(anna)).toMatchObject({ plan, suspended: false })
      expect(await accounts.change(key('nobody'), { suspended: true })).toBe(false)
    })

    it('lists accounts page by page, each once', async () => {
      const { accounts } = await opened()
      const identities = ['a', 'b', 'c', 'd', 'e'].map((one) => key(one))
      for (const [at, identity] of identities.entries()) await accounts.open(opening(`d${at}`, { identity }))
      const first = await accounts.list(undefined, 3)
      const rest = await accounts.list(first[2]?.identity, 3)
      expect([...first, ...rest].map(({ identity }) => identity)).toEqual(
        identities.sort((a, b) => Buffer.compare(a, b)),
      )
      expect(await accounts.list(rest[1]?.identity, 3)).toEqual([])
    })

    it('removes an account with its devices', async () => {
      const { accounts } = await opened()
      await accounts.open(opening('laptop'))
      expect(await accounts.remove(anna)).toBe(true)
      expect(await accounts.remove(anna)).toBe(false)
      expect(await accounts.findDevice(key('laptop'))).toBeUndefined()
      expect(await accounts.open(opening('laptop'))).toBe('opened')
    })
  })
}
