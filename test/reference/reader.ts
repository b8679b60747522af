// The second reader, docs/reference/decrypt.mjs, with types: it is plain JavaScript that shares nothing with the packages.
import { fileURLToPath } from 'node:url'

type Bytes = Uint8Array

/** An entry as it decodes it. */
export interface ReadEntry {
  readonly kind: string
  readonly payload: Bytes
  readonly bodyHash: Bytes
  readonly header: ReadonlyMap<string, unknown>
}

/** Its log. */
export interface ReadLog {
  readonly vault: Bytes | undefined
  readonly head: { readonly sequence: number; readonly hash: Bytes }
  readonly devices: ReadonlyMap<string, { role: string; out: boolean }>
  readonly identities: ReadonlyMap<string, { role: string; out: boolean }>
  readonly invites: ReadonlyMap<string, { role: string }>
  take(entry: ReadEntry): void
  keysFor(whose: { sign: Bytes; kemSeed: Bytes; kind: number }): Map<number, Bytes>
}

/** What it exports. */
export interface Reader {
  entropyOf(phrase: string): Bytes
  identityOf(entropy: Bytes): { signSeed: Bytes; kemSeed: Bytes; sign: Bytes; kem: Bytes }
  H(label: string, ...m: Bytes[]): Bytes
  verify(key: Bytes, label: string, signature: Bytes, ...m: Bytes[]): void
  certificateOf(bytes: Bytes): unknown
  openSeal(
    seal: Bytes,
    place: { kemSeed: Bytes; kind: number; binding: Bytes; epoch: number; blob?: boolean },
  ): Bytes
  blobOf(plain: Bytes): Bytes
  epochCommitment(key: Bytes, binding: Bytes, epoch: number): Bytes
  openEarlier(
    sealed: Bytes,
    place: { vault: Bytes; newKey: Bytes; newEpoch: number; oldEpoch: number },
  ): Bytes
  packKey(key: Bytes, binding: Bytes, epoch: number): Bytes
  payloadKey(key: Bytes, binding: Bytes, epoch: number): Bytes
  chunkIdKey(key: Bytes, vault: Bytes): Bytes
  chunkId(key: Bytes, chunk: Bytes): Bytes
  openContainer(bytes: Bytes, how: { type: number; key: Bytes; binding: Bytes }): Bytes
  padme(n: number): number
  decodeCbor(bytes: Bytes): unknown
  encodeCbor(value: unknown): Bytes
  decodeEntry(bytes: Bytes): ReadEntry
  entryHash(previous: Bytes, bodyHash: Bytes): Bytes
  payloadBody(plain: Bytes, how: { openPack: (position: number) => Bytes }): Bytes
  readonly Log: new () => ReadLog
  readArchive(path: string): ReadArchive
  openArchive(archive: ReadArchive, identity: ReturnType<Reader['identityOf']>): OpenedByReader
  walk(state: unknown): Iterable<readonly [string, ReadNode]>
}

/** An archive as it finds it. */
export interface ReadArchive {
  close(): void
}

/** A node of the tree; what else it has is by its kind. */
export interface ReadNode {
  readonly kind: 'file' | 'directory' | 'link'
  readonly size?: number
}

/** An opened archive. */
export interface OpenedByReader {
  readonly state: unknown
  readFile(node: ReadNode): Iterable<Bytes>
}

/** Where it lies. */
export const readerPath: string = fileURLToPath(new URL('../../docs/reference/decrypt.mjs', import.meta.url))

/** Loads it. */
export async function loadReader(): Promise<Reader> {
  return (await import(readerPath)) as Reader
}
