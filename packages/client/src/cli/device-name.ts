// Names that people give: of a device, of a vault. They stand in the log, sealed, and in the names of conflict copies.
import { hostname } from 'node:os'
import { nameBytesMax } from '@grenier/crypto'
import { printable } from './printable.ts'
import { usageError } from './usage-error.ts'

/** A name as given, trimmed. @throws ClientError `usage` for an empty one, one that is too long, or one with control characters */
export function checkedName(text: string): string {
  const name = text.trim()
  const fits = name !== '' && Buffer.byteLength(name) <= nameBytesMax
  if (!fits || printable(name) !== name) throw usageError('name', text)
  return name
}

/** The name of this device: as given, else the machine's. @throws ClientError `usage` */
export function deviceNameOf(asked: string | undefined): string {
  if (asked !== undefined) return checkedName(asked)
  const machine = printable(hostname().trim())
  return machine === '' ? 'device' : machine
}
