// The part of the catalogue that is about mirrors.
import type { Text } from './catalogue-text.ts'

type Plain = Text

/** What people read about second relays. */
export interface MirrorCatalogue {
  mirrorAdded: Text<{ relay: string }>
  mirrorRemoved: Text<{ relay: string }>
  mirrorNone: Plain
  mirrorThere: Text<{ relay: string }>
  mirrorBehind: Text<{
    relay: string
    count: number
    entries: string
    bytes: string
    since: string | undefined
  }>
  mirrorFailing: Text<{ since: string; message: string }>
  /** Why, where the mirror does not know the account. */
  mirrorAccountLost: Plain
  mirrorStranger: Plain
  mirrorTrouble: Text<{ relay: string; message: string }>
  /** The vault goes on at this mirror; `isThere`: it did already. */
  mirrorPromoted: Text<{ relay: string; isThere: boolean }>
  mirrorGiven: Text<{ entries: string; packs: string; bytes: string }>
  mirrorLacking: Text<{ count: number; packs: string }>
  mirrorFollow: Text<{ relay: string; from: string }>
  errorMirrorRefused: Text<{ what: string; relay: string }>
  hintMirrorRefused: Text<{ what: string }>
  /** The relay cannot be reached, and the vault has a mirror. */
  hintRelayMirror: Text<{ mirror: string }>
  hintMirrorUnknown: Text<{ mirror: string }>
  /** The relay that was gone is there again, with what others wrote to it meanwhile. */
  formerParted: Text<{ relay: string }>
  helpMirror: Plain
  helpMirrorForce: Plain
  helpMirrorWhat: Plain
  helpMirrorInvite: Plain
}
