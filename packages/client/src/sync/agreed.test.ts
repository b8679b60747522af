// Base follows field by field.
import { describe, expect, it } from 'vitest'
import { agreedBase, committedBase, mergedIn } from './agreed.ts'
import { directory, file, link, nameOf } from './plan-model.contract.ts'
import { rootId, type NodeValue, type Row } from './tree.ts'

const row = (name: string, value: NodeValue): Row => ({ parent: rootId, name: nameOf(name), value })

describe('the base row that follows', () => {
  it('is what both sides have', () => {
    const now = row('b', file('new', { mtimeNs: 2n }))
    expect(agreedBase({ base: row('a', file('old')), local: now, remote: now })).toEqual(now)
    expect(agreedBase({ local: now, remote: now })).toEqual(now)
  })

  it('goes when both sides lost the node, and stays when one did', () => {
    const base = row('a', file('old'))
    expect(agreedBase({ base })).toBeUndefined()
    expect(agreedBase({ base, local: base })).toBe(base)
    expect(agreedBase({ base, remote: base })).toBe(base)
    expect(agreedBase({ local: base })).toBeUndefined()
  })

  it('takes over the content while the place is open, and the place while the content is', () => {
    const base = row('a', file('old'))
    const content = { base, local: row('b', file('new')), remote: row('a', file('new')) }
    expect(agreedBase(content)).toEqual(row('a', file('new')))
    const place = { base, local: row('b', file('mine')), remote: row('b', file('theirs')) }
    expect(agreedBase(place)).toEqual(row('b', file('old')))
  })

  it('keeps the marks that the sides disagree on', () => {
    const base = row('a', file('old', { mode: 0o600, mtimeNs: 1n }))
    const local = row('a', file('new', { mode: 0o600, mtimeNs: 2n }))
    const remote = row('a', file('new', { mode: 0o644, mtimeNs: 3n }))
    expect(agreedBase({ base, local, remote })).toEqual(row('a', file('new', { mode: 0o600, mtimeNs: 1n })))
  })

  it('is the local one where there was none, so that the remote one is applied', () => {
    const [local, remote] = [row('d', directory(0o700)), row('d', directory(0o755))]
    expect(agreedBase({ local, remote })).toEqual(local)
    expect(agreedBase({ local: row('l', link('t', 1n)), remote: row('l', link('t', 2n)) })).toEqual(
      row('l', link('t', 1n)),
    )
  })

  it('takes over nothing of content that was not read, or of another kind', () => {
    const base = row('a', file('old'))
    const unread = row('a', { ...file('old'), content: undefined } as NodeValue)
    expect(agreedBase({ base, local: unread, remote: base })).toEqual(base)
    expect(agreedBase({ local: unread, remote: base })).toBeUndefined()
    expect(agreedBase({ base, local: row('a', directory()), remote: base })).toBe(base)
  })
})

describe('the base row after a value was sent', () => {
  const base = row('a', file('old', { mode: 0o600, mtimeNs: 1n }))

  it('is what was sent, whatever became of it here since', () => {
    const sent = row('b', file('new', { mode: 0o644, mtimeNs: 2n }))
    const merged = mergedIn(sent, { base, remote: base })
    expect(merged).toEqual([])
    // What the log had removed, and what was new.
    expect(mergedIn(sent, { base, local: sent })).toEqual([])
    expect(mergedIn(sent, { local: sent, remote: base })).toEqual([])
    expect(committedBase({ base, remote: sent }, merged)).toEqual(sent)
    expect(committedBase({ base: undefined, remote: sent }, merged)).toEqual(sent)
  })

  it('lacks what the log had and was sent along: that has yet to be applied', () => {
    const remote = row('b', file('theirs', { mode: 0o600, mtimeNs: 3n }))
    const sent = row('b', file('theirs', { mode: 0o755, mtimeNs: 3n }))
    const merged = mergedIn(sent, { base, remote })
    expect(merged).toEqual(['place', 'substance', 'time'])
    const after = row('a', file('old', { mode: 0o755, mtimeNs: 1n }))
    expect(committedBase({ base, remote: sent }, merged)).toEqual(after)
    const [before, now] = [row('d', directory(0o700)), row('d', directory(0o755))]
    expect(mergedIn(now, { base: before, local: before, remote: now })).toEqual(['mode'])
    // What is here as well was agreed on.
    expect(mergedIn(now, { base: before, local: now, remote: now })).toEqual([])
    expect(committedBase({ base: before, remote: now }, ['mode'])).toEqual(before)
  })
})
