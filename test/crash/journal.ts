// What a process did before it died, in order, and what an order that survives a loss of power demands. SIGKILL loses nothing that was written:
// a forgotten flush shows here alone.
import { readFileSync } from 'node:fs'

/** Something that was done, or a moment before or after it. Files and directories are known by their inode; `path`: for people. */
export type Effect =
  | { readonly do: 'moment'; readonly at: number; readonly what: string }
  /** Bytes, length, bits or time of a file or directory. */
  | { readonly do: 'write'; readonly inode: string; readonly path: string }
  /** A name in a directory came, went, or means something else. */
  | { readonly do: 'entry'; readonly inode: string; readonly path: string }
  /** A file that was made elsewhere has this name now. */
  | { readonly do: 'place'; readonly inode: string; readonly from: string; readonly path: string }
  /** A file or directory has no name any more. */
  | { readonly do: 'gone'; readonly inode: string }
  /** A flush begins, and when it has ended, what was done before it began is durable. No inode: of the whole file system. */
  | { readonly do: 'flush'; readonly flush: number; readonly inode?: string | undefined }
  | { readonly do: 'flushed'; readonly flush: number }
  /** Rows of the state are about to be written. */
  | { readonly do: 'batch'; readonly rows: number }
  /** A pack is sent, from its beginning. */
  | { readonly do: 'put'; readonly pack: string }
  /** An entry is sent that claims these packs. */
  | { readonly do: 'append'; readonly packs: readonly string[] }

/** Reads a journal; what a crash cut off at its end is left out. */
export function readJournal(path: string): Effect[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.flatMap((line) => {
    if (!line.endsWith('}')) return []
    return [JSON.parse(line) as Effect]
  })
}

/** The last moment that was reached. */
export function lastMoment(effects: readonly Effect[]): string {
  const last = effects.findLast((effect) => effect.do === 'moment')
  return last === undefined ? 'before the first moment' : `${last.at}: ${last.what}`
}

/** Where the synced folder and the home are. */
export interface Places {
  readonly folder: string
  readonly home: string
}

/** What was done too early, a sentence each. */
export function outOfOrder(effects: readonly Effect[], places: Places): string[] {
  const judge = new Judge(places)
  for (const effect of effects) judge.take(effect)
  return judge.complaints
}

/** What is not durable yet: where, and since which effect. */
interface Dirt {
  readonly path: string
  readonly since: number
}

class Judge {
  readonly complaints: string[] = []
  readonly #places: Places
  /** By inode: contents and bits, and names in directories. */
  readonly #contents = new Map<string, Dirt>()
  readonly #names = new Map<string, Dirt>()
  readonly #flushes = new Map<number, { readonly inode: string | undefined; readonly since: number }>()
  #count = 0

  constructor(places: Places) {
    this.#places = places
  }

  take(effect: Effect): void {
    this.#count += 1
    switch (effect.do) {
      case 'write':
        this.#contents.set(effect.inode, { path: effect.path, since: this.#count })
        return
      case 'entry':
        this.#names.set(effect.inode, { path: effect.path, since: this.#count })
        return
      case 'place':
        this.#checkPlace(effect)
        return
      case 'gone':
        this.#names.delete(effect.inode)
        this.#contents.delete(effect.inode)
        return
      case 'flush':
        this.#flushes.set(effect.flush, { inode: effect.inode, since: this.#count })
        return
      case 'flushed':
        this.#clean(effect.flush)
        return
      case 'batch':
        this.#checkAll('rows are written', (path) => this.#isInFolder(path))
        return
      case 'append':
        this.#checkAll('an entry is sent', (path) => path.startsWith(this.#places.home))
        return
      case 'moment':
      case 'put':
    }
  }

  /** Content comes before the name that shows it. */
  #checkPlace({ inode, path, from }: Extract<Effect, { do: 'place' }>): void {
    if (this.#contents.has(inode)) this.complaints.push(`${path} is ${from}, which was not flushed`)
  }

  /** Rows that tell of the folder come after what they tell of. */
  #checkAll(when: string, matters: (path: string) => boolean): void {
    for (const dirt of [this.#contents, this.#names])
      for (const { path } of dirt.values())
        if (matters(path)) this.complaints.push(`${when} before ${path} was flushed`)
  }

  /** What waits in the staging area, nobody relies on. */
  #isInFolder(path: string): boolean {
    const { folder } = this.#places
    const staging = `${folder}/.grenier/staging`
    const isStaged = path === staging || path.startsWith(`${staging}/`)
    return !isStaged && (path === folder || path.startsWith(`${folder}/`))
  }

  #clean(flush: number): void {
    const begun = this.#flushes.get(flush)
    if (begun === undefined) return
    for (const dirt of [this.#contents, this.#names])
      for (const [inode, { since }] of [...dirt])
        if (since < begun.since && (begun.inode ?? inode) === inode) dirt.delete(inode)
  }
}

/** Packs that were sent whole more often than once, although an entry claims them. */
export function claimedTwice(effects: readonly Effect[]): string[] {
  const puts = new Map<string, number>()
  const claimed = new Set<string>()
  for (const effect of effects) {
    if (effect.do === 'put') puts.set(effect.pack, (puts.get(effect.pack) ?? 0) + 1)
    if (effect.do === 'append') for (const pack of effect.packs) claimed.add(pack)
  }
  return [...puts].flatMap(([pack, times]) =>
    times > 1 && claimed.has(pack) ? [`pack ${pack} was sent ${times} times`] : [],
  )
}
