// Puts the parts of a run together: of a folder that is synced, or of one that is backed up.
import { toHex } from '@grenier/crypto'
import { Ahead } from '../content/ahead.ts'
import { olderVersions, stagedContent } from '../content/staged-content.ts'
import { FolderApplier } from '../disk/apply.ts'
import { CutOffFiles } from '../disk/cut-off-files.ts'
import type { FileSystem } from '../disk/file-system.ts'
import { IgnoreRules } from '../disk/ignore.ts'
import { FolderLook } from '../disk/look.ts'
import type { OwnTraces } from '../disk/own-traces.ts'
import { sayAdopted } from './adoption-duty.ts'
import { noLook, SourceCheck, StreamTaking, type BackupSource } from './backup-source.ts'
import { Brake, noBrake } from './brake.ts'
import { CheckpointWriter, checkpointEvery } from './checkpoint-writer.ts'
import { DeletionWatch } from './deletion-watch.ts'
import { doDuties } from './duties.ts'
import type { EntryWriter } from './entry-writer.ts'
import type { FolderLine } from './folder-line.ts'
import { checkFolder } from './folder-place.ts'
import { FolderRun } from './folder-run.ts'
import { sayWhereTold } from './going-on.ts'
import { duringAll } from './meanwhile.ts'
import type { Mending } from './mending.ts'
import { Mirroring } from './mirroring.ts'
import { NamedAgain } from './named-again.ts'
import type { Heard } from './overtaking.ts'
import { PackShipper } from './pack-shipper.ts'
import { PlanWork, type PlanWorkParts } from './plan-work.ts'
import type { Planning } from './planning.ts'
import type { Questions } from './questions.ts'
import type { Receiver } from './receiver.ts'
import { later, senderByRole } from './sender-by-role.ts'
import type { Sender } from './sender.ts'
import { Tally } from './tally.ts'
import { mayWrite, type Vault } from './vault.ts'
import { noting, vaultFetch } from './vault-fetch.ts'

export interface NewRunParts {
  readonly vault: Vault
  readonly files: FileSystem
  /** Of a backup: where its bytes come from. */
  readonly source: BackupSource | undefined
  readonly line: FolderLine
  readonly receiver: Receiver
  readonly entries: EntryWriter
  readonly planning: Planning
  readonly tally: Tally
  readonly questions: Questions
  readonly mending: Mending
  readonly traces: OwnTraces
  readonly watches: boolean
  /** How often in a row the relay may fail before the run gives up. */
  readonly attempts: number
  readonly checkpointEvery: number | undefined
  /** Whether something else waits to be done. */
  readonly isBusy: () => boolean
  /** What an owner's client that watches does when nothing else is to be done. */
  readonly pruneGently: () => Promise<void>
}

/** What is particular to a place: how it is looked at, checked, held back, and changed. */
type PlaceParts = Pick<PlanWorkParts, 'applier' | 'brake' | 'checkFolder'> & {
  readonly look: Pick<FolderLook, 'whole' | 'some'>
  readonly first: ConstructorParameters<typeof FolderRun>[0]['first']
}

/** What goes on beside a run. */
export interface Aside {
  readonly heard: Heard
  /** Stops it; resolves when nothing of it is under way. */
  end(): Promise<void>
}

/** A run that is yet to be begun. */
export function newRun(parts: NewRunParts): { readonly run: FolderRun; readonly aside: Aside } {
  const { vault, files, line, receiver, entries, planning, tally, questions, watches } = parts
  const { connection } = line
  const shipper = new PackShipper(vault)
  const fetched = vaultFetch(vault, connection)
  // A run that does not watch ends when there would be time for it.
  const ahead = watches ? new Ahead(fetched.options, files, vault.platform.clock) : undefined
  const sender = (): Sender => sending.now()
  const around = { sender, fetched, ahead }
  const place = placeParts(parts, around)
  const between = (): Promise<void> => questions.answer()
  const meanwhile = later(() => run.meanwhile)
  const sending = senderByRole({
    vault,
    files,
    planning,
    shipper,
    entries,
    receiver,
    tally,
    brake: place.brake,
    between,
    meanwhile,
    walk: fetched.options,
  })
  const shared = { vault, receiver, sender, tally, questions, meanwhile, ...place }
  const every = parts.checkpointEvery ?? checkpointEvery
  const checkpoints = new CheckpointWriter({ vault, entries, every, isBusy: parts.isBusy })
  const { lost } = parts.mending
  const named = new NamedAgain({ vault, entries, receiver, hurt: () => lost.hurtSoFar })
  const duty = { vault, entries, checkpoints, lost, named }
  const deletion = new DeletionWatch(vault)
  const mirroring = new Mirroring({
    vault,
    isBusy: () => watches && parts.isBusy(),
    moved: () => connection.close(),
    tallyOf: watches ? undefined : (traffic) => talliedOf(vault, traffic),
  })
  const run: FolderRun = new FolderRun({
    ...shared,
    first: async (session) => {
      await deletion.look(session)
      await place.first(session)
      await sayWhereTold({ vault, entries, receiver }, session)
    },
    connection,
    goesOnAfter: (error) => line.goesOnAfter(error),
    shipper,
    giveUp: sending.giveUp,
    planning,
    work: new PlanWork(shared),
    whenIdle: () => whenIdle(parts, { ...around, ...place, mirroring, run }),
    failuresMax: parts.attempts,
    duties: async (session, idle) => {
      line.heard()
      await questions.answer()
      return await doDuties(duty, session, idle)
    },
  })
  return { run, aside: asideOf(run, { mirroring, ahead }) }
}

/** Counts of what is beside the run. */
function talliedOf(
  { platform, home, report }: Vault,
  traffic: () => { sentBytes: number; receivedBytes: number },
): Tally {
  return new Tally({ clock: platform.clock, report, device: home.deviceName, traffic })
}

function asideOf(run: FolderRun, { mirroring, ahead }: Pick<Idle, 'mirroring' | 'ahead'>): Aside {
  return {
    heard: (device, change, changed) => {
      run.heard(changed)
      ahead?.heard(toHex(device), change)
    },
    end: async () => {
      await mirroring.end()
      // Where the folder is gone, there is nothing to give back.
      await ahead?.drop().catch(() => undefined)
    },
  }
}

/** What comes ahead is brought for so long before other things have their turn. */
const aheadMs = 30_000

/** What may be done when both sides agree. Says whether there is more of it. */
async function whenIdle(
  { vault, watches, questions, mending, pruneGently }: NewRunParts,
  { ahead, fetched, mirroring, checkFolder: check, run }: Idle,
): Promise<boolean> {
  if (ahead?.isDue === true) {
    await check()
    const { meanwhile } = run
    const { clock } = vault.platform
    const untilMs = clock.monotonic() + aheadMs
    const isBusy = (): boolean =>
      questions.waiting || meanwhile.isBehind || vault.signal.aborted || clock.monotonic() > untilMs
    await duringAll(meanwhile, ahead.work(isBusy))
    await fetched.note()
  }
  if (!watches) {
    await mirroring.bring()
    return false
  }
  mirroring.begin()
  await mending.daily()
  await pruneGently()
  return ahead?.isDue === true
}

interface Idle extends Pick<Around, 'ahead' | 'fetched'>, Pick<PlaceParts, 'checkFolder'> {
  readonly mirroring: Mirroring
  readonly run: FolderRun
}

interface Around {
  readonly sender: () => Sender
  readonly fetched: ReturnType<typeof vaultFetch>
  readonly ahead: Ahead | undefined
}

function placeParts(parts: NewRunParts, around: Around): PlaceParts {
  const { source } = parts
  return source === undefined ? syncedPlace(parts, around) : backedUpPlace(parts, source, around.sender)
}

function syncedPlace(parts: NewRunParts, { sender, fetched, ahead }: Around): PlaceParts {
  const { vault, files, receiver, entries, tally, traces } = parts
  const { trees, home, platform, signal } = vault
  const wrote = (bytes: number): void => tally.began(bytes)
  const older = olderVersions(trees)
  const cutOff = new CutOffFiles(files)
  const content = noting(stagedContent(fetched.fetch, files, { older, ahead, cutOff, wrote }), () =>
    fetched.note(),
  )
  const ignore = new IgnoreRules(files)
  const on = { files, trees, ignore, clock: platform.clock, device: home.deviceName, signal }
  const isHeld = (staged: string): boolean => ahead?.isHeld(staged) === true
  return {
    brake: new Brake({
      trees,
      clock: platform.clock,
      mayWrite: () => mayWrite(vault),
      learn: (wanted) => sender().learn(wanted),
    }),
    checkFolder: () => checkFolder({ files, trees }, vault.record.path),
    applier: new FolderApplier({ ...on, content, cutOff, traces, isHeld }),
    look: new FolderLook(on),
    first: (session) => sayAdopted({ vault, entries, receiver }, session),
  }
}

function backedUpPlace(parts: NewRunParts, source: BackupSource, sender: () => Sender): PlaceParts {
  const { vault, files, receiver, entries, planning } = parts
  const { trees, platform, signal } = vault
  // What is left out of a source is not to be seen in it: there is nothing to ignore.
  const ignore = { enter: () => Promise.resolve(false), ignores: () => false }
  const isFolder = source.from === 'folder'
  const { allowEmpty } = source
  const check = isFolder ? new SourceCheck(source, { trees, path: vault.record.path }) : undefined
  const taking = isFolder ? undefined : new StreamTaking(source, trees)
  return {
    brake: noBrake,
    checkFolder: async () => check?.check(),
    applier: nothingIsApplied,
    look: isFolder
      ? new FolderLook({ files, trees, ignore, clock: platform.clock, signal, isSource: true, allowEmpty })
      : noLook,
    first: async (session) => {
      await sayAdopted({ vault, entries, receiver }, session)
      await planning.about([])
      await taking?.take(session, sender())
    },
  }
}

/** No plan of a backup has anything for the disk, since base is what the log has: what there was would be a fault of the planner's, and is told. */
const nothingIsApplied: PlanWorkParts['applier'] = {
  tidy: () => Promise.resolve(),
  run: (actions) => {
    const problems = actions.map(({ path }) => ({ path, code: 'unwritable' as const }))
    return Promise.resolve({ done: [], problems, lookAgain: [], left: [] })
  },
}
