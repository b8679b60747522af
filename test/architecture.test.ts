// The house's own inspection: layers, sizes, names and the lists that documents promise. Each failure says what to do.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { relayErrorCodes } from '@grenier/protocol'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

function filesUnder(folder: string, extension: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules' || entry.name === 'dist') return []
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return filesUnder(path, extension)
    return entry.name.endsWith(extension) ? [path] : []
  })
}

const sources = ['crypto', 'protocol', 'relay', 'client'].flatMap((name) =>
  filesUnder(`packages/${name}/src`, '.ts'),
)
const production = sources.filter((path) => !/\.(test|contract|vectors)\.ts$/.test(path))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

interface Import {
  readonly from: string
  readonly to: string
  readonly typeOnly: boolean
}

function importsOf(path: string): Import[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g
  return [...read(path).matchAll(pattern)].map((match) => {
    const to = match[1] ?? match[2] ?? ''
    const typeOnly = /^\s*(?:import|export)\s+type\s/.test(match[0])
    return {
      from: path,
      to: to.startsWith('.') ? relative(root, resolve(root, dirname(path), to)) : to,
      typeOnly,
    }
  })
}

const imports = production.flatMap(importsOf)

/** Folders of the client, from the edge inward: a file imports its own folder and what stands further in. */
const clientLayers: readonly (readonly string[])[] = [
  ['cli'],
  ['engine'],
  ['archive', 'disk', 'content', 'log', 'relay', 'state', 'home'],
  ['sync'],
]

function layerOf(path: string): number | undefined {
  const folder = /^packages\/client\/src\/([^/]+)\//.exec(path)?.[1]
  const at = clientLayers.findIndex((layer) => folder !== undefined && layer.includes(folder))
  return at === -1 ? undefined : at
}

describe('layers', () => {
  const allowed: Record<string, RegExp> = {
    crypto: /^(?!@grenier\/)/,
    protocol: /^(?!@grenier\/)/,
    relay: /^(?!@grenier\/)|^@grenier\/(protocol|crypto\/verify)$/,
    client: /^(?!@grenier\/)|^@grenier\/(protocol|crypto(\/chunk-ids)?)$/,
  }

  test('packages import only what the design lets them', () => {
    const wrong = imports.filter(({ from, to }) => {
      const name = from.split('/')[1] ?? ''
      return (
        !(allowed[name] ?? /$^/).test(to) ||
        (to.startsWith('packages/') && !to.startsWith(`packages/${name}/`))
      )
    })
    expect(wrong, 'move the code to the package that may know this, or pass it in').toEqual([])
  })

  test('client folders import inward only', () => {
    const wrong = imports.filter(({ from, to }) => {
      const [outer, inner] = [layerOf(from), layerOf(to)]
      return outer !== undefined && inner !== undefined && inner < outer
    })
    expect(
      wrong,
      'own the interface where it is used, and let the outer layer pass the implementation in',
    ).toEqual([])
  })

  test('the pure core touches nothing of the world', () => {
    const core = /^packages\/(crypto|protocol)\/src\/|^packages\/client\/src\/sync\//
    const effects =
      /^(node:(fs|net|http|https|tls|child_process|os|worker_threads)(\/.*)?|level|ws|chokidar|tinypool)$/
    const wrong = imports.filter(({ from, to }) => core.test(from) && effects.test(to))
    expect(wrong, 'take an interface as a parameter; the edge implements it').toEqual([])
  })

  test('only the clock, timers and randomness that are passed in are used', () => {
    const edge =
      /(^packages\/relay\/src\/(cli|server|admin|tls)\/|\/cli\/|\/clock\.ts$|\/random\.ts$|watch|file-system-real|sync-process|home-files|dial-websocket)/
    const wrong = production
      .filter((path) => !edge.test(path))
      .filter((path) =>
        /\b(Date\.now|Math\.random|setTimeout|setInterval|performance\.now)\(/.test(read(path)),
      )
    expect(wrong, 'take Clock or Random as a parameter, so that the simulation owns it').toEqual([])
  })

  test('no circle of imports that run', () => {
    const graph = new Map<string, string[]>()
    for (const path of production) {
      graph.set(
        path,
        importsOf(path).flatMap(({ to, typeOnly }) => (!typeOnly && production.includes(to) ? [to] : [])),
      )
    }
    const circles: string[] = []
    const done = new Set<string>()
    const walk = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
      if (done.has(path) || trail.includes(path)) return
      for (const next of graph.get(path) ?? []) walk(next, [...trail, path])
      done.add(path)
    }
    for (const path of production) walk(path, [])
    expect(circles, 'let the inner file own the interface').toEqual([])
  })

  test('one file wraps each of the big libraries', () => {
    const wrapped: Record<string, RegExp> = {
      'libsodium-wrappers': /^packages\/crypto\/src\/sodium\.ts$/,
      'sodium-native': /^packages\/crypto\/src\/sodium-machine-code\.ts$/,
      '@scure/bip39': /^packages\/crypto\/src\//,
      chokidar: /^packages\/client\/src\/disk\/watch[a-z-]*\.ts$/,
      level: /^packages\/(relay|client)\/src\//,
      ws: /^packages\/(relay\/src\/server|client\/src\/relay)\//,
      tinypool: /^packages\/client\/src\/content\/worker-/,
    }
    const wrong = imports.filter(({ from, to }) => {
      const library = Object.keys(wrapped).find((name) => to === name || to.startsWith(`${name}/`))
      return library !== undefined && !(wrapped[library] ?? /$^/).test(from)
    })
    expect(wrong, 'use the wrapper').toEqual([])
  })
})

describe('sizes and names', () => {
  test('a file stays under 400 lines', () => {
    const long = production
      .map((path) => ({ path, lines: read(path).split('\n').length }))
      .filter(({ lines }) => lines > 400)
    expect(long, 'split it by noun or verb of the design').toEqual([])
  })

  test('folders are the domain, not the kind', () => {
    const wrong = sources.filter((path) =>
      /\/(utils?|helpers?|common|types|models|services|misc|lib)(\/|\.ts$)/.test(path),
    )
    expect(wrong, 'name it after what it is about').toEqual([])
  })

  test('files are named in kebab-case', () => {
    const wrong = sources.filter(
      (path) => !/\/[a-z0-9]+(-[a-z0-9]+)*(\.(test|contract|vectors))?\.ts$/.test(path),
    )
    expect(wrong).toEqual([])
  })

  test('each file begins by saying what it owns', () => {
    const wrong = production.filter((path) => !read(path).startsWith('// '))
    expect(wrong, 'two to six lines: what it owns, what it must not know').toEqual([])
  })

  test('no barrel but the public faces', () => {
    const wrong = production.filter((path) => /^export \*/m.test(read(path)))
    expect(wrong, 'export by name, from src/index.ts alone').toEqual([])
  })

  test('nothing is left over or switched off', () => {
    const marks = /\bas any\b|: any\b/
    const code = (path: string): string => read(path).replace(/'[^'\n]*'/g, "''")
    const words = /\b(TODO|FIXME|XXX|HACK)\b|eslint-disable|@ts-(ignore|expect-error)/
    expect(
      production.filter((path) => marks.test(code(path).replace(/\/\/.*$|\/\*\*?[^*]*\*\//gm, ''))),
    ).toEqual([])
    expect(production.filter((path) => words.test(read(path)))).toEqual([])
    const tests = sources.concat(filesUnder('test', '.ts')).filter((path) => path.endsWith('.test.ts'))
    const switched = /\b(it|test|describe)\.(skip|only|todo)\(/
    expect(tests.filter((path) => switched.test(read(path)))).toEqual([])
  })
})

describe('documents', () => {
  /** Members of a union of string literals, by the name of its type. */
  function unionIn(path: string, type: string): string[] {
    const body = new RegExp(`export type ${type} =([\\s\\S]*?)\\n\\n`).exec(`${read(path)}\n\n`)?.[1] ?? ''
    return [...body.replace(/\/\/.*$/gm, '').matchAll(/'([a-z-]+)'/g)].map((match) => match[1] ?? '')
  }

  test('docs/ERRORS.md lists every code', () => {
    const codes = [
      ...unionIn('packages/crypto/src/errors.ts', 'CryptoErrorCode'),
      ...unionIn('packages/client/src/errors.ts', 'ClientErrorCode'),
      ...unionIn('packages/client/src/sync/action.ts', 'ProblemCode'),
      ...unionIn('packages/client/src/sync/operations.ts', 'VoidReason'),
      ...unionIn('packages/client/src/relay/relay-failure.ts', 'UnreachableReason'),
      ...unionIn('packages/relay/src/errors.ts', 'LocalErrorCode'),
      ...relayErrorCodes,
    ]
    expect(codes.length).toBeGreaterThan(30)
    const document = read('docs/ERRORS.md')
    expect(
      codes.filter((code) => !document.includes(`\`${code}\``)),
      'describe the code in docs/ERRORS.md',
    ).toEqual([])
  })

  test('each label of the code is in docs/FORMAT.md or docs/PROTOCOL.md', () => {
    const labels = new Set(
      production.flatMap((path) =>
        [...read(path).matchAll(/'(grenier\/v1\/[^']+)'/g)].map(([, name = '']) => name),
      ),
    )
    expect(labels.size).toBeGreaterThan(30)
    const documents = read('docs/FORMAT.md') + read('docs/PROTOCOL.md')
    expect(
      [...labels].filter((label) => !new RegExp(`${label}(?![a-z0-9-])`).test(documents)),
      'say what it is for, in the table of labels of docs/FORMAT.md',
    ).toEqual([])
  })

  test('documents name only files that exist', () => {
    const documents = [...filesUnder('docs', '.md'), 'CONTRIBUTING.md']
    const named = documents.flatMap((document) =>
      [...read(document).matchAll(/`((?:packages|test|docs)\/[\w./-]+\.(?:ts|json|md))`/g)].map(
        ([, path = '']) => path,
      ),
    )
    expect(named.length).toBeGreaterThan(30)
    const lost = [...new Set(named)].filter((path) => !existsSync(join(root, path)))
    expect(lost, 'the file was renamed or removed: name the one that is there').toEqual([])
  })

  test('every dependency has a line that says why', () => {
    const why = filesUnder('docs/decisions', '.md').map(read).join('\n')
    const manifests = ['crypto', 'protocol', 'relay', 'client'].map((name) => `packages/${name}/package.json`)
    const names = manifests.flatMap((path) => {
      const manifest = JSON.parse(read(path)) as { dependencies?: Record<string, string> }
      return Object.keys(manifest.dependencies ?? {})
    })
    const silent = [...new Set(names)].filter(
      (name) => !name.startsWith('@grenier/') && !why.includes(`\`${name}\``),
    )
    expect(silent, 'add a line to docs/decisions/').toEqual([])
  })

  test('no tracked document is empty', () => {
    const empty = filesUnder('docs', '.md').filter((path) => statSync(join(root, path)).size < 200)
    expect(empty).toEqual([])
  })
})
