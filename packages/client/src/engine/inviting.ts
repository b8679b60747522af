// Makes an invitation: an owner's entry, and the code that opens it. The code is given once the entry is acknowledged.
import { CryptoError, makeInvite } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { Invitation } from './api.ts'
import type { EntryWriter } from './entry-writer.ts'
import { encodeInvitationCode, invitationWords } from './invitation-code.ts'
import type { Receiver } from './receiver.ts'
import { refusal } from './members.ts'
import type { Vault } from './vault.ts'

/** Whom to invite. `expiresMs`: how long the code is good. */
export interface InviteOptions {
  readonly role: Invitation['role']
  readonly expiresMs: number
}

export interface InvitingParts {
  readonly vault: Vault
  readonly entries: EntryWriter
  readonly receiver: Receiver
  readonly session: () => Promise<RelaySession>
}

/** Invites. Nothing else may receive or append meanwhile. */
export class Inviting {
  readonly #parts: InvitingParts

  constructor(parts: InvitingParts) {
    this.#parts = parts
  }

  /** @throws ClientError `member-refused` (`no-right`), `relay-refused` (reason `too-many`), and as `Receiver.receive` */
  async invite({ role, expiresMs }: InviteOptions): Promise<Invitation> {
    const { vault, entries, receiver } = this.#parts
    const { random } = vault.platform
    for (;;) {
      const session = await this.#parts.session()
      await receiver.receive(session)
      const on = { ...entries.on(session), random, epochKeys: vault.log.keys.epochKeys }
      const expiresAt = on.at + expiresMs
      const made = accepted(() => makeInvite({ ...on, role, expiresAt }))
      if ((await entries.append(session, made.entry)) === 'moved') continue
      const code = { relay: vault.record.relay, secret: made.secret }
      return {
        code: encodeInvitationCode(code),
        words: invitationWords(code, 'english'),
        role,
        expiresMs: expiresAt,
      }
    }
  }
}

/** The judge says before anything is sent that only an owner may, or that there are too many already. */
function accepted<T>(build: () => T): T {
  try {
    return build()
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause
    if (cause.code === 'no-right') throw refusal('no-right', cause)
    if (cause.code !== 'limit') throw cause
    throw new ClientError('relay-refused', cause.message, { cause, data: { reason: 'too-many' } })
  }
}
