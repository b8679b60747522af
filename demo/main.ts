// `npm start`: a relay and two devices on this machine, two folders that follow each other, and what the relay sees of it. Everything it
// starts is stopped, and everything it makes is removed or said.
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve, sep } from 'node:path'
import { parseArgs } from 'node:util'
import { CommandFailure, Commands, numberOf, textOf, type Line, type RunningCommand } from './commands.ts'
import { relayView } from './relay-view.ts'
import { contentsOf, fillSample, sameContents } from './sample.ts'
import { languageOf, printable, sizeText, wordsOf, type Language, type Words } from './words.ts'

/** Packs that are listed at most. */
const packsListed = 8
/** The relay's sum is told when nothing has changed for this long. */
const quietMs = 800
/** Signals that come closer than this are one. */
const sameMs = 300

/** One device with its folder. */
interface Device {
  readonly name: string
  readonly home: string
  readonly folder: string
  /** Made by us, in the temporary place. */
  readonly temporary: boolean
  /** A `.grenier` that was there before us is not ours to remove. */
  readonly marked: boolean
}

interface Asked {
  readonly folders: readonly string[]
  readonly once: boolean
  readonly language: Language
}

class Demonstration {
  readonly #asked: Asked
  readonly #words: Words
  readonly #commands = new Commands()
  readonly #place: string
  readonly #stop = Promise.withResolvers<undefined>()
  readonly #devices: readonly [Device, Device]
  readonly #sample: Map<string, string> | undefined
  #relay: RunningCommand | undefined
  #url = ''
  #joined = 0
  #stopping = false
  #stoppingSinceMs = Number.NEGATIVE_INFINITY
  #quiet: NodeJS.Timeout | undefined
  #told = ''

  constructor(asked: Asked) {
    this.#asked = asked
    this.#words = wordsOf(asked.language)
    this.#place = realpathSync(mkdtempSync(join(tmpdir(), 'grenier-demo-')))
    const [first, second] = this.#words.devices
    this.#devices = [this.#device(first, asked.folders[0]), this.#device(second, asked.folders[1])]
    if (asked.folders.length > 0) return
    fillSample(this.#devices[0].folder, asked.language)
    this.#sample = contentsOf(this.#devices[0].folder)
  }

  /** All of it. Returns the exit code. */
  async run(): Promise<number> {
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
    for (const signal of signals) process.on(signal, this.#interrupt)
    process.on('exit', () => this.#commands.killAll())
    let code = 1
    try {
      this.#say(this.#words.title)
      await this.#prepare()
      code = this.#asked.once ? await this.#agree() : await this.#live()
    } catch (error) {
      code = this.#failed(error)
    } finally {
      await this.#leave()
      for (const signal of signals) process.off(signal, this.#interrupt)
    }
    return code
  }

  #device(name: string, folder: string | undefined): Device {
    const path = folder ?? join(this.#place, name)
    if (!existsSync(path)) mkdirSync(path, { recursive: true })
    return {
      name,
      home: join(this.#place, `home of ${name}`),
      folder: realpathSync(path),
      temporary: folder === undefined,
      marked: existsSync(join(path, '.grenier')),
    }
  }

  readonly #interrupt = (): void => {
    // One Ctrl-C may come twice: from the terminal, and from npm.
    if (performance.now() - this.#stoppingSinceMs < sameMs) return
    // Once more: at once, with what is left behind.
    if (this.#stopping) process.exit(130)
    this.#stopping = true
    this.#stoppingSinceMs = performance.now()
    this.#say(`\n${this.#words.stopping}`)
    if (this.#joined < 2 || this.#asked.once) this.#commands.interrupt()
    this.#stop.resolve(undefined)
  }

  async #prepare(): Promise<void> {
    const [first, second] = this.#devices
    this.#say(this.#words.startRelay)
    await this.#startRelay()
    this.#say(this.#words.startDevices)
    const setup = ['setup', this.#url, '--device-name', first.name]
    await this.#grenier(first, [...setup, '--phrase-out', join(this.#place, 'words.txt')])
    this.#say(this.#words.sending(printable(first.folder)))
    await this.#grenier(first, ['add', first.folder])
    this.#joined = 1
    const invited = await this.#grenier(first, ['invite', first.folder])
    const code = textOf(
      invited.find((line) => line['event'] === 'invite'),
      'code',
    )
    this.#say(this.#words.fetching(printable(second.folder)))
    await this.#grenier(second, ['join', '-', second.folder, '--device-name', second.name], code)
    this.#joined = 2
  }

  async #startRelay(): Promise<void> {
    const ready = Promise.withResolvers<string>()
    const relay = this.#commands.start({
      name: 'grenier-relay',
      args: ['serve', '--data', this.#data, '--listen', '127.0.0.1:0', '--registration', 'open', '--json'],
      onLine: (line) => {
        if (line['event'] === 'ready') ready.resolve(textOf(line, 'url'))
      },
    })
    this.#relay = relay
    const failed = relay.ended.then((ended) => {
      throw new CommandFailure('grenier-relay serve', ended)
    })
    failed.catch(() => undefined)
    this.#url = await Promise.race([ready.promise, failed])
  }

  get #data(): string {
    return join(this.#place, 'relay')
  }

  /** Until the log of both is the same, and what could be synced is. */
  async #agree(): Promise<number> {
    const [first, second] = this.#devices
    for (;;) {
      const one = summaryOf(await this.#grenier(first, ['sync', first.folder, '--once']))
      const other = summaryOf(await this.#grenier(second, ['sync', second.folder, '--once']))
      if (JSON.stringify(one['head']) !== JSON.stringify(other['head'])) continue
      this.#tellFolders()
      this.#tellRelay()
      const files = numberOf(one, 'files').toLocaleString(this.#asked.language)
      this.#say(this.#words.agree(files, this.#size(numberOf(one, 'bytes'))))
      return Math.max(numberOf(one, 'exitCode'), numberOf(other, 'exitCode'))
    }
  }

  /** Until Ctrl-C, or until one of the three ends by itself. */
  async #live(): Promise<number> {
    const syncs = this.#devices.map((device) =>
      this.#commands.start({
        name: 'grenier',
        args: ['sync', device.folder, '--json', '--lang', this.#asked.language],
        environment: { GRENIER_HOME: device.home },
        onLine: (line) => this.#tellEvent(device, line),
      }),
    )
    this.#tellFolders()
    this.#tellRelay()
    this.#say(this.#words.howToStop)
    const running = this.#relay === undefined ? syncs : [...syncs, this.#relay]
    const ended = running.map(async (one) => ({ one, ended: await one.ended }))
    const first = await Promise.race([...ended, this.#stop.promise])
    await Promise.all(syncs.map((one) => one.stop()))
    clearTimeout(this.#quiet)
    if (first === undefined) return 0
    const what = first.one === this.#relay ? 'grenier-relay' : 'grenier sync'
    this.#say(this.#words.ended(what, String(first.ended.code)))
    this.#say(first.ended.words.trim())
    return first.ended.code || 1
  }

  #tellFolders(): void {
    const [first, second] = this.#devices
    const { relay, dropHere, orHere } = this.#words
    const width = Math.max(relay.length, first.name.length, second.name.length) + 2
    this.#say('')
    this.#say(`  ${relay.padEnd(width)}${this.#url}`)
    this.#say(`  ${first.name.padEnd(width)}${printable(first.folder)}  ${this.#asked.once ? '' : dropHere}`)
    this.#say(`  ${second.name.padEnd(width)}${printable(second.folder)}  ${this.#asked.once ? '' : orHere}`)
    this.#say('')
  }

  #tellRelay(): void {
    const { packs, restBytes } = relayView(this.#data)
    this.#say(this.#words.relayHolds)
    for (const { name, sizeBytes } of packs.slice(0, packsListed))
      this.#say(`  ${name}  ${sizeBytes.toLocaleString(this.#asked.language).padStart(11)}`)
    if (packs.length > packsListed) this.#say(`  ${this.#words.more(packs.length - packsListed)}`)
    this.#say(`  ${this.#words.relayRest(this.#size(restBytes))}`)
    this.#say('')
  }

  #tellEvent(device: Device, line: Line): void {
    const path = printable(textOf(line, 'path'))
    const tell = (text: string): void => {
      const time = new Date().toLocaleTimeString(this.#asked.language)
      this.#say(`${time}  ${device.name.padEnd(8)} ${text}`)
    }
    if (line['event'] === 'change') {
      const action = textOf(line, 'action')
      const { put, remove, move } = this.#words.actions
      const done = action === 'remove' ? remove : action === 'move' ? move : put
      const from = textOf(line, 'from') === '' ? '' : `${printable(textOf(line, 'from'))} → `
      tell(`${line['direction'] === 'up' ? '↑' : '↓'} ${done} ${from}${path}`)
      this.#tellRelaySoon()
    } else if (line['event'] === 'conflict')
      tell(this.#words.conflict(path, printable(textOf(line, 'keptAs'))))
    else if (line['event'] === 'problem') tell(this.#words.problem(path, textOf(line, 'code')))
    else if (line['event'] === 'state' && line['state'] === 'offline') tell(this.#words.offline)
  }

  #tellRelaySoon(): void {
    clearTimeout(this.#quiet)
    this.#quiet = setTimeout(() => void this.#tellRelaySum().catch(() => undefined), quietMs)
  }

  /** The hoster's own view: sums of an account that has no name. */
  async #tellRelaySum(): Promise<void> {
    const args = ['account', 'list', '--data', this.#data, '--json']
    const lines = await this.#commands.run({ name: 'grenier-relay', args })
    const account = lines.find((line) => 'usedBytes' in line)
    if (account === undefined || this.#stopping) return
    const entries = numberOf(account, 'entries').toLocaleString(this.#asked.language)
    const text = this.#words.relayNow(this.#size(numberOf(account, 'usedBytes')), entries)
    if (text !== this.#told) this.#say(`          ${text}`)
    this.#told = text
  }

  /** Stops, forgets, removes, and says what stays where. */
  async #leave(): Promise<void> {
    this.#commands.resume()
    for (const device of this.#devices) await this.#forget(device)
    await this.#relay?.stop()
    const [first, second] = this.#devices
    const untouched =
      this.#sample !== undefined &&
      [first, second].every(
        ({ folder }) =>
          contentsOf(folder).size === 0 || sameContents(this.#sample ?? new Map(), contentsOf(folder)),
      )
    for (const gone of ['relay', 'words.txt'])
      rmSync(join(this.#place, gone), { recursive: true, force: true })
    for (const device of this.#devices) rmSync(device.home, { recursive: true, force: true })
    this.#say('')
    this.#say(this.#words.leftRelay)
    if (untouched) this.#say(this.#words.leftNothing)
    else for (const device of this.#devices) this.#tellLeft(device)
    const empty = this.#devices.every(({ temporary, folder }) => !temporary || contentsOf(folder).size === 0)
    if (untouched || empty) rmSync(this.#place, { recursive: true, force: true })
  }

  #tellLeft({ folder, temporary }: Device): void {
    if (!temporary) this.#say(this.#words.left(printable(folder)))
    else if (contentsOf(folder).size > 0) this.#say(this.#words.leftCopy(printable(folder)))
  }

  /** So that the folder can be synced again, by us or for real. */
  async #forget(device: Device): Promise<void> {
    const own = join(device.folder, '.grenier')
    if (device.marked || !existsSync(own)) return
    await this.#grenier(device, ['forget', device.folder]).catch(() => undefined)
    rmSync(own, { recursive: true, force: true })
    if (existsSync(own)) this.#say(this.#words.leftMark(printable(device.folder)))
  }

  async #grenier(device: Device, args: readonly string[], input = ''): Promise<Line[]> {
    return await this.#commands.run({
      name: 'grenier',
      args: [...args, '--json', '--lang', this.#asked.language],
      environment: { GRENIER_HOME: device.home },
      input,
      onLine: (line) => this.#tellProgress(line),
    })
  }

  /** On a terminal, one line that is redrawn: a large folder takes a while. */
  #tellProgress(line: Line): void {
    if (!process.stdout.isTTY || process.env['TERM'] === 'dumb') return
    const [done, total] = [numberOf(line, 'bytesDone'), numberOf(line, 'bytesTotal')]
    if (line['event'] === 'progress' && total > 0)
      process.stdout.write(`\r\u001b[K  ${this.#size(done)} / ${this.#size(total)}`)
    if (line['event'] === 'summary') process.stdout.write('\r\u001b[K')
  }

  #failed(error: unknown): number {
    if (!(error instanceof CommandFailure)) throw error
    if (this.#stopping) return 130
    this.#say(this.#words.failed(error.message))
    this.#say(error.ended.words.trim())
    return error.ended.code
  }

  #size(bytes: number): string {
    return sizeText(bytes, this.#asked.language)
  }

  #say(text: string): void {
    process.stdout.write(`${text.trimEnd()}\n`)
  }
}

/** The summary over all: the last line. */
function summaryOf(lines: readonly Line[]): Line {
  return lines.at(-1) ?? {}
}

/** What was asked for; undefined, and said why, when it makes no sense. */
function askedFor(args: string[]): Asked | undefined {
  const said = languageOf(undefined, process.env)
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        once: { type: 'boolean', default: false },
        lang: { type: 'string' },
        help: { type: 'boolean' },
      },
    })
    const language = languageOf(values.lang, process.env)
    if (positionals.length > 2 || values.help === true) throw new RangeError('usage')
    // npm runs this in the project: names are meant from where the user is.
    const from = process.env['INIT_CWD'] ?? process.cwd()
    const folders = positionals.map((name) => resolve(from, name))
    const wrong = wrongFolder(folders, wordsOf(language))
    if (wrong === undefined) return { folders, once: values.once, language }
    process.stderr.write(`${wrong}\n`)
  } catch {
    process.stderr.write(`${wordsOf(said).usage}\n`)
  }
  return undefined
}

/** The first must be there; the second is made when it is not. */
function wrongFolder(folders: readonly string[], words: Words): string | undefined {
  for (const [at, folder] of folders.entries()) {
    const stat = statSync(folder, { throwIfNoEntry: false })
    if (stat === undefined ? at === 0 : !stat.isDirectory()) return words.noFolder(printable(folder))
  }
  const [one, other] = folders.map((folder) => (existsSync(folder) ? realpathSync(folder) : folder) + sep)
  if (one === undefined || other === undefined) return undefined
  return one.startsWith(other) || other.startsWith(one) ? words.sameFolder : undefined
}

const asked = askedFor(process.argv.slice(2))
process.exitCode = asked === undefined ? 2 : await new Demonstration(asked).run()
