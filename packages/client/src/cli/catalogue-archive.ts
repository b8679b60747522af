// The part of the catalogue that is about archives: sealed exports, opening them, bringing them back.
import type { Text } from './catalogue-text.ts'

type Plain = Text
type Pathed = Text<{ path: string }>

/** What people read about archives. */
export interface ArchiveCatalogue {
  errorArchiveBroken: Plain
  hintArchiveBroken: Plain
  errorArchiveClosed: Plain
  hintArchiveClosed: Plain
  errorArchiveForeign: Plain
  hintArchiveForeign: Plain
  errorArchiveBusy: Plain
  hintArchiveBusy: Plain
  problemNotOverwritten: Pathed
  problemArchiveDamaged: Pathed
  /** `ranges`: first and last byte of each, with a dash. `more`: how many others there are. */
  problemArchiveSalvaged: Text<{
    path: string
    keptAs: string
    bytes: string
    ranges: readonly string[]
    more: number
  }>
  sealedDone: Text<{
    count: number
    entries: string
    packCount: number
    packs: string
    bytes: string
    path: string
  }>
  sealedLacking: Text<{ pack: string }>
  sealedGoesOn: Pathed
  /** `name`: what an operation that was passed over is about. */
  uncertainEntry: Text<{ sequence: number; reason: string; name: string | undefined }>
  archiveUnfinished: Plain
  decryptDone: Text<{ count: number; files: string; bytes: string; path: string }>
  decryptTroubles: Text<{ problems: number; uncertain: number }>
  askArchiveWords: Plain
  helpExportSealed: Plain
  askAgePassphrase: Plain
  helpExportAge: Plain
  helpExportAgePassphrase: Plain
  helpDecrypt: Plain
  helpDecryptInto: Plain
  helpDecryptList: Plain
  helpDecryptPath: Plain
  helpDecryptAt: Plain
  helpDecryptPhrase: Plain
}
