// What it means for a whole folder that the disk refused something which no single file explains.
import { ClientError } from '../errors.ts'
import { DiskError } from './file-system.ts'

const fullCodes = ['ENOSPC', 'EDQUOT']
/** The disk itself fails, whoever asks. */
const failedCodes = ['EIO', 'EUCLEAN', 'ENXIO', 'EBADMSG']

/** The error of a `DiskError`: `disk-full`, `disk-failed` or `folder-unusable`; anything else as it is. `path`: of the folder, if known. */
export function folderFault(cause: unknown, message: string, path?: string): unknown {
  if (!(cause instanceof DiskError)) return cause
  const data = path === undefined ? {} : { path }
  // Room comes back with nothing changed in the folder.
  if (fullCodes.includes(cause.code))
    return new ClientError('disk-full', message, { cause, data, retryable: true })
  if (failedCodes.includes(cause.code)) return new ClientError('disk-failed', message, { cause, data })
  return new ClientError('folder-unusable', message, { cause, data })
}

/** Does it; a `DiskError` comes out as that of the folder. @throws ClientError `disk-full`, `disk-failed`, `folder-unusable` */
export async function onFolder<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw folderFault(error, 'the disk of the folder refuses', path)
  }
}
