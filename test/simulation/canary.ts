// What no relay may ever see: a word that is in every name and in every content of a run.

/** In the name of each file, folder, vault and device of a simulated world, and at the front of each content. */
export const canary = 'canary'

const word = Buffer.from(canary)
/** Node's search takes an array of any kind: a Buffer made for each costs as much as to search it. */
const search = Reflect.get(word, 'includes') as (this: Uint8Array, word: Uint8Array) => boolean

/** Whether a value has it in the clear. */
export function isReadable(value: Uint8Array | string): boolean {
  return typeof value === 'string' ? value.includes(canary) : search.call(value, word)
}
