// Sealed containers in the manner of age's STREAM: a front, then cells of 64 KiB under one key, numbered, the last one
// marked. Opened whole or by aligned runs of cells; nothing is handed on before all of what was asked has its tag checked.
import type { Aead } from './aead.ts'
import { nodeAead } from './aead-node.ts'
import type { SealedBytes } from './bytes.ts'
import { sealBroken } from './committed-key.ts'
import {
  containerEpoch,
  containerKey,
  encodePrefix,
  openFront,
  type ContainerPlace,
} from './container-front.ts'
import { CryptoError } from './errors.ts'
import { cellBytes, cellPlainBytes, containerFrontBytes, isReachableSize, plainCapacity } from './sizes.ts'
import { sodium } from './sodium.ts'

/** `aead`: the back end, `node:crypto` by default. */
export interface SealContainer extends ContainerPlace {
  readonly epoch: number
  /** 32 bytes, fresh for each sealing, retries too. */
  readonly salt: Uint8Array
  /** The plaintext in pieces, laid one after the other; then zeros. */
  readonly plain: readonly Uint8Array[]
  /** By the size rule (sizes.ts). */
  readonly storedBytes: number
  readonly aead?: Aead | undefined
}

/** A whole container and the key of the epoch that it names. */
export interface OpenContainer extends ContainerPlace {
  readonly bytes: Uint8Array
  readonly aead?: Aead | undefined
}

/** An aligned run of cells of a container of `packBytes` stored bytes, and its front (78 bytes). */
export interface OpenCells extends ContainerPlace {
  readonly epoch: number
  readonly front: Uint8Array
  readonly cells: Uint8Array
  readonly firstCell: number
  readonly packBytes: number
  readonly aead?: Aead | undefined
  /** The plaintext takes the place of `cells`, which are lost then, also where one does not open. */
  readonly inPlace?: boolean | undefined
}

/** The nonce of a cell: its number in 11 bytes, big-endian, then 1 if it is the last, else 0. */
function setNonce(nonce: Uint8Array, cell: number, last: boolean): void {
  // 48 bits of the counter are enough for 2^48 cells of 64 KiB; the five bytes before them stay 0.
  Buffer.from(nonce.buffer, nonce.byteOffset).writeUIntBE(cell, 5, 6)
  nonce[11] = last ? 1 : 0
}

/** @throws CryptoError `limit` */
function checkFits(plainBytes: number, capacity: number): void {
  if (plainBytes < 1 || plainBytes > capacity)
    throw new CryptoError('limit', `${plainBytes} bytes to seal where 1 to ${capacity} fit`)
}

/** Pieces one after the other, then zeros, as the plaintext of cells: copied only where a cell is not all in one piece. */
class Plaintext {
  readonly #pieces: readonly Uint8Array[]
  readonly #scratch: Uint8Array
  #piece = 0
  /** Where the next cell begins in that piece. */
  #at = 0

  /** @throws CryptoError `limit` unless they are 1 to `capacity` bytes */
  constructor(pieces: readonly Uint8Array[], capacity: number) {
    checkFits(
      pieces.reduce((sum, piece) => sum + piece.length, 0),
      capacity,
    )
    this.#pieces = pieces
    // Most payloads are far smaller than a cell.
    this.#scratch = new Uint8Array(Math.min(cellPlainBytes, capacity))
  }

  /** The next cell; good until the one after it is taken. */
  next(length: number): Uint8Array {
    const piece = this.#pieces[this.#piece]
    if (piece !== undefined && this.#at + length <= piece.length) {
      this.#at += length
      return piece.subarray(this.#at - length, this.#at)
    }
    let filled = 0
    while (filled < length) {
      const from = this.#pieces[this.#piece]
      if (from === undefined) break
      const part = from.subarray(this.#at, this.#at + length - filled)
      this.#scratch.set(part, filled)
      filled += part.length
      this.#at += part.length
      if (this.#at < from.length) break
      this.#piece += 1
      this.#at = 0
    }
    return this.#scratch.subarray(0, length).fill(0, filled)
  }

  /** Nothing readable is left behind. */
  wipe(): void {
    sodium.memzero(this.#scratch)
  }
}

/**
 * Seals pieces of plaintext, followed by zeros, as exactly `storedBytes`.
 * @throws CryptoError `limit` if they do not fit, are empty, or no container has that size; `malformed` on wrong lengths
 */
export function sealContainer(options: SealContainer): SealedBytes {
  const { storedBytes, aead = nodeAead } = options
  const capacity = plainCapacity(storedBytes)
  const plain = new Plaintext(options.plain, capacity)
  const { prefix, commitment, key } = frontOf(options)
  const sealed = new Uint8Array(storedBytes)
  sealed.set(prefix)
  sealed.set(commitment, prefix.length)
  const prepared = aead.prepare(key)
  const nonce = new Uint8Array(12)
  const cellCount = Math.ceil(capacity / cellPlainBytes)
  for (let cell = 0; cell < cellCount; cell++) {
    setNonce(nonce, cell, cell === cellCount - 1)
    aead.seal(
      { key: prepared, nonce },
      plain.next(Math.min(cellPlainBytes, capacity - cell * cellPlainBytes)),
      cellOf(sealed, cell),
    )
  }
  sodium.memzero(key)
  plain.wipe()
  return sealed as SealedBytes
}

/** What `sealContainer` does, of a plaintext that stands at the beginning of `room`: it becomes the container, all of it. */
export interface SealInPlace extends Omit<SealContainer, 'plain' | 'storedBytes'> {
  readonly room: Uint8Array
  readonly plainBytes: number
}

/** Gives the room. @throws as `sealContainer`; after what the back end itself throws, the plaintext is lost */
export function sealInPlace(options: SealInPlace): SealedBytes {
  const { room, plainBytes, aead = nodeAead } = options
  const capacity = plainCapacity(room.length)
  checkFits(plainBytes, capacity)
  const { prefix, commitment, key } = frontOf(options)
  room.fill(0, plainBytes)
  const prepared = aead.prepare(key)
  const nonce = new Uint8Array(12)
  const cellCount = Math.ceil(capacity / cellPlainBytes)
  // From the last one on: each is written behind the plaintext of all that come before it.
  for (let cell = cellCount - 1; cell >= 0; cell--) {
    setNonce(nonce, cell, cell === cellCount - 1)
    const start = cell * cellPlainBytes
    const plain = room.subarray(start, Math.min(capacity, start + cellPlainBytes))
    aead.seal({ key: prepared, nonce }, plain, cellOf(room, cell))
  }
  room.set(prefix)
  room.set(commitment, prefix.length)
  sodium.memzero(key)
  return room as SealedBytes
}

function cellOf(sealed: Uint8Array, cell: number): Uint8Array {
  const start = containerFrontBytes + cell * cellBytes
  return sealed.subarray(start, Math.min(sealed.length, start + cellBytes))
}

function frontOf(options: Omit<SealContainer, 'plain' | 'storedBytes'>): {
  prefix: Uint8Array
  commitment: Uint8Array
  key: Uint8Array
} {
  const prefix = encodePrefix(options.type, options.epoch, options.salt)
  return { prefix, ...containerKey(options, prefix) }
}

/**
 * The epoch and the whole plaintext, padding zeros included (the reader knows from a signed index what is content).
 * @throws CryptoError `malformed` on what cannot be a container of this type, `version-unknown`, `seal-broken`
 */
export function openContainer(options: OpenContainer): { epoch: number; plain: Uint8Array } {
  const { bytes } = options
  const epoch = containerEpoch(bytes, options.type)
  const plain = openCells({
    ...options,
    epoch,
    front: bytes.subarray(0, containerFrontBytes),
    cells: bytes.subarray(containerFrontBytes),
    firstCell: 0,
    packBytes: bytes.length,
  })
  return { epoch, plain }
}

/**
 * The plaintext of a run of whole cells. `cells` may hold any number of them from `firstCell` on, at least one.
 * @throws CryptoError `malformed` on what cannot be that run, `version-unknown`, `seal-broken`
 */
export function openCells(options: OpenCells): Uint8Array {
  const { cells, firstCell, aead = nodeAead, inPlace = false } = options
  if (containerEpoch(options.front, options.type) !== options.epoch) throw sealBroken()
  const cellTotal = checkRun(options)
  const key = openFront(options, options.front)
  const cellCount = Math.ceil(cells.length / cellBytes)
  const plainBytes = cells.length - cellCount * (cellBytes - cellPlainBytes)
  // Each cell's plaintext begins no later than the cell, and is written when that was read.
  const plain = inPlace ? cells.subarray(0, plainBytes) : new Uint8Array(plainBytes)
  const prepared = aead.prepare(key)
  const nonce = new Uint8Array(12)
  let whole = true
  for (let at = 0; at < cellCount && whole; at++) {
    setNonce(nonce, firstCell + at, firstCell + at === cellTotal - 1)
    whole = aead.open(
      { key: prepared, nonce },
      cells.subarray(at * cellBytes, (at + 1) * cellBytes),
      plain.subarray(at * cellPlainBytes, (at + 1) * cellPlainBytes),
    )
  }
  sodium.memzero(key)
  if (whole) return plain
  sodium.memzero(plain)
  throw sealBroken()
}

/** The number of cells of the container, once the run is known to lie in it: full cells, only the last one shorter. */
function checkRun({ cells, firstCell, packBytes }: OpenCells): number {
  const bad = (why: string) => new CryptoError('malformed', why)
  if (!isReachableSize(packBytes)) throw bad(`no container has a stored size of ${packBytes} bytes`)
  const cellsBytes = packBytes - containerFrontBytes
  const start = firstCell * cellBytes
  if (!Number.isSafeInteger(firstCell) || firstCell < 0 || cells.length < 1) throw bad('not a run of cells')
  const end = start + cells.length
  if (end > cellsBytes || (end < cellsBytes && cells.length % cellBytes !== 0))
    throw bad('cells that are not whole, or beyond the end of the container')
  return Math.ceil(cellsBytes / cellBytes)
}
