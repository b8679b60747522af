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
  mirrorTrouble: Text<{ relay: string; message: string }>
  helpMirror: Plain
  helpMirrorWhat: Plain
  helpMirrorInvite: Plain
}
