// `grenier setup`: the identity, this device, and the account. Nothing is left behind when the relay cannot be reached or refuses; and the
// words are never lost: they are written or shown before anything here depends on them.
import {
  certifyDevice,
  equal,
  identityFromEntropy,
  makeDevice,
  publicDevice,
  publicIdentity,
  systemRandom,
  toHex,
  wipeKeys,
  type Device,
  type Identity,
} from '@grenier/crypto'
import { rmSync } from 'node:fs'
import { openAccount } from '../engine/account-opening.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import { homeExists, makeHome, openHome, type NewHome } from '../home/home-files.ts'
import type { Home } from '../home/home.ts'
import { deviceNameOf } from './device-name.ts'
import type { Invocation } from './invocation.ts'
import { phraseIn, readPhrase, refuseUnwritable, writePhrase } from './phrase.ts'
import { printable } from './printable.ts'
import { canShow, confirmWords, showWords } from './shown-words.ts'
import { refuseSheet, writeSheet } from './recovery-sheet.ts'
import { relayText } from './relay-text.ts'
import { stoppedAt } from './standard-input.ts'
import { usageError } from './usage-error.ts'
import { canAsk } from './yes-or-no.ts'

export interface SetupFlags {
  readonly invite?: string | undefined
  readonly deviceName?: string | undefined
  readonly phraseOut?: string | undefined
  readonly phraseFile?: string | undefined
  readonly recoverySheet?: string | undefined
}

/** Where the words of a new identity go; undefined when they were given. */
type WordsTo = { readonly file: string } | 'shown' | undefined

/** Makes the device, or takes the one that is here to one more relay. @throws ClientError */
export async function setup(invocation: Invocation, relay: string, flags: SetupFlags): Promise<ExitCode> {
  const { output, homeDirectory } = invocation
  const url = relayText(relay)
  const there = homeExists(homeDirectory) ? openHome(homeDirectory) : undefined
  if (there !== undefined) refuseSecond(there, url, flags)
  const wordsTo = whereWordsGo(invocation, flags)
  refuseSheet(flags.recoverySheet, flags.phraseOut)
  const passphrase = await invocation.passphrase.read(output.words.askNewPassphrase({}))
  const identity = await identityFor(invocation, flags, wordsTo)
  try {
    if (there?.identity !== undefined) refuseOther(there, identity.keys)
    const device = there?.device ?? makeDevice(systemRandom)
    const deviceName = there?.deviceName ?? deviceNameOf(flags.deviceName)
    const made = newHome({ identity: identity.keys, device, deviceName, relay: url })
    const { phrase } = identity
    await openAccountFor(invocation, { identity: identity.keys, made, invite: flags.invite, wordsTo, phrase })
    if (wordsTo === 'shown') showWords(invocation, output.words.setupWords({}), phrase)
    const home = there ?? makeHome(homeDirectory, { ...made, passphrase })
    if (there !== undefined && made.identity !== undefined)
      await there.enrol({ identity: made.identity, relay: url })
    const relays = home.relays.includes(url) ? home.relays : [...home.relays, url]
    if (flags.recoverySheet !== undefined) writeSheet(output, flags.recoverySheet, { phrase, relays })
    if (wordsTo === 'shown') await confirmed(invocation, phrase)
    tell(invocation, { home, relay: url }, wordsTo)
    if (there === undefined) output.note(output.words.setupNext({}))
    return 0
  } finally {
    wipeKeys(identity.keys)
  }
}

/** Stopped before it was sure that the words are on paper: they may be off the screen already, and nothing else has them. */
async function confirmed(invocation: Invocation, phrase: string): Promise<void> {
  try {
    await confirmWords(invocation, phrase)
  } catch (error) {
    showWords(invocation, invocation.output.words.setupWordsUnchecked({}), phrase)
    throw stoppedAt(error, 'set-up')
  }
}

/** The identity of the words given, or a new one with its words. */
async function identityFor(
  { output }: Invocation,
  flags: SetupFlags,
  wordsTo: WordsTo,
): Promise<{ keys: Identity; phrase: string }> {
  const entropy =
    flags.phraseFile === undefined
      ? systemRandom.bytes(32)
      : await readPhrase(flags.phraseFile, output.words.askWords({}))
  const keys = identityFromEntropy(entropy)
  const isTold = wordsTo !== undefined || flags.recoverySheet !== undefined
  const phrase = isTold ? phraseIn(output.language, entropy) : ''
  entropy.fill(0)
  return { keys, phrase }
}

/** A relay is added once, and by the words of the identity that the device has: only they can open an account there. */
function refuseSecond(home: Home, relay: string, flags: SetupFlags): void {
  if (home.identity === undefined) return
  if (home.relays.includes(relay) || flags.phraseFile === undefined)
    throw new ClientError('home-exists', 'a device is here already', { data: { path: home.directory } })
}

function refuseOther(home: Home, identity: Identity): void {
  if (home.identity === undefined || equal(home.identity.sign, identity.sign.publicKey)) return
  throw new ClientError('home-exists', 'this device is of another identity', {
    data: { path: home.directory, what: 'words' },
  })
}

function whereWordsGo({ output, yes }: Invocation, { phraseOut, phraseFile }: SetupFlags): WordsTo {
  if (phraseOut !== undefined && phraseFile !== undefined) throw usageError('phrase-both')
  if (phraseFile !== undefined) return undefined
  if (phraseOut !== undefined) {
    refuseUnwritable(phraseOut)
    return { file: phraseOut }
  }
  // Words that nobody sees would be lost, or lie in the log of whatever ran this.
  if (output.json || !canShow() || !(yes || canAsk())) throw usageError('phrase-out-needed')
  return 'shown'
}

function newHome(of: { identity: Identity; device: Device; deviceName: string; relay: string }): NewHome {
  const { identity, device, deviceName, relay } = of
  const certificate = certifyDevice(identity, publicDevice(device))
  return {
    deviceName,
    device,
    identity: { keys: publicIdentity(identity), certificate },
    relays: [relay],
  }
}

interface AccountOpening {
  readonly identity: Identity
  readonly made: NewHome
  readonly invite: string | undefined
  readonly wordsTo: WordsTo
  readonly phrase: string
}

/**
 * Opens the account before anything lies on this disk but the file of words. When that certainly failed, the file goes too; when the
 * line broke in the middle, the account may be there and the hoster's code used up: then the words are what setup goes on with.
 */
async function openAccountFor(invocation: Invocation, opening: AccountOpening): Promise<void> {
  const { identity, made, invite, wordsTo, phrase } = opening
  const { platform, interrupt, homeDirectory } = invocation
  const [relay = ''] = made.relays
  if (typeof wordsTo === 'object') writePhrase(wordsTo.file, phrase)
  try {
    const home = draftHome(homeDirectory, made)
    const context = { home, platform: platform(), signal: interrupt.signal }
    await stoppable(interrupt.signal, openAccount(context, { relay, invite, identity }))
  } catch (error) {
    if (mayHaveOpened(error)) {
      if (wordsTo === 'shown') showWords(invocation, invocation.output.words.setupWordsUncertain({}), phrase)
      const stopped = wordsTo === undefined ? error : stoppedAt(error, 'account')
      if (stopped !== error) throw stopped
      if (wordsTo !== undefined) invocation.output.note(invocation.output.words.hintSetupUncertain({}))
    } else if (typeof wordsTo === 'object') rmSync(wordsTo.file, { force: true })
    throw error
  }
}

/** What cannot be called back is left behind: the process ends soon. */
async function stoppable<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const stopped = Promise.withResolvers<never>()
  const stop = (): void => stopped.reject(new ClientError('interrupted', 'stopped'))
  signal.addEventListener('abort', stop)
  try {
    return await Promise.race([work, stopped.promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Whether the request may have reached the relay without its answer coming back. */
function mayHaveOpened(error: unknown): boolean {
  if (!(error instanceof ClientError)) return true
  if (error.code === 'interrupted') return true
  const broken = ['closed', 'silent', 'stalled', 'malformed']
  return error.code === 'relay-unreachable' && broken.includes(String(error.data['reason']))
}

/** A home that is not on disk yet: what opening an account asks of one. */
function draftHome(directory: string, { deviceName, device, identity, relays }: NewHome): Home {
  const refuse = (): Promise<never> => Promise.reject(new TypeError('this home is not on disk yet'))
  return {
    directory,
    deviceName,
    device,
    identity: identity?.keys,
    certificate: identity?.certificate,
    relays,
    folders: [],
    backups: [],
    limits: { up: undefined, down: undefined },
    limit: refuse,
    stateDirectory: () => directory,
    addFolder: refuse,
    removeFolder: refuse,
    keepEvidence: refuse,
    enrol: refuse,
    renew: refuse,
  }
}

function tell({ output }: Invocation, at: { home: Home; relay: string }, wordsTo: WordsTo): void {
  const { words } = output
  const { home, relay } = at
  const identity = home.identity === undefined ? undefined : toHex(home.identity.sign)
  output.line({
    event: 'setup',
    device: toHex(home.device.sign.publicKey),
    identity,
    relay,
    name: home.deviceName,
  })
  if (wordsTo === undefined) output.note(words.setupWordsTaken({}))
  if (typeof wordsTo === 'object') output.note(words.setupWordsWritten({ path: printable(wordsTo.file) }))
  output.result(words.setupDone({ name: printable(home.deviceName), relay }))
}
