// Looks for secrets where they must not be: in bytes as they are, and in the forms in which text and bytes usually travel.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** A secret: what it is, and its bytes. */
export interface Canary {
  readonly what: string
  readonly bytes: Uint8Array
}

/** A canary of text. */
export function textCanary(what: string, text: string): Canary {
  return { what, bytes: Buffer.from(text) }
}

/** Bytes to be searched: where they come from, and they themselves. */
export interface Haystack {
  readonly where: string
  readonly bytes: Buffer
}

/** Shorter needles would be found by chance. */
const needleBytesMin = 8

/** The forms of a canary: raw, UTF-16 of both orders, hex of both cases, base64 of both alphabets at each of three alignments. */
function formsOf({ bytes }: Canary): { form: string; needle: Buffer }[] {
  const raw = Buffer.from(bytes)
  const wide = Buffer.from(raw.toString('latin1'), 'utf16le')
  const hex = raw.toString('hex')
  const forms = [
    { form: 'raw', needle: raw },
    { form: 'UTF-16LE', needle: wide },
    { form: 'UTF-16BE', needle: Buffer.from(wide).swap16() },
    { form: 'hex', needle: Buffer.from(hex) },
    { form: 'HEX', needle: Buffer.from(hex.toUpperCase()) },
  ]
  for (const encoding of ['base64', 'base64url'] as const) {
    for (const shift of [0, 1, 2]) {
      // What stands before and after changes the first and last characters: only those in between are sure.
      const text = Buffer.concat([Buffer.alloc(shift), raw])
        .toString(encoding)
        .replace(/=+$/, '')
      forms.push({ form: `${encoding} +${shift}`, needle: Buffer.from(text.slice(shift === 0 ? 0 : 4, -2)) })
    }
  }
  return forms.filter(({ needle }) => needle.length >= needleBytesMin)
}

/** What was found, one sentence each. */
export function findCanaries(canaries: readonly Canary[], haystacks: readonly Haystack[]): string[] {
  return canaries.flatMap((canary) =>
    formsOf(canary).flatMap(({ form, needle }) =>
      haystacks
        .filter(({ bytes }) => bytes.includes(needle))
        .map(({ where }) => `${canary.what} (${form}) in ${where}`),
    ),
  )
}

/** Every file below a folder, and every name of one. */
export function filesAsHaystacks(folder: string): Haystack[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => statSync(join(folder, name)).isFile())
  return [
    { where: `names in ${folder}`, bytes: Buffer.from(names.join('\n')) },
    ...files.map((name) => ({ where: join(folder, name), bytes: readFileSync(join(folder, name)) })),
  ]
}
