// Who stays when `recover` brings a vault back: named on the command line, or asked about, one after the other. Whoever nobody confirms goes.
import type { SeenDevice, SeenIdentity, SeenVault } from '../engine/recovery-sight.ts'
import { oneOf } from './members.ts'
import type { Invocation } from './invocation.ts'
import { printable } from './printable.ts'
import { invitationText, memberText } from './recover-report.ts'
import { usageError } from './usage-error.ts'
import { canAsk, isYes } from './yes-or-no.ts'

/**
 * Keys (hex) of the devices and identities that stay: as given, else as asked; with `--yes`, none. An identity stays with all its
 * devices, and a device that is named alone keeps its identity, but not the others of it.
 * @throws ClientError `usage`, also where there is somebody to decide about and nobody to ask; `name-ambiguous`
 */
export async function keptMembers(
  invocation: Invocation,
  vault: SeenVault,
  keep: readonly string[] | undefined,
): Promise<ReadonlySet<string>> {
  if (keep !== undefined) return new Set(keep.flatMap((text) => named(vault, text)))
  return await asked(invocation, vault)
}

function named(vault: SeenVault, text: string): readonly string[] {
  const devices = vault.devices.map(({ device, name }) => ({ id: device, name }))
  const identities = vault.identities.filter(({ own }) => !own).map(({ identity }) => ({ id: identity }))
  const found = oneOf<{ readonly id: string; readonly name?: string | undefined }>(
    [...devices, ...identities],
    text,
  )
  if (found === undefined) throw usageError('device-unknown', text)
  return [found.id, ...devicesOf(vault, found.id).map(({ device }) => device)]
}

async function asked({ output, yes }: Invocation, vault: SeenVault): Promise<ReadonlySet<string>> {
  const kept = new Set<string>()
  const identities = vault.identities.filter(({ mayGo }) => mayGo)
  const isAlone = ({ mayGo, identity }: SeenDevice): boolean =>
    mayGo && identities.every((one) => one.identity !== identity)
  const alone = vault.devices.filter(isAlone)
  const voids = vault.invitations.filter(({ mayGo }) => mayGo)
  for (const invitation of voids) output.note(`  ${invitationText(output, invitation)}`)
  if (voids.length > 0) output.note(output.words.recoverVoids({ count: voids.length }))
  if (alone.length + identities.length === 0 || yes) return kept
  // Who is taken out never comes back with the keys of before: that is not for silence to decide.
  if (output.json || !canAsk()) throw usageError('keep-unasked', vault.name)
  output.note(output.words.recoverKeeps({ name: printable(vault.name) }))
  const isKept = async (member: SeenDevice | SeenIdentity): Promise<boolean> =>
    await isYes(output, output.words.askKeep({ member: memberText(output, vault, member) }))
  for (const device of alone) if (await isKept(device)) kept.add(device.device)
  for (const identity of identities) {
    if (!(await isKept(identity))) continue
    kept.add(identity.identity)
    for (const { device } of devicesOf(vault, identity.identity)) kept.add(device)
  }
  return kept
}

function devicesOf({ devices }: SeenVault, identity: string): SeenDevice[] {
  return devices.filter((device) => device.identity === identity)
}
