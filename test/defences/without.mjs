// Takes a defence out of the source as it is loaded, for a run of the tests that must then fail: `GRENIER_WITHOUT` names a file with the edits
// ([{ file, find, replace }] as JSON, files from the root of the repository). Without it, nothing happens here.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')
const path = process.env['GRENIER_WITHOUT']

/** Plugins of Vite: one, or none. */
export function without() {
  if (path === undefined) return []
  const edits = JSON.parse(readFileSync(path, 'utf8'))
  const transform = (code, id) => {
    const own = edits.filter(({ file }) => join(root, file) === id.split('?')[0])
    return own.length === 0 ? undefined : { code: own.reduce(edited, code), map: null }
  }
  return [{ name: 'grenier-without', enforce: 'pre', transform }]
}

/** Options of Vitest: what was edited is neither taken from the cache of transformed modules nor left in it. */
export const cacheOptions = path === undefined ? {} : { fsModuleCache: false }

function edited(code, { file, find, replace }) {
  const parts = code.split(find)
  if (parts.length !== 2) throw new Error(`found ${parts.length - 1} times in ${file}: ${find}`)
  return parts.join(replace)
}
