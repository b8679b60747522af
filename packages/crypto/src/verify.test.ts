// What the relay may import: the walk of everything that verify.ts reaches.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

function reached(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  const source = readFileSync(join(import.meta.dirname, file), 'utf8')
  for (const [, imported] of source.matchAll(/from '\.\/([^']+)'/g))
    if (imported !== undefined) reached(imported, seen)
  return seen
}

test('the relay reaches nothing that opens or seals content', () => {
  const files = reached('verify.ts')
  expect(files).toContain('log-state.ts')
  const opens = [
    'container.ts',
    'payload.ts',
    'kem-seal.ts',
    'seal-blob.ts',
    'epoch-key.ts',
    'subkeys.ts',
    'aead.ts',
    'aead-node.ts',
  ]
  for (const file of opens)
    expect(files, `verify.ts must not import ${file}, not even over others`).not.toContain(file)
})
