// What `recover` says of what it found at a relay: the vaults, those refused, those missing.
import type { RecoverySight, RefusedVault, SeenDevice, SeenVault } from '../engine/recovering.ts'
import type { ExitCode } from '../errors.ts'
import type { Catalogue } from './catalogue.ts'
import { errorReport } from './error-report.ts'
import { exitCodeOf, heaviestExitCode } from './exit-code.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { Output } from './output.ts'
import { printable } from './printable.ts'
import { formatMoment } from './quantities.ts'

/** Names everything that a relay shows, and what it does not. */
export function tellSight(output: Output, relay: string, sight: RecoverySight): void {
  const { words } = output
  output.line({ event: 'recover', relay, ...jsonOf(words, sight) })
  output.result(words.recoverFound({ count: sight.vaults.length, relay }))
  for (const vault of sight.vaults) output.result(vaultText(output, vault))
  noteTrouble(output, sight)
  for (const { name, id, relay: other } of sight.elsewhere)
    output.note(words.recoverElsewhere({ name: printable(name), id, relay: printable(other) }))
}

/** Names what a relay invents or keeps back, where one vault alone is asked for; nothing where it does neither. */
export function tellTrouble(output: Output, relay: string, sight: RecoverySight): void {
  if (sight.refused.length + sight.withheld.length === 0) return
  output.line({ event: 'recover', relay, ...jsonOf(output.words, sight) })
  noteTrouble(output, sight)
}

function noteTrouble(output: Output, sight: RecoverySight): void {
  const { words } = output
  for (const refused of sight.refused) output.note(refusalText(words, refused))
  for (const { name, id } of sight.withheld) output.note(words.recoverWithheld({ name: printable(name), id }))
}

/** What a listing ends with: a vault that does not check out weighs as it would alone; one that is missing is a problem. */
export function sightExitCode({ refused, withheld }: RecoverySight): ExitCode {
  const codes = refused.map(({ why, error }): ExitCode => {
    if (error !== undefined) return exitCodeOf(error)
    return why === 'planted' ? 6 : 3
  })
  return heaviestExitCode([...codes, withheld.length > 0 ? 3 : 0])
}

/** Why a vault is refused, for people. */
export function refusalText(words: Catalogue, { id, why, error }: RefusedVault): string {
  switch (why) {
    case 'planted':
      return words.recoverPlanted({ id })
    case 'revoked':
      return words.recoverRevoked({ id })
    case 'renewed':
      return words.recoverRenewed({ id })
    case 'faulty':
      return words.recoverFaulty({ id, message: errorReport(words, error).message })
  }
}

/** What a device is called by. */
export type Called = Pick<SeenDevice, 'device' | 'name'>

/** A device as people call it. */
export function deviceText(words: Catalogue, { name, device }: Called): string {
  return name === undefined
    ? words.deviceUnnamed({ key: device.slice(0, 12) })
    : words.deviceNamed({ name: printable(name) })
}

/** A role in words. */
export function roleText(words: Catalogue, role: SeenVault['role']): string {
  const roles = { owner: words.roleOwner, writer: words.roleWriter, reader: words.roleReader }
  return roles[role]({})
}

function vaultText({ words, language }: Output, vault: SeenVault): string {
  return words.recoverVault({
    name: printable(vault.name),
    role: roleText(words, vault.role),
    made: formatMoment(vault.madeMs, language),
    device: printable(vault.device),
    sequence: vault.head.seq,
    words: fingerprintOf(vault.head.hash),
    id: vault.id,
  })
}

function jsonOf(words: Catalogue, { vaults, refused, withheld, elsewhere }: RecoverySight) {
  return {
    vaults: vaults.map(({ madeMs, ...vault }) => ({
      ...vault,
      made: new Date(madeMs).toISOString(),
      fingerprint: fingerprintOf(vault.head.hash),
    })),
    refused: refused.map((one) => ({
      id: one.id,
      reason: one.error?.code ?? one.why,
      message: refusalText(words, one),
    })),
    withheld,
    elsewhere,
  }
}
