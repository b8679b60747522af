// `grenier join`: with a code, this device becomes a member of a vault, and its folder is fetched. A machine without a home gets one with
// device keys alone.
import { existsSync, readdirSync, rmSync } from 'node:fs'
import * as path from 'node:path'
import { makeDevice, systemRandom } from '@grenier/crypto'
import { joinFolder } from '../engine/open-folder.ts'
import { decodeInvitationCode } from '../engine/invitation-code.ts'
import type { ExitCode } from '../errors.ts'
import { homeExists, makeHome, openHome } from '../home/home-files.ts'
import type { Home } from '../home/home.ts'
import { deviceNameOf } from './device-name.ts'
import { isCutOff, madeFolder, refuseSynced } from './folder-argument.ts'
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
  const isOurs = isNew && isEmpty(homeDirectory)
  const deviceName = deviceNameOf(flags.deviceName)
  const passphrase = await invocation.passphrase.read(output.words.askNewPassphrase({}))
  const made = madeFolder(homeDirectory, given.folder)
  output.concern({ folder: made.path })
  const home = isNew ? newHome(homeDirectory, { deviceName, passphrase }) : openHome(homeDirectory)
  try {
    // What is recorded here is looked at by the join itself: one that was cut off goes on.
    const isKnown = home.folders.some(({ path }) => path === made.path)
    if (!isKnown && !(await isCutOff(invocation.platform(), home, made.path)))
      await refuseSynced(invocation.platform(), home, made.path)
    return await runFolders({ invocation, home, watching: false }, [
      {
        place: { folder: made.path },
        mode: 'once',
        first: true,
        open: (context) => joinFolder(context, { path: made.path, code }),
        opened: ({ record }) => {
          const { words } = output
          output.note(words.joinDone({ folder: printable(made.path), name: printable(record.name) }))
        },
      },
    ])
  } finally {
    if (home.folders.every((folder) => folder.path !== made.path)) made.unmake()
    if (isOurs) removeUnused(home)
  }
}

function newHome(directory: string, of: { deviceName: string; passphrase: string | undefined }): Home {
  return makeHome(directory, {
    ...of,
    device: makeDevice(systemRandom),
    identity: undefined,
    relays: [],
  })
}

/** Whether nothing is there but what is made now: only then it may all be removed again. */
function isEmpty(directory: string): boolean {
  return !existsSync(directory) || readdirSync(directory).length === 0
}

/** A home that was made for a code that did not work: nothing was joined, no vault knows its keys. */
function removeUnused(home: Home): void {
  const used = home.folders.length > 0 || existsSync(path.join(home.directory, 'state'))
  if (!used) rmSync(home.directory, { recursive: true, force: true })
}
