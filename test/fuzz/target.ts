// What is fuzzed, and the one question that is asked each time: whether what came of hostile bytes is one of the outcomes that are stated.
import { CryptoError } from '@grenier/crypto'
import { ClientError } from '@grenier/client'
import { ProtocolError } from '@grenier/protocol'
import type { Seeded } from '../simulation/seeded.ts'

/** One kind of thing that a hostile party can supply. */
export interface Target {
  readonly name: string
  /** One try. Gives a word for what came of it, to be counted; throws what nobody expects. */
  try(random: Seeded): Promise<string> | string
}

/** Something came out that must not: what the target says of it. */
export class Finding extends Error {}

/** The code of what `work` throws, `accepted` when it does not. Codes that are not stated, and any other error, are findings. */
export async function codeOf(work: () => unknown, stated: readonly string[]): Promise<string> {
  try {
    await work()
    return 'accepted'
  } catch (error) {
    if (error instanceof Finding) throw error
    if (error instanceof CryptoError || error instanceof ProtocolError || error instanceof ClientError) {
      if (stated.includes(error.code)) return error.code
      throw new Finding(`the code ${error.code} is not one of ${stated.join(', ')}`, { cause: error })
    }
    throw new Finding('an error that is none of ours', { cause: error })
  }
}
