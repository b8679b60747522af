// Which sender a run has: one for each time that this device may write, or may not.
import { Sender, type Meanwhile, type SenderParts } from './sender.ts'
import { mayWrite } from './vault.ts'

/** The sender of a run, made once the log was read, and anew when this device may write where it could not, or the reverse. */
export function senderByRole(parts: SenderParts): () => Sender {
  let made: { readonly sender: Sender; readonly writes: boolean } | undefined
  return () => {
    const writes = mayWrite(parts.vault)
    if (made?.writes === writes) return made.sender
    // What was on its way is nobody's any more: what may be sent is read again.
    if (made !== undefined) parts.shipper.drop()
    made = { sender: new Sender(parts), writes }
    return made.sender
  }
}

/** Of a run that is yet to be made. */
export function later(meanwhile: () => Meanwhile): Meanwhile {
  return { due: () => meanwhile().due(), run: () => meanwhile().run() }
}
