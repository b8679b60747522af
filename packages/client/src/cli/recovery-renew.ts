// `grenier recovery renew`: new words in the place of the old ones, which open nothing any more. The new words are written down before anything is
// begun, so that what was cut off can go on with the same ones.
import {
  certifyDevice,
  equal,
  identityFromEntropy,
  publicDevice,
  publicIdentity,
  systemRandom,
  toHex,
  wipeKeys,
  type Identity,
} from '@grenier/crypto'
import { renewAt, type Renewed } from '../engine/renewing.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import type { Home } from '../home/home.ts'
import { heaviestExitCode } from './exit-code.ts'
import type { Invocation } from './invocation.ts'
import { phraseIn, readPhrase, refuseUnwritable, writePhrase } from './phrase.ts'
import { printable } from './printable.ts'
import { refuseSheet, writeSheet } from './recovery-sheet.ts'
import { refusalText, sightExitCode } from './recover-report.ts'
import { canShow, confirmWords, showWords } from './shown-words.ts'
import { usageError } from './usage-error.ts'
import { canAsk } from './yes-or-no.ts'

export interface RenewFlags {
  readonly phraseFile?: string | undefined
  readonly phraseOut?: string | undefined
  readonly newPhraseFile?: string | undefined
  readonly recoverySheet?: string | undefined
}

/** Renews at every relay that this home knows. @throws ClientError */
export async function recoveryRenew(invocation: Invocation, flags: RenewFlags): Promise<ExitCode> {
  const { output, platform, interrupt } = invocation
  const home = openHome(invocation.homeDirectory)
  if (home.identity === undefined)
    throw new ClientError('home-missing', 'no identity here', {
      data: { path: home.directory, what: 'account' },
    })
  refuseMisuse(invocation, flags)
  const old = await identityOf(flags.phraseFile, output.words.askOldWords({}))
  const { identity: renewed, phrase } = await newIdentity(invocation, flags, { home, old })
  try {
    const codes: ExitCode[] = []
    let isWhole = true
    const relays = [...new Set([...home.relays, ...home.folders.map(({ relay }) => relay)])]
    for (const relay of relays) {
      const context = { platform: platform(), signal: interrupt.signal }
      const there = await renewAt(context, { relay, old, renewed })
      codes.push(tellRelay(invocation, relay, there))
      isWhole &&= there.withheld.length === 0
    }
    if (!isWhole) {
      output.note(output.words.renewWithheld({}))
      return heaviestExitCode([3, ...codes])
    }
    const certificate = certifyDevice(renewed, publicDevice(home.device))
    await home.renew({ keys: publicIdentity(renewed), certificate })
    output.line({ event: 'renewed', identity: toHex(renewed.sign.publicKey), relays })
    output.result(output.words.renewDone({}))
    if (flags.recoverySheet !== undefined) writeSheet(output, flags.recoverySheet, { phrase, relays })
    return heaviestExitCode([0, ...codes])
  } catch (error) {
    output.note(output.words.hintRenewAgain({}))
    throw error
  } finally {
    wipeKeys(old)
    wipeKeys(renewed)
  }
}

function refuseMisuse(
  { output, yes }: Invocation,
  { phraseFile, phraseOut, newPhraseFile, recoverySheet }: RenewFlags,
): void {
  if (phraseFile === undefined && (yes || !canAsk())) throw usageError('phrase-needed')
  if (phraseOut !== undefined && newPhraseFile !== undefined) throw usageError('phrase-both')
  if (phraseOut !== undefined) refuseUnwritable(phraseOut)
  refuseSheet(recoverySheet, phraseOut)
  const shown = phraseOut === undefined && newPhraseFile === undefined
  // Words that nobody sees would be lost, and everything with them.
  if (shown && (output.json || !canShow() || !canAsk())) throw usageError('new-phrase-needed')
}

async function identityOf(file: string | undefined, question: string): Promise<Identity> {
  const entropy = await readPhrase(file ?? '-', question)
  const identity = identityFromEntropy(entropy)
  entropy.fill(0)
  return identity
}

/** The identity of new words, which lie where they are kept when this resolves; or of those that were made before. */
async function newIdentity(
  invocation: Invocation,
  { phraseOut, newPhraseFile }: RenewFlags,
  { home, old }: { readonly home: Home; readonly old: Identity },
): Promise<{ readonly identity: Identity; readonly phrase: string }> {
  const { output } = invocation
  if (newPhraseFile !== undefined) {
    const entropy = await readPhrase(newPhraseFile, output.words.askWords({}))
    const [given, phrase] = [identityFromEntropy(entropy), phraseIn(output.language, entropy)]
    entropy.fill(0)
    refuseOther(home, [old, given])
    return { identity: given, phrase }
  }
  refuseOther(home, [old])
  const entropy = systemRandom.bytes(32)
  const identity = identityFromEntropy(entropy)
  const phrase = phraseIn(output.language, entropy)
  entropy.fill(0)
  if (phraseOut === undefined) {
    showWords(invocation, output.words.renewWords({}), phrase)
    await confirmWords(invocation, phrase)
  } else {
    writePhrase(phraseOut, phrase)
    output.note(output.words.setupWordsWritten({ path: printable(phraseOut) }))
  }
  return { identity, phrase }
}

/** The words must be those of this home: the old ones, or, where only this was left to do, the new. @throws ClientError `home-exists` */
function refuseOther(home: Home, identities: readonly Identity[]): void {
  const own = home.identity
  if (own !== undefined && identities.some(({ sign }) => equal(sign.publicKey, own.sign))) return
  throw new ClientError('home-exists', 'this device is of another identity', {
    data: { path: home.directory, what: 'words' },
  })
}

function tellRelay({ output }: Invocation, relay: string, renewed: Renewed): ExitCode {
  const { words } = output
  const { vaults, refused, elsewhere, withheld } = renewed
  output.line({
    event: 'renew',
    relay,
    vaults: vaults.map(({ id, name }) => ({ id, name })),
    refused: refused.map((one) => ({ id: one.id, reason: one.error?.code ?? one.why })),
    elsewhere,
    withheld,
  })
  const names = vaults.map(({ name }) => printable(name))
  if (names.length > 0) output.note(words.renewVaults({ relay, names: words.listed({ items: names }) }))
  for (const one of refused) output.note(refusalText(words, one))
  for (const { name, id, relay: other } of elsewhere)
    output.note(words.recoverElsewhere({ name: printable(name), id, relay: printable(other) }))
  for (const { name, id } of withheld) output.note(words.recoverWithheld({ name: printable(name), id }))
  return sightExitCode({ ...renewed, hasAccount: false })
}
