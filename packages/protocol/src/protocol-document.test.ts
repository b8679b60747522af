// docs/PROTOCOL.md says what the code does: its tables and its CDDL are compared with the lists, the limits and the schemas.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { clientMessage, clientMessageTypes } from './client-message.ts'
import { isRetryable, relayErrorCodes } from './error-codes.ts'
import { limits } from './limits.ts'
import { relayMessage, relayMessageTypes } from './relay-message.ts'

const text = readFileSync(new URL('../../../docs/PROTOCOL.md', import.meta.url), 'utf8')

/** The cells of the rows whose first cell is code, in the section with this heading; a code span stands without its ticks. */
function table(heading: string): string[][] {
  const section = text.split(/^## /m).find((part) => part.startsWith(heading)) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')),
  )
}

const cddl = /```cddl\n([^]*?)```/.exec(text)![1]!.replace(/;.*$/gm, '')

/** The fields in a piece of CDDL, sorted; optional ones with `?`. */
function fieldsOf(group: string): string[] {
  const inner = group.replace(/\{ 0\*8[^}]*\}/, 'map')
  const named = inner.matchAll(/(\? )?\b([A-Za-z]+): /g)
  const fields = Array.from(named, ([, optional, name]) => (optional === undefined ? name! : `? ${name!}`))
  const shared = group.includes('head-fields') ? ['sequence', 'hash', 'at'] : []
  return [...fields, ...shared].sort()
}

/** The fields of a schema, in the same form. */
function schemaFields(entries: Record<string, { type: string }>): string[] {
  return Object.entries(entries)
    .map(([name, { type }]) => (type === 'optional' ? `? ${name}` : name))
    .sort()
}

describe('docs/PROTOCOL.md', () => {
  it('lists every message, client first', () => {
    expect(table('2.').map(([type, from]) => [type, from])).toEqual([
      ...clientMessageTypes.map((type) => [type, 'client']),
      ...relayMessageTypes.map((type) => [type, 'relay']),
    ])
  })

  it('lists every limit with its number', () => {
    const listed = table('5.').map(([name, limit]) => [name, Number(limit)])
    expect(listed).toEqual(Object.entries(limits))
  })

  it('lists every error code, and whether it is retryable', () => {
    const listed = table('6.').map(([code, retryable]) => [code, retryable])
    expect(listed).toEqual(relayErrorCodes.map((code) => [code, isRetryable(code) ? 'yes' : 'no']))
  })

  const groups = new Map(
    cddl.split(/^(?=[a-z-]+ *= )/m).map((group) => [/type: "([a-z-]+)"/.exec(group)?.[1], group]),
  )

  it.each(
    [...clientMessage.options, ...relayMessage.options].flatMap((option) =>
      'entries' in option ? [option] : [],
    ),
  )('has the fields of $entries.type.literal in its CDDL', ({ entries }) => {
    const body = groups.get(entries.type.literal)
    expect(body === undefined ? [] : fieldsOf(body)).toEqual(schemaFields(entries))
  })

  const results = relayMessage.options.flatMap((option) => ('options' in option ? option.options : []))

  it.each(results)('has the fields of the result of $entries.re.literal in its CDDL', ({ entries }) => {
    const group = new RegExp(`\\( re: "${entries.re.literal}"(.*)\\)$`, 'm').exec(cddl)?.[1]
    const fields = group === undefined ? [] : [...fieldsOf(group), 'id', 're', 'type'].sort()
    expect(fields).toEqual(schemaFields(entries))
  })
})
