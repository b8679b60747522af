// Small things that overtake bulk: done while a run waits for the disk or the line.

/** What is small: so many changes of others, so many bytes together, and a file up to this. */
export const smallChangesMax = 64
export const smallBytesMax = 2 << 20
export const smallFileBytesMax = 1 << 20

export interface Meanwhile {
  /** `promise` resolves when there is something to be done; `cancel` comes when nobody waits for it any more. */
  due(): { readonly promise: Promise<'due'>; cancel(): void }
  /** Says whether folder or state were changed. */
  run(): Promise<boolean>
}

/** As `during`, of work that goes on by itself: where a small thing fails, it is waited for all the same. */
export async function duringAll(meanwhile: Meanwhile, work: Promise<void>): Promise<void> {
  try {
    await during(meanwhile, work)
  } catch (error) {
    await work.catch(() => undefined)
    throw error
  }
}

/** Waits for this, and does small things until it is there. */
export async function during<T>(meanwhile: Meanwhile | undefined, work: Promise<T>): Promise<T> {
  if (meanwhile === undefined) return await work
  const ended = work.then(
    () => 'ended' as const,
    () => 'ended' as const,
  )
  for (;;) {
    const due = meanwhile.due()
    const first = await Promise.race([ended, due.promise])
    due.cancel()
    if (first === 'ended') return await work
    await meanwhile.run()
  }
}
