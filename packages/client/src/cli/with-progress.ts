// An open folder for one thing that takes long: how far it is is shown, and nothing else of what goes on.
import type { FolderEngine } from '../engine/api.ts'
import { FolderReport } from './folder-report.ts'
import type { Place } from './folder-lines.ts'
import { openOwnFolder, type Opening } from './open-own-folder.ts'
import { RunProgress } from './run-progress.ts'

/** Opens it, does the work, and closes it. @throws ClientError as `openOwnFolder` and `work` */
export async function withProgress<T>(
  { invocation, home, path }: Omit<Opening, 'context'>,
  place: Place,
  work: (engine: FolderEngine) => Promise<T>,
): Promise<T> {
  const { output, interrupt } = invocation
  const report = new FolderReport(output, new RunProgress(output), place)
  const context = {
    home,
    platform: invocation.platform(),
    report: (event: Parameters<typeof report.take>[0]): void => {
      if (event.event === 'progress') report.take(event)
    },
    signal: interrupt.signal,
  }
  const engine = await openOwnFolder({ invocation, home, path, context })
  try {
    return await work(engine)
  } finally {
    output.progressDone()
    report.end()
    await engine.close()
  }
}
