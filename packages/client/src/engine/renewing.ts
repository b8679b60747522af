// New words for an identity: the new one takes the place of the old in every vault that a relay shows to it, and of its account there. Each step may
// be done again: what was cut off goes on where it was.
import { identityRoleOf, makeRenew, type Identity } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { EngineContext } from './api.ts'
import { Recovery } from './recovering.ts'
import type { MissingVault, RecoverySight, RefusedVault, SeenVault } from './recovery-sight.ts'

/** What became of an identity's vaults at one relay. */
export interface Renewed {
  readonly vaults: readonly SeenVault[]
  readonly refused: readonly RefusedVault[]
  readonly elsewhere: readonly MissingVault[]
  /** On this relay, as the others say, and not shown: the old words still open them, and nothing else does. */
  readonly withheld: readonly MissingVault[]
}

/**
 * Renews at one relay. The account goes first, so that a vault, once it is the new identity's, has who pays for it.
 * @throws ClientError as `Recovery.look` and `Recovery.append`
 */
export async function renewAt(
  context: Pick<EngineContext, 'platform' | 'signal'>,
  by: { readonly relay: string; readonly old: Identity; readonly renewed: Identity },
): Promise<Renewed> {
  const { relay, old, renewed } = by
  const recovery = new Recovery(context, { relay, identity: old })
  try {
    const sight = await lookOrDone(recovery, context, by)
    if ('done' in sight) return { vaults: [], refused: [], elsewhere: [], withheld: sight.done }
    if (sight.hasAccount) await recovery.giveAccount(renewed)
    const { random } = context.platform
    for (const { id } of sight.vaults) {
      await recovery.append(id, (log, at) => {
        const { state, keys } = log
        // The old identity is in no vault that has its entry: a first answer was lost.
        if (identityRoleOf(state.spine, old.sign.publicKey) === undefined) return Promise.resolve(undefined)
        const on = { state, signer: old, at, random, epochKeys: keys.epochKeys }
        return Promise.resolve(makeRenew({ ...on, identity: renewed }).entry.bytes)
      })
      // A relay ends the connection of a key that lost its right to a vault.
      await recovery.close()
    }
    const { vaults, refused, elsewhere, withheld } = sight
    // What a run that was cut off renewed is shown to the new identity alone.
    const isLeft = withheld.length > 0 ? await leftTo(context, by) : (): boolean => true
    return { vaults, refused, elsewhere, withheld: withheld.filter(isLeft) }
  } finally {
    await recovery.close()
  }
}

/** `done` where nothing is the old identity's any more, and the new one is known: what this one misses. */
async function lookOrDone(
  recovery: Recovery,
  context: Pick<EngineContext, 'platform' | 'signal'>,
  { relay, renewed }: { readonly relay: string; readonly renewed: Identity },
): Promise<RecoverySight | { readonly done: readonly MissingVault[] }> {
  try {
    return await recovery.look()
  } catch (error) {
    if (!(error instanceof ClientError) || error.data['reason'] !== 'account-unknown') throw error
    const after = new Recovery(context, { relay, identity: renewed })
    try {
      return { done: (await after.look()).withheld }
    } finally {
      await after.close()
    }
  }
}

/** Whether the new identity is not shown a vault either. */
async function leftTo(
  context: Pick<EngineContext, 'platform' | 'signal'>,
  { relay, renewed }: { readonly relay: string; readonly renewed: Identity },
): Promise<(missing: MissingVault) => boolean> {
  const after = new Recovery(context, { relay, identity: renewed })
  try {
    const shown = new Set((await after.look()).vaults.map(({ id }) => id))
    return ({ id }) => !shown.has(id)
  } finally {
    await after.close()
  }
}
