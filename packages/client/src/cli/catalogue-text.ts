// The two shapes that sentences of the catalogue have.

/** A sentence. Values are already printable: numbers formatted, control characters escaped. */
export type Text<P = Record<string, never>> = (values: P) => string

/** What is wrong, and what to do. */
export interface Advice {
  readonly error: Text<{ text: string }>
  readonly hint?: string
}
