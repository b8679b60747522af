// Which schema a message is for, by its name. A variant of valibot asks each of its schemas in turn whether the name is its own: of all that it
// costs to check a message that was half.
import type * as v from 'valibot'

type Schema<T> = v.GenericSchema<unknown, T>
/** The schema of one message; or a variant of them, which have one `type` and differ in another field. */
type Option<T> = Schema<T> &
  (
    | { readonly entries: Readonly<Record<string, object>> }
    | { readonly key: string; readonly options: readonly Option<T>[] }
  )
/** All that one side may say. */
export type Variant<T> = Schema<T> & { readonly key: string; readonly options: readonly Option<T>[] }

/** The schemas of a variant, by the names of their messages. */
export class MessageNames<T> {
  readonly #key: string
  readonly #byName = new Map<unknown, Schema<T> | MessageNames<T>>()

  constructor({ key, options }: Pick<Variant<T>, 'key' | 'options'>) {
    this.#key = key
    for (const option of options) {
      const name = nameOf(option, key)
      if (this.#byName.has(name)) throw new TypeError('two messages with one name')
      this.#byName.set(name, 'options' in option ? new MessageNames(option) : option)
    }
  }

  /** The schema for what has this name; undefined where none has. */
  find(value: object): Schema<T> | undefined {
    const found = this.#byName.get(Reflect.get(value, this.#key))
    return found instanceof MessageNames ? found.find(value) : found
  }
}

function nameOf<T>(option: Option<T>, key: string): unknown {
  const [first] = 'options' in option ? option.options : [option]
  const field = first !== undefined && 'entries' in first ? first.entries[key] : undefined
  if (field === undefined || !('literal' in field)) throw new TypeError('a message without a name')
  return field.literal
}
