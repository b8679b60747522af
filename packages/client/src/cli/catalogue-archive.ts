// The part of the catalogue that is about archives: sealed exports, opening them, bringing them back.
import type { Text } from './catalogue-text.ts'
import type { BegunAnew } from './export-part.ts'

type Plain = Text
type Pathed = Text<{ path: string }>
/** `ranges`: first and last byte of each, with a dash. `more`: how many others there are. */
interface Lost {
  readonly problem: string
  readonly bytes: string
  readonly ranges: readonly string[]
  readonly more: number
}

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
  lostAtRelay: Pathed
  damagedAtRelay: Pathed
  untrueOfIt: Pathed
  /** What became of a file of which a part is lost. `problem`: one of these three, or `problemArchiveDamaged`. */
  salvagedBeside: Text<Lost & { keptAs: string }>
  /** Under its own name: it was begun already. */
  salvagedInPlace: Text<Lost>
  salvagedNothing: Text<{ problem: string }>
  exportTroubles: Text<{ count: number; files: string }>
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
  /** Of what is gone on with: how much there is, and of which moment. `path`, `note`: what keeps that. */
  exportAsOf: Text<{ bytes: string; sequence: number; path: string; note: string }>
  /** Before it is known whether that can be gone on with. */
  exportReads: Text<{ bytes: string; path: string }>
  /** `why`: one of `begunAnew`. */
  exportAnew: Text<{ path: string; why: string }>
  /** What is the matter with what was begun. */
  readonly begunAnew: Readonly<Record<BegunAnew, string>>
  /** `path`: what going on takes. `reason`: the system's words, or `exportNotOurs`. */
  exportAlone: Text<{ path: string; reason: string }>
  exportNotOurs: Plain
  exportKept: Pathed
  /** Of one that only lacks its name. */
  exportUnnamed: Pathed
  hintExportStopped: Plain
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
