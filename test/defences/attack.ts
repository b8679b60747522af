// What the list of defences is made of.

/** A text of the source, and what takes its place. It stands there once. */
export interface Edit {
  /** From the root of the repository. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** A defence that is taken away, and the tests that must notice. */
export interface Removal {
  /** Numbers of the attacks in docs/THREATS.md that it stops. The first one's tests are run. None of an attack without a number, which names its tests. */
  readonly attacks: readonly number[]
  /** What is gone, in words. */
  readonly gone: string
  /** Several where several layers hold: each of them alone is enough. */
  readonly edits: readonly [Edit, ...Edit[]]
  /** Tests beside the suites that show it, by path; the suites' own tests of the first attack unless told. */
  readonly tests?: readonly string[]
  /** Without it a test waits for what never comes: that it took too long is how it notices. */
  readonly hangs?: true
}
