// `grenier join`: with a code, this device becomes a member of a vault, and its folder is fetched. A machine without a home gets one with
// device keys alone.
import { rmSync } from 'node:fs'
import { makeDevice, systemRandom } from '@grenier/crypto'
import { joinFolder } from '../engine/open-folder.ts'
import { decodeInvitationCode } from '../engine/invitation-code.ts'
import type { ExitCode } from '../errors.ts'
import { homeExists, makeHome, openHome } from '../home/home-files.ts'
import type { Home } from '../home/home.ts'
import { deviceNameOf } from './device-name.ts'
import { madeFolder } from './folder-argument.ts'
import type { Invocation } from './invocation.ts'
import { printable } from './printable.ts'
import { runFolders } from './running-folders.ts'
import { readInput } from './standard-input.ts'

/** Joins and fetches. @throws ClientError */
export async function join(
  invocation: Invocation,
  given: { code: string; folder: string },
  flags: { deviceName?: string | undefined },
): Promise<ExitCode> {
  const { output, homeDirectory } = invocation
  const code = given.code === '-' ? await readInput(output.words.value.code) : given.code
  // Seen before anything is made: a mistyped code leaves nothing behind.
  decodeInvitationCode(code)
  const isNew = !homeExists(homeDirectory)
  const deviceName = deviceNameOf(flags.deviceName)
  const home = isNew ? newHome(homeDirectory, deviceName) : openHome(homeDirectory)
  let joined = false
  const { path, unmake } = madeFolder(home.directory, given.folder)
  try {
    return await runFolders({ invocation, home, watching: false }, [
      {
        place: { folder: path },
        mode: 'once',
        open: (context) => joinFolder(context, { path, code }),
        opened: ({ record }) => {
          joined = true
          const { words } = output
          output.note(words.joinDone({ folder: printable(path), name: printable(record.name) }))
          output.note(words.joinHistory({}))
        },
      },
    ])
  } finally {
    if (!joined) unmake()
    if (!joined && isNew) removeHome(home)
  }
}

function newHome(directory: string, deviceName: string): Home {
  return makeHome(directory, {
    deviceName,
    device: makeDevice(systemRandom),
    identity: undefined,
    relays: [],
  })
}

/** A home that was made for a code that did not work: no vault knows its keys. */
function removeHome(home: Home): void {
  if (home.folders.length === 0) rmSync(home.directory, { recursive: true, force: true })
}
