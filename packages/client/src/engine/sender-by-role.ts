// Which sender a run has: one for each time that this device may write, or may not; and another when what was on its way is given up.
import { Sender, type Meanwhile, type SenderParts } from './sender.ts'
import { mayWrite } from './vault.ts'

export interface SenderByRole {
  /** Made once the log was read, and anew when this device may write where it could not, or the reverse. */
  readonly now: () => Sender
  /** What was on its way is nobody's any more: what may be sent is planned and read again. Not while the sender does something. */
  readonly giveUp: () => void
}

/** The sender of a run. */
export function senderByRole(parts: SenderParts): SenderByRole {
  let made: { readonly sender: Sender; readonly writes: boolean } | undefined
  const giveUp = (): void => {
    if (made === undefined) return
    made.sender.end()
    parts.shipper.drop()
    made = undefined
  }
  const now = (): Sender => {
    const writes = mayWrite(parts.vault)
    if (made?.writes === writes) return made.sender
    giveUp()
    made = { sender: new Sender(parts), writes }
    return made.sender
  }
  return { now, giveUp }
}

/** Of a run that is yet to be made. */
export function later(meanwhile: () => Meanwhile): Meanwhile {
  return { due: () => meanwhile().due(), run: () => meanwhile().run() }
}
