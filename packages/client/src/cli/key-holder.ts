// The process that holds what opens the keys of a home, in memory alone, until it is told to end, is idle for too long, or its socket goes: at a
// log-out, or because another holder took its place. Its own program: it knows nothing of the rest, and has nothing of it in memory.
import { chmodSync, lstatSync, renameSync, rmSync, watch } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { addressIn } from './control-address.ts'
import {
  cutLine,
  decodeAsk,
  decodeStart,
  heldKeyBytes,
  holderLineBytesMax,
  type HolderAnswer,
  type HolderStart,
} from './key-holder-message.ts'

/** How often it looks whether it is to end, beside what it is told. */
const lookEveryMs = 30_000
/** Who asks and then says nothing is cut off. */
const silentMs = 5000
const connectionsMax = 32

/** Time that passed, the machine's sleep included, whatever is done to its clock. */
class Idle {
  readonly #afterMs: number
  #wallMs = 0
  #steadyMs = 0

  constructor(afterMs: number | null) {
    this.#afterMs = afterMs ?? Number.POSITIVE_INFINITY
    this.used()
  }

  used(): void {
    this.#wallMs = Date.now()
    this.#steadyMs = performance.now()
  }

  get isOver(): boolean {
    return Math.max(Date.now() - this.#wallMs, performance.now() - this.#steadyMs) >= this.#afterMs
  }
}

class KeyHolder {
  readonly #start: HolderStart
  readonly #key: Uint8Array
  readonly #idle: Idle
  readonly #server: Server
  readonly #open = new Set<Socket>()
  #inode: bigint | undefined
  #look: NodeJS.Timeout | undefined
  #over = false

  constructor(start: HolderStart, key: Uint8Array) {
    this.#start = start
    this.#key = key
    this.#idle = new Idle(start.idleMs)
    this.#server = createServer((socket) => this.#serve(socket))
    this.#server.maxConnections = connectionsMax
  }

  /** Listens, 0600 from the first moment, and takes the place of the one before. */
  async listen(): Promise<void> {
    process.umask(0o177)
    const { directory, name } = this.#start
    const unfinished = `${name}.${process.pid}`
    const address = addressIn(directory, unfinished)
    if (address === undefined) throw new Error('no way to the socket')
    rmSync(join(directory, unfinished), { force: true })
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(address.path, resolve)
    })
    address.release()
    chmodSync(join(directory, unfinished), 0o600)
    this.#inode = lstatSync(join(directory, unfinished), { bigint: true }).ino
    renameSync(join(directory, unfinished), join(directory, name))
    this.#look = setInterval(() => this.#endIfDue(), lookEveryMs)
    // Told at once where the system can; looked at anyway.
    try {
      watch(directory, { persistent: false }, () => this.#endIfDue()).on('error', () => undefined)
    } catch {
      // No more watches for this user.
    }
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => this.end())
  }

  /** Wiped, silent and gone. */
  end(): void {
    if (this.#over) return
    this.#over = true
    this.#key.fill(0)
    clearInterval(this.#look)
    if (this.#isOurs()) rmSync(this.#path, { force: true })
    this.#server.close(() => process.exit(0))
    for (const socket of this.#open) socket.destroySoon()
  }

  get #path(): string {
    return join(this.#start.directory, this.#start.name)
  }

  #isOurs(): boolean {
    const found = lstatSync(this.#path, { bigint: true, throwIfNoEntry: false })
    return found !== undefined && found.ino === this.#inode
  }

  #endIfDue(): void {
    if (this.#idle.isOver || !this.#isOurs()) this.end()
  }

  #serve(socket: Socket): void {
    this.#open.add(socket)
    let asked: Buffer = Buffer.alloc(0)
    socket.setTimeout(silentMs, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#open.delete(socket))
    socket.on('data', (piece: Buffer) => {
      asked = Buffer.concat([asked, piece])
      const cut = cutLine(asked)
      if (cut !== undefined) this.#answer(socket, cut.line)
      else if (asked.length > holderLineBytesMax) socket.destroy()
    })
  }

  #answer(socket: Socket, line: string): void {
    socket.removeAllListeners('data').resume()
    const ask = decodeAsk(line)
    this.#endIfDue()
    if (ask === undefined || this.#over) tell(socket, { answer: 'refused' })
    else if (ask.ask === 'status') {
      const { idleMs, endsAtLogout } = this.#start
      tell(socket, { answer: 'status', pid: process.pid, idleMs, endsAtLogout })
    } else if (ask.ask === 'key' && ask.sealing === this.#start.sealing) this.#give(socket)
    else {
      // Asked to; or the keys were sealed anew, and what is held opens nothing any more.
      tell(socket, { answer: ask.ask === 'lock' ? 'locked' : 'refused' })
      this.end()
    }
  }

  #give(socket: Socket): void {
    this.#idle.used()
    socket.write(`${JSON.stringify({ answer: 'key' })}\n`)
    // A copy that can be wiped once it is sent: the one that is held stays for the next.
    const sent = Buffer.from(this.#key)
    socket.end(sent, () => void sent.fill(0))
  }
}

function tell(socket: Socket, answer: HolderAnswer): void {
  socket.end(`${JSON.stringify(answer)}\n`)
}

/** All of standard input: a line that says what is held, then the key. */
async function readStart(): Promise<{ start: HolderStart; key: Uint8Array }> {
  let given: Buffer = Buffer.alloc(0)
  for await (const piece of process.stdin) given = Buffer.concat([given, Buffer.from(piece as Uint8Array)])
  const cut = cutLine(given)
  const start = cut === undefined ? undefined : decodeStart(cut.line)
  if (cut === undefined || start === undefined || cut.rest.length !== heldKeyBytes)
    throw new Error('not started by `grenier unlock`')
  const key = new Uint8Array(cut.rest)
  given.fill(0)
  return { start, key }
}

const { start, key } = await readStart()
const holder = new KeyHolder(start, key)
await holder.listen()
process.stdout.end(`${process.pid}\n`)
