// The part of the catalogue that is about carrying a vault to a relay.
import type { Text } from './catalogue-text.ts'

type Plain = Text

/** What people read about vaults that go from one relay to another, or come back from an archive. */
export interface CarryCatalogue {
  errorVaultDiffers: Plain
  hintVaultDiffers: Plain
  errorPrunedCarry: Plain
  hintPrunedCarry: Plain
  errorVaultMoved: Text<{ relay: string | undefined }>
  hintVaultMoved: Plain
  errorMoveUnfinished: Text<{ what: string }>
  hintMoveUnfinished: Text<{ what: string }>
  movedOn: Text<{ relay: string }>
  moveDone: Text<{ entries: string; packs: string; bytes: string; relay: string }>
  moveThere: Text<{ relay: string }>
  moveLacking: Text<{ pack: string }>
  moveOldStays: Text<{ from: string; relay: string }>
  moveOldGoes: Text<{ from: string; until: string }>
  relayTold: Text<{ relay: string }>
  helpMove: Plain
  helpMoveRemoveOld: Plain
  helpSyncRelay: Plain
  importDone: Text<{
    count: number
    entries: string
    packCount: number
    packs: string
    bytes: string
    relay: string
  }>
  importThere: Text<{ relay: string }>
  importAfter: Text<{ relay: string }>
  importLacking: Text<{ pack: string }>
  importUnfinished: Plain
  importUnasked: Text<{ relay: string }>
  errorImportOthers: Plain
  hintImportOthers: Plain
  importGap: Text<{ sequence: number; reason: string }>
  helpImport: Plain
  helpImportRelay: Plain
}
