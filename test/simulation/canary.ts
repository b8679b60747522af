// What no relay may ever see: a word that is in every name and in every content of a run.

/** In the name of each file, folder, vault and device of a simulated world, and at the front of each content. */
export const canary = 'canary'

/** Whether a value has it in the clear. */
export function isReadable(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(canary)
}
