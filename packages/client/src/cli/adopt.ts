// `grenier adopt`: a person goes on with the relay's history after it parted from the one that this device knows. The sync that follows commits what
// differs here like any other change.
import { toHex } from '@grenier/crypto'
import { adoptFolder } from '../engine/open-folder.ts'
import type { EngineContext } from '../engine/api.ts'
import type { ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import { knownFolder } from './folder-argument.ts'
import type { Invocation } from './invocation.ts'
import { openOwnFolder, refuseHeld } from './open-own-folder.ts'
import { printable } from './printable.ts'
import { runFolders } from './running-folders.ts'

/** Adopts, and syncs once. @throws ClientError */
export async function adopt(invocation: Invocation, folder: string): Promise<ExitCode> {
  const { output, homeDirectory, interrupt, platform } = invocation
  const home = openHome(homeDirectory)
  const { path, vault } = knownFolder(home, folder)
  output.concern({ folder: path, vault })
  await refuseHeld(home, path)
  const context: EngineContext = {
    home,
    platform: platform(),
    report: () => undefined,
    signal: interrupt.signal,
  }
  const adopted = await adoptFolder(context, path)
  const place = (at: { sequence: number; hash: Uint8Array } | undefined): object | null =>
    at === undefined ? null : { seq: at.sequence, hash: toHex(at.hash) }
  const { base, left, evidence } = adopted ?? {}
  output.line({
    event: 'adopt',
    folder: path,
    vault,
    base: place(base),
    left: place(left),
    evidence: evidence ?? null,
  })
  const { words } = output
  if (adopted === undefined) {
    output.result(words.adoptNothing({ folder: printable(path) }))
    return 0
  }
  const places = { base: adopted.base.sequence, left: adopted.left.sequence }
  output.result(words.adoptDone({ folder: printable(path), ...places, path: printable(adopted.evidence) }))
  const open = (given: EngineContext): ReturnType<typeof openOwnFolder> =>
    openOwnFolder({ invocation, home, path, context: given })
  return await runFolders({ invocation, home, watching: false }, [
    { place: { folder: path, vault }, mode: 'once', open },
  ])
}
