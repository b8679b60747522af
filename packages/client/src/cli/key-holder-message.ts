// What goes over the socket of the process that holds keys open: one line of JSON asks, one answers, and 32 bytes follow where keys were asked for.
// Whoever asks for them names the sealing that lies in the home: it shows that it can read the file, and that they are still its keys.
import * as v from 'valibot'

/** A line is refused beyond this. */
export const holderLineBytesMax = 1024
/** Bytes of what opens the keys. */
export const heldKeyBytes = 32

const hex = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
const ms = v.pipe(v.number(), v.integer(), v.minValue(1))
const nothing = v.nullable(ms)

const askSchema = v.variant('ask', [
  v.strictObject({ version: v.literal(1), ask: v.literal('key'), sealing: hex }),
  v.strictObject({ version: v.literal(1), ask: v.literal('status') }),
  v.strictObject({ version: v.literal(1), ask: v.literal('lock') }),
])

const answerSchema = v.variant('answer', [
  v.strictObject({ answer: v.literal('key') }),
  v.strictObject({ answer: v.literal('status'), pid: ms, idleMs: nothing, endsAtLogout: v.boolean() }),
  v.strictObject({ answer: v.literal('locked') }),
  v.strictObject({ answer: v.literal('refused') }),
])

const startSchema = v.strictObject({
  directory: v.string(),
  name: v.string(),
  endsAtLogout: v.boolean(),
  sealing: hex,
  idleMs: nothing,
})

/** What is asked of a holder. `lock`: it ends, and what it held is gone. */
export type HolderAsk = v.InferOutput<typeof askSchema>

/** What it answers. `idleMs`: how long without use until it ends by itself; null: never. */
export type HolderAnswer = v.InferOutput<typeof answerSchema>

/** What a holder is started with; the key comes after it. */
export type HolderStart = v.InferOutput<typeof startSchema>

/** Each undefined for what is not one of them. */
export const decodeAsk = (line: string): HolderAsk | undefined => decoded(askSchema, line)
export const decodeHolderAnswer = (line: string): HolderAnswer | undefined => decoded(answerSchema, line)
export const decodeStart = (line: string): HolderStart | undefined => decoded(startSchema, line)

/** A message, and the bytes that come with it, cut where the line ends; undefined until it has ended. Bytes are views. */
export function cutLine(bytes: Buffer): { readonly line: string; readonly rest: Buffer } | undefined {
  const end = bytes.indexOf(0x0a)
  return end === -1 ? undefined : { line: bytes.toString('utf8', 0, end), rest: bytes.subarray(end + 1) }
}

function decoded<S extends v.GenericSchema>(schema: S, line: string): v.InferOutput<S> | undefined {
  try {
    const checked = v.safeParse(schema, JSON.parse(line))
    return checked.success ? checked.output : undefined
  } catch {
    return undefined
  }
}
