// Defences of the relay against strangers and other tenants.
import type { Removal } from './attack.ts'

const relay = 'packages/relay/src'

export const strangerRemovals: readonly Removal[] = [
  {
    attacks: [27],
    gone: 'that each request asks for the right anew',
    edits: [
      {
        file: `${relay}/core/rights.ts`,
        find: '      return roleOf(spine, actor.key)\n',
        replace: "      return roleOf(spine, actor.key) ?? 'reader'\n",
      },
    ],
  },
  {
    attacks: [27],
    gone: 'that a vault of others is answered for as one that is not there',
    edits: [
      {
        file: `${relay}/core/rights.ts`,
        find: "  if (until === undefined) return new RelayError('vault-unknown', 'no such vault')\n",
        replace:
          "  if (until === undefined && spine === undefined) return new RelayError('vault-unknown', 'no such vault')\n  if (until === undefined) return new RelayError('no-right', 'not yours')\n",
      },
    ],
  },
  {
    attacks: [28],
    gone: 'the quota over bytes: unclaimed packs and entries',
    edits: [
      {
        file: `${relay}/store/usage.ts`,
        find: '  if (usedBytes(usage) > quota.bytesMax || ',
        replace: '  if (',
      },
    ],
  },
  {
    attacks: [28],
    gone: 'that packs which come before a genesis are charged to who sends them',
    edits: [
      {
        file: `${relay}/store/pack-ledger-rows.ts`,
        find: '  const sender = transaction.row?.head === undefined ? reservation.chargedTo : undefined\n',
        replace: '  const sender = undefined\n',
      },
    ],
  },
  {
    attacks: [28],
    gone: 'the limit of entries',
    edits: [
      {
        file: `${relay}/store/usage.ts`,
        find: "  if (usage.entries > quota.entriesMax) return 'entries'\n",
        replace: '',
      },
    ],
  },
  {
    attacks: [28],
    gone: 'the limit of vaults',
    edits: [
      {
        file: `${relay}/store/usage.ts`,
        find: "  if (usage.vaults > quota.vaultsMax) return 'vaults'\n",
        replace: '',
      },
    ],
  },
  {
    attacks: [29],
    gone: 'the limit of bytes before a login',
    edits: [
      {
        file: `${relay}/server/http-server.ts`,
        find: 'else if (socket.bytesRead > strangerBytes) peer.socket.terminate()',
        replace: 'else if (socket.bytesRead < 0) peer.socket.terminate()',
      },
    ],
    tests: ['packages/relay/src/server/server.test.ts'],
  },
  {
    attacks: [29],
    gone: 'the limit of strangers from one network',
    edits: [
      {
        file: `${relay}/core/relay-core.ts`,
        find: '.length >= peerStrangersMax ?',
        replace: '.length < 0 ?',
      },
    ],
  },
  {
    attacks: [29],
    gone: 'that who does not log in is cut',
    edits: [
      {
        file: `${relay}/session/session.ts`,
        find: "    this.#stranger = clock.after(limits.loginMs, () => this.#cut('did not log in'))\n",
        replace: '    this.#stranger = clock.after(limits.loginMs, () => undefined)\n',
      },
      {
        file: `${relay}/session/session.ts`,
        find: "      if (quietMs >= limits.silenceMs) this.#cut('silent')\n      else ",
        replace: '      ',
      },
    ],
  },
  {
    attacks: [29],
    gone: 'the limit of puts at once',
    edits: [
      {
        file: `${relay}/session/puts.ts`,
        find: '    if (this.#open.size >= limits.openPuts)\n',
        replace: '    if (this.#open.size < 0)\n',
      },
    ],
  },
  {
    attacks: [29],
    gone: 'that who reads nothing is cut',
    edits: [
      {
        file: `${relay}/session/outbox.ts`,
        find: "if (this.#drains === drains) this.#cut('reads nothing')\n      else this.#watch()",
        replace: 'this.#watch()',
      },
      {
        file: `${relay}/session/outbox.ts`,
        find: "      this.#cut('reads too slowly')\n",
        replace: '      this.#watch()\n',
      },
    ],
    tests: ['packages/relay/src/session/push.test.ts', 'packages/relay/src/session/packs.test.ts'],
  },
  {
    attacks: [30],
    gone: 'that a network waits after some failures',
    edits: [
      {
        file: `${relay}/core/try-counter.ts`,
        find: '>= this.#max\n',
        replace: '>= this.#max * 99\n',
      },
    ],
  },
  {
    attacks: [31],
    gone: 'that a frame which is no message ends the connection',
    edits: [
      {
        file: `${relay}/session/session.ts`,
        find: '      this.#take(decodeClientMessage(frame), frame.length)\n    } catch (error) {\n      this.#fail(error)\n',
        replace:
          '      this.#take(decodeClientMessage(frame), frame.length)\n    } catch {\n      this.#heardAt += 0\n',
      },
    ],
  },
]
