// A verification, as one process says it to another.
import * as v from 'valibot'

const text = v.pipe(v.string(), v.maxLength(65_536))
const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const verifiedCounts = { packs: count, of: count, bytes: count, hurt: count, files: count, lost: count }
const verifiedFields = { atMs: v.number(), ...verifiedCounts }

/** What `status` says of the last one. */
export const verifiedSchema = v.strictObject(verifiedFields)

const hurtPackSchema = v.strictObject({
  pack: text,
  code: v.picklist(['pack-unavailable', 'relay-corrupt']),
  sequence: count,
  atMs: count,
  lost: v.picklist(['nothing', 'present', 'older', 'entry']),
  paths: v.array(text),
  more: count,
})
/** What a verification came to. */
export const verificationSchema = v.strictObject({
  ...verifiedFields,
  lacking: count,
  wrong: count,
  hurtFiles: v.array(text),
  left: v.array(text),
  hurtPacks: v.array(hurtPackSchema),
  morePacks: count,
})
