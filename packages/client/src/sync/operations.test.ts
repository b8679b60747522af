import { chunkId, type ChangePayload, type NodeRef, type Operation, type PutNode } from '@grenier/crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nameToBytes, type Name } from './name.ts'
import { applyOperations, keptBytesMax, type Outcome } from './operations.ts'
import { depthMax, type RemoteView } from './remote-draft.ts'
import { logPlaceOf, nodeIdOf, rootId, type NodeId, type Row } from './tree.ts'

const known = chunkId(new Uint8Array(32).fill(1))
const listed = chunkId(new Uint8Array(32).fill(2))
const nowhere = chunkId(new Uint8Array(32).fill(3))

const fileNode = (...chunks: Extract<PutNode, { kind: 'file' }>['chunks']): PutNode => ({
  kind: 'file',
  mode: 0o644,
  mtimeNs: 1n,
  sizeBytes: chunks.length,
  depth: 0,
  chunks,
})
const dirNode: PutNode = { kind: 'directory', mode: 0o755 }
const linkNode: PutNode = { kind: 'link', mtimeNs: 1n, target: Uint8Array.of(1) }
const kinds = { file: fileNode(), directory: dirNode, link: linkNode }

const at = (sequence: number | 'this', index: number): NodeRef => ({ sequence, index })
const called = (name: string): { bytes: Uint8Array } => ({ bytes: nameToBytes(name) })
const put = (
  parent: NodeRef,
  name: string,
  ...[node = fileNode(), replaces]: [PutNode?, NodeRef?]
): Operation => ({
  op: 'put',
  parent,
  name: called(name),
  node,
  ...(replaces && { replaces }),
})
const remove = (node: NodeRef): Operation => ({ op: 'remove', node })
const move = (node: NodeRef, parent: NodeRef, ...[name, replaces]: [string, NodeRef?]): Operation => ({
  op: 'move',
  node,
  parent,
  name: called(name),
  ...(replaces && { replaces }),
})

type Tree = ReadonlyMap<NodeId, Row>

function viewOf(tree: Tree): RemoteView {
  const children = (parent: NodeId): { name: Name; id: NodeId }[] =>
    [...tree].flatMap(([id, row]) => (row.parent === parent ? [{ name: row.name, id }] : []))
  return {
    row: (id) => tree.get(id),
    child: (parent, name) => children(parent).find((child) => child.name === name)?.id,
    children: async function* (parent) {
      yield* await Promise.resolve(children(parent))
    },
    hasPlace: (chunk) => Buffer.compare(chunk, known) === 0 || Buffer.compare(chunk, listed) === 0,
  }
}

const index = [{ pack: 0, chunks: [{ id: listed, plainBytes: 1, storedBytes: 1 }] }]

async function applied(tree: Tree, sequence: number, operations: Operation[]): Promise<Tree | Outcome> {
  const payload: ChangePayload = { operations, index }
  const outcome = await applyOperations({ sequence, payload }, viewOf(tree))
  if (outcome.void !== undefined) return outcome
  const after = new Map(tree)
  for (const [id, row] of outcome.rows) {
    if (row === undefined) after.delete(id)
    else after.set(id, row)
  }
  return after
}

/** `path kind id`, sorted. */
function shown(tree: Tree | Outcome): string[] {
  if (!(tree instanceof Map)) return [JSON.stringify(tree)]
  const pathOf = (id: NodeId): string => {
    const row = (tree as Tree).get(id)!
    return row.parent === rootId ? row.name : `${pathOf(row.parent)}/${row.name}`
  }
  return [...(tree as Tree)].map(([id, row]) => `${pathOf(id)} ${row.value.kind} ${id}`).sort()
}

/** d/ (1.0) with d/f (1.1), d/e/ (1.2), d/e/g (1.3); f (1.4); l (1.5). */
async function sample(): Promise<Tree> {
  const tree = await applied(new Map(), 1, [
    put('root', 'd', dirNode),
    put(at('this', 0), 'f'),
    put(at('this', 0), 'e', dirNode),
    put(at(1, 2), 'g'),
    put('root', 'f'),
    put('root', 'l', linkNode),
  ])
  return tree as Tree
}

const before = [
  'd directory 1.0',
  'd/e directory 1.2',
  'd/e/g file 1.3',
  'd/f file 1.1',
  'f file 1.4',
  'l link 1.5',
]
const without = (...gone: string[]): string[] => before.filter((line) => !gone.includes(line))

const applying: [string, Operation[], string[]][] = [
  ['makes the nodes of a new tree', [], before],
  ['keeps the id of a file that is put again', [put('root', 'f', fileNode({ id: known }))], before],
  ['keeps the id of a directory that is put again, and what is in it', [put('root', 'd', dirNode)], before],
  ['removes a file', [remove(at(1, 4))], without('f file 1.4')],
  ['removes a directory with everything below it', [remove(at(1, 0))], ['f file 1.4', 'l link 1.5']],
  [
    'replaces a file by a directory',
    [put('root', 'f', dirNode, at(1, 4))],
    [...without('f file 1.4'), 'f directory 2.0'].sort(),
  ],
  [
    'replaces a directory by a link, whole',
    [put('root', 'd', linkNode, at(1, 0))],
    ['d link 2.0', 'f file 1.4', 'l link 1.5'],
  ],
  [
    'gives a new id to what is named as replaced, of the same kind too',
    [put('root', 'f', fileNode(), at(1, 4))],
    [...without('f file 1.4'), 'f file 2.0'].sort(),
  ],
  [
    'moves a subtree with one row',
    [move(at(1, 2), 'root', 'x')],
    ['d directory 1.0', 'd/f file 1.1', 'f file 1.4', 'l link 1.5', 'x directory 1.2', 'x/g file 1.3'],
  ],
  [
    'moves over what is named as replaced',
    [move(at(1, 1), 'root', 'f', at(1, 4))],
    ['d directory 1.0', 'd/e directory 1.2', 'd/e/g file 1.3', 'f file 1.1', 'l link 1.5'],
  ],
  [
    'swaps two names through a third',
    [move(at(1, 4), 'root', 't'), move(at(1, 5), 'root', 'f'), move(at(1, 4), 'root', 'l')],
    ['d directory 1.0', 'd/e directory 1.2', 'd/e/g file 1.3', 'd/f file 1.1', 'f link 1.5', 'l file 1.4'],
  ],
  [
    'empties a directory before it removes it',
    [move(at(1, 3), 'root', 'g'), remove(at(1, 0))],
    ['f file 1.4', 'g file 1.3', 'l link 1.5'],
  ],
  [
    'puts into a directory that was moved before',
    [move(at(1, 0), 'root', 'n'), put(at(1, 0), 'h')],
    [
      'f file 1.4',
      'l link 1.5',
      'n directory 1.0',
      'n/e directory 1.2',
      'n/e/g file 1.3',
      'n/f file 1.1',
      'n/h file 2.1',
    ],
  ],
  [
    'puts what was removed anew, under a new id',
    [remove(at(1, 4)), put('root', 'f')],
    [...without('f file 1.4'), 'f file 2.1'].sort(),
  ],
  ['allows our name below the root', [put(at(1, 0), '.grenier')], [...before, 'd/.grenier file 2.0'].sort()],
  [
    'knows chunks of its own lists by place and by id',
    [put('root', 'f', fileNode({ pack: 0, chunk: 0 }, { id: listed }))],
    before,
  ],
]

const voids: [string, Operation[], object][] = [
  ['a parent that is not there', [put(at(9, 9), 'x')], { void: 'parent-missing', operation: 0 }],
  ['a parent that is a file', [put(at(1, 4), 'x')], { void: 'parent-missing', operation: 0 }],
  [
    'a parent that went before',
    [remove(at(1, 0)), put(at(1, 2), 'x')],
    { void: 'parent-missing', operation: 1 },
  ],
  ['another kind over a name, unnamed', [put('root', 'f', dirNode)], { void: 'name-taken', operation: 0 }],
  [
    'a replaced node that has another name',
    [put('root', 'f', dirNode, at(1, 5))],
    { void: 'replaced-wrong', operation: 0 },
  ],
  [
    'a replaced node where nothing is',
    [put('root', 'x', dirNode, at(1, 4))],
    { void: 'replaced-wrong', operation: 0 },
  ],
  ['our name at the root', [put('root', '.grenier')], { void: 'name-wrong', operation: 0 }],
  [
    'a move to our name at the root',
    [move(at(1, 4), 'root', '.grenier')],
    { void: 'name-wrong', operation: 0 },
  ],
  ['a name that is none', [put('root', 'a/b')], { void: 'name-wrong', operation: 0 }],
  ['removing what is not there', [remove(at(1, 9))], { void: 'node-missing', operation: 0 }],
  ['removing twice', [remove(at(1, 4)), remove(at(1, 4))], { void: 'node-missing', operation: 1 }],
  ['removing the root', [remove('root')], { void: 'node-missing', operation: 0 }],
  ['moving the root', [move('root', at(1, 0), 'x')], { void: 'node-missing', operation: 0 }],
  ['moving a directory into itself', [move(at(1, 0), at(1, 0), 'x')], { void: 'cycle', operation: 0 }],
  ['moving a directory below itself', [move(at(1, 0), at(1, 2), 'x')], { void: 'cycle', operation: 0 }],
  ['moving onto a name that is taken', [move(at(1, 1), 'root', 'f')], { void: 'name-taken', operation: 0 }],
  ['moving onto itself', [move(at(1, 4), 'root', 'f')], { void: 'name-taken', operation: 0 }],
  [
    'moving onto itself as replaced',
    [move(at(1, 4), 'root', 'f', at(1, 4))],
    { void: 'replaced-wrong', operation: 0 },
  ],
  [
    'replacing the directory that holds the node',
    [move(at(1, 3), 'root', 'd', at(1, 0))],
    { void: 'replaced-wrong', operation: 0 },
  ],
  [
    'a chunk that has no place',
    [put('root', 'x', fileNode({ id: nowhere }))],
    { void: 'chunk-missing', operation: 0 },
  ],
  [
    'a place that the lists do not have',
    [put('root', 'x', fileNode({ pack: 0, chunk: 1 }))],
    { void: 'chunk-missing', operation: 0 },
  ],
  [
    'unknown keys without bound',
    [{ ...put('root', 'x'), unknown: new Uint8Array(keptBytesMax + 1) }],
    { void: 'kept-too-large', operation: 0 },
  ],
  [
    'one fault among many',
    [put('root', 'x'), put('root', 'y'), remove(at(7, 7)), put('root', 'z')],
    { void: 'node-missing', operation: 2 },
  ],
]

describe('the operations of an entry', () => {
  it.each(applying)('%s', async (_, operations, expected) => {
    expect(shown(await applied(await sample(), 2, operations))).toEqual(expected)
  })

  it.each(voids)('are void, all of them, with %s', async (_, operations, expected) => {
    expect(await applied(await sample(), 2, operations)).toEqual(expected)
  })

  it('resolve chunks to ids, by place and by id', async () => {
    const tree = (await applied(new Map(), 3, [
      put('root', 'a', fileNode({ pack: 0, chunk: 0 }, { id: known })),
    ])) as Tree
    const { value } = tree.get(nodeIdOf(3, 0))!
    expect(value).toMatchObject({ content: Uint8Array.of(0, ...listed, ...known) })
  })

  it('keep the unknown keys of the last put of a node, and not those of one that went', async () => {
    const unknown = Uint8Array.of(0xa1, 0x61, 0x78, 0x01)
    const kept = async (operations: Operation[]): Promise<unknown> => {
      const outcome = await applyOperations(
        { sequence: 2, payload: { operations, index: [] } },
        viewOf(await sample()),
      )
      return outcome.void === undefined && [...outcome.kept]
    }
    expect(await kept([{ ...put('root', 'f'), unknown }])).toEqual([['1.4', unknown]])
    expect(await kept([{ ...put('root', 'f'), unknown }, put('root', 'f')])).toEqual([['1.4', undefined]])
    expect(await kept([{ ...move(at(1, 4), 'root', 'm'), unknown }])).toEqual([])
  })

  it('end at a depth that no path can reach', async () => {
    const operations = Array.from({ length: depthMax + 2 }, (_, i) =>
      put(i === 0 ? 'root' : at('this', i - 1), 'd', dirNode),
    )
    expect(await applied(new Map(), 1, operations.slice(0, -1))).toBeInstanceOf(Map)
    expect(await applied(new Map(), 1, operations)).toEqual({ void: 'too-deep', operation: depthMax + 1 })
  })
})

/** A tree as nested maps: the naive model. */
interface Model {
  readonly id: NodeId
  readonly kind: string
  readonly inside: Map<string, Model>
}

/** Picks one of the nodes that are there when the entry begins, the root, a node of the entry itself, or one that never was. */
const pick = fc.nat(19)
const strangers: Partial<Record<number, NodeRef>> = { 18: at('this', 0), 19: at(99, 99) }
const rough = fc.record({
  op: fc.constantFrom('put' as const, 'put' as const, 'put' as const, 'move' as const, 'remove' as const),
  node: pick,
  parent: pick,
  replaces: fc.tuple(fc.nat(3), pick).map(([roll, picked]) => (roll === 0 ? picked : undefined)),
  name: fc.constantFrom('a', 'b', 'c'),
  kind: fc.constantFrom('file' as const, 'directory' as const, 'directory' as const, 'link' as const),
})

function operationOf(
  each: typeof rough extends fc.Arbitrary<infer T> ? T : never,
  there: readonly NodeRef[],
): Operation {
  const picked = (index: number): NodeRef => strangers[index] ?? there[index % there.length]!
  if (each.op === 'remove') return remove(picked(each.node))
  const replaces = each.replaces === undefined ? undefined : picked(each.replaces)
  if (each.op === 'put') return put(picked(each.parent), each.name, kinds[each.kind], replaces)
  return move(picked(each.node), picked(each.parent), each.name, replaces)
}

function refsOf(model: Model): NodeRef[] {
  const below = [...model.inside.values()].flatMap(refsOf)
  const place = logPlaceOf(model.id)
  return place === undefined ? ['root', ...below] : [at(place.sequence, place.index), ...below]
}

describe('the operations of entries beside a naive model', () => {
  it('give the same tree, and are void together', async () => {
    const entries = fc.array(fc.array(rough, { minLength: 1, maxLength: 3 }), {
      minLength: 10,
      maxLength: 20,
    })
    const counts = { applied: 0, void: 0 }
    await fc.assert(
      fc.asyncProperty(entries, async (all) => {
        let tree: Tree = new Map()
        let model: Model = { id: rootId, kind: 'directory', inside: new Map() }
        for (const [number, some] of all.entries()) {
          const there = refsOf(model)
          const operations = some.map((each) => operationOf(each, there))
          const trial = structuredClone(model)
          const works = operations.every((each, position) =>
            applyNaively(trial, each, { sequence: number + 1, position }),
          )
          const after = await applied(tree, number + 1, operations)
          expect(after instanceof Map).toBe(works)
          counts[works ? 'applied' : 'void'] += 1
          if (!works) continue
          tree = after as Tree
          model = trial
          expect(shown(tree)).toEqual(listNaively(model, '').sort())
        }
      }),
      { numRuns: 300 },
    )
    expect(counts.applied).toBeGreaterThan(500)
    expect(counts.void).toBeGreaterThan(500)
  })
})

interface Found {
  readonly model: Model
  readonly holder: Model | undefined
  readonly name: string
}

function findNaively(model: Model, id: NodeId, up?: { holder: Model; name: string }): Found | undefined {
  if (model.id === id) return { model, holder: up?.holder, name: up?.name ?? '' }
  for (const [name, child] of model.inside) {
    const found = findNaively(child, id, { holder: model, name })
    if (found) return found
  }
  return undefined
}

function applyNaively(root: Model, each: Operation, place: { sequence: number; position: number }): boolean {
  const find = (to: NodeRef): Found | undefined =>
    findNaively(
      root,
      to === 'root' ? rootId : nodeIdOf(to.sequence === 'this' ? place.sequence : to.sequence, to.index),
    )
  if (each.op === 'remove') {
    const found = find(each.node)
    return found?.holder?.inside.delete(found.name) === true
  }
  const parent = find(each.parent)?.model
  const name = Buffer.from(each.name.bytes).toString()
  if (parent?.kind !== 'directory') return false
  const holder = parent.inside.get(name)
  const replaced = each.replaces && find(each.replaces)?.model
  if (each.replaces && (replaced === undefined || replaced !== holder)) return false
  if (each.op === 'put') {
    const { kind } = each.node
    if (holder && !replaced) return holder.kind === kind
    parent.inside.set(name, { id: nodeIdOf(place.sequence, place.position), kind, inside: new Map() })
    return true
  }
  const found = find(each.node)
  if (found?.holder === undefined || (holder && !replaced)) return false
  if (findNaively(found.model, parent.id) || (replaced && findNaively(replaced, found.model.id))) return false
  found.holder.inside.delete(found.name)
  parent.inside.set(name, found.model)
  return true
}

function listNaively(model: Model, path: string): string[] {
  return [...model.inside].flatMap(([name, child]) => {
    const at = path === '' ? name : `${path}/${name}`
    return [`${at} ${child.kind} ${child.id}`, ...listNaively(child, at)]
  })
}
