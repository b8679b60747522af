// What is left of a file, as a part of a tar: in order, zeros where it is lost, and nothing at all before something of it came.
import type { Lack } from '../content/bring.ts'
import { worstOf } from '../content/bring.ts'
import { salvage, type ByteRange, type SalvageOptions } from '../content/salvage.ts'
import type { ProblemCode } from '../sync/action.ts'
import type { RelativePath } from '../sync/name.ts'
import type { Content, FileValue } from '../sync/tree.ts'
import { memberHeaders } from './tar-member.ts'
import type { TarWriter } from './tar-writer.ts'

const zeros = new Uint8Array(64 << 10)

/** Whose file it is. */
export interface WholeValue extends FileValue {
  readonly content: Content
}

/** Where it goes. `begunBytes`: its header was written, and so much of it. */
export interface MemberPlace {
  readonly path: RelativePath
  readonly begunBytes?: number | undefined
}

/** What could not be had. `lost`: undefined where nothing of it was written; nothing where all of it came after all. */
export interface Damage {
  readonly code: ProblemCode
  readonly lost: readonly ByteRange[] | undefined
}

/** Writes one member. */
export class DamagedMember {
  readonly #tar: TarWriter
  readonly #value: WholeValue
  readonly #path: RelativePath
  /** Bytes of it that were written; undefined before its header. */
  #writtenBytes: number | undefined
  /** Copies that wait for what stands before them. */
  #waiting: { readonly offset: number; readonly bytes: Uint8Array }[] = []

  constructor(tar: TarWriter, value: WholeValue, { path, begunBytes }: MemberPlace) {
    this.#tar = tar
    this.#value = value
    this.#path = path
    this.#writtenBytes = begunBytes
  }

  /** `first`: what lacked when it was found not to be whole. @throws ClientError `interrupted`; what fetching and the tar's taker throw */
  async write(content: Omit<SalvageOptions, 'lacks'>, first: Lack): Promise<Damage> {
    const { sizeBytes } = this.#value
    const from = this.#writtenBytes ?? 0
    const lacks = new Set<Lack>()
    const lost = await salvage(
      { ...content, lacks: (why) => lacks.add(why) },
      {
        content: this.#value.content,
        sizeBytes,
        from,
        write: (offset, bytes) => {
          this.#waiting.push({ offset, bytes: bytes.slice() })
          return Promise.resolve()
        },
        settled: () => this.#settle(),
      },
    )
    const code = lackCode(worstOf(lacks) ?? (lost === undefined ? 'wrong' : first))
    if (this.#writtenBytes === undefined) return { code, lost: undefined }
    await this.#zerosTo(sizeBytes)
    await this.#tar.pad(sizeBytes)
    return { code, lost: lost ?? [{ offset: from, length: sizeBytes - from }] }
  }

  async #settle(): Promise<void> {
    const ready = this.#waiting.sort((a, b) => a.offset - b.offset)
    this.#waiting = []
    for (const { offset, bytes } of ready) {
      if (offset + bytes.length > this.#value.sizeBytes)
        throw new RangeError('bytes beyond a member of a tar')
      if (this.#writtenBytes === undefined)
        for (const block of memberHeaders(this.#path, this.#value)) await this.#tar.add(block)
      await this.#zerosTo(offset)
      await this.#tar.add(bytes)
      this.#writtenBytes = offset + bytes.length
    }
  }

  async #zerosTo(offset: number): Promise<void> {
    const from = this.#writtenBytes ?? 0
    if (offset < from) throw new RangeError('a member of a tar does not go back')
    for (let at = from; at < offset; at += zeros.length)
      await this.#tar.add(zeros.subarray(0, Math.min(zeros.length, offset - at)))
    this.#writtenBytes = offset
  }
}

/** What a lack is called where it is told of a file. */
export function lackCode(why: Lack): ProblemCode {
  if (why === 'corrupt') return 'relay-corrupt'
  return why === 'missing' ? 'pack-unavailable' : 'entry-void'
}
