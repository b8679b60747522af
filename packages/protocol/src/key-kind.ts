// The kinds of keys that a person has, in the order of their numbers in what is signed.

/** Which of a person's keys logs in. */
export const keyKinds = ['device', 'identity', 'one-time'] as const
/** Which of a person's keys logs in: a device's, the identity's (from the words), or an invitation's. */
export type KeyKind = (typeof keyKinds)[number]
