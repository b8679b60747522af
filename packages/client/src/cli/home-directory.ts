// Where the home of this device is unless somebody says otherwise: the platform's own folder for data that is neither cache nor backup.
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** `--home`, else GRENIER_HOME, else the platform's own folder. Absolute. */
export function homeDirectory(asked: string | undefined, environment: NodeJS.ProcessEnv): string {
  const { GRENIER_HOME: named, XDG_DATA_HOME: data, LOCALAPPDATA: local } = environment
  if (asked !== undefined && asked !== '') return resolve(asked)
  if (named !== undefined && named !== '') return resolve(named)
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'grenier')
  if (process.platform === 'win32') return join(local ?? homedir(), 'grenier')
  // XDG: a relative path in the variable is to be ignored.
  return join(data?.startsWith('/') === true ? data : join(homedir(), '.local', 'share'), 'grenier')
}
