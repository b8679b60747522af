// Small things that overtake bulk: done while the sender waits for the disk or the line.
import type { RelaySession } from '../relay/relay-session.ts'

export interface Meanwhile {
  /** `promise` resolves when there is something to be done; `cancel` comes when nobody waits for it any more. */
  due(): { readonly promise: Promise<'due'>; cancel(): void }
  run(session: RelaySession): Promise<void>
}

/** Waits for this, and does small things until it is there. */
export async function during<T>(
  meanwhile: Meanwhile | undefined,
  session: RelaySession,
  work: Promise<T>,
): Promise<T> {
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
    await meanwhile.run(session)
  }
}
