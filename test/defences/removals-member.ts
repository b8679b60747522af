// Defences against a member that signs rightly.
import type { Removal } from './attack.ts'

const crypto = 'packages/crypto/src'
const client = 'packages/client/src'

export const memberRemovals: readonly Removal[] = [
  {
    attacks: [17],
    gone: 'that the connections of a device end when it is taken out',
    edits: [
      {
        file: 'packages/relay/src/session/session.ts',
        find: "    if (actor.kind === 'one-time') return\n    this.#fail(",
        replace: "    if (actor.kind === 'one-time' || vault.length > 0) return\n    this.#fail(",
      },
    ],
    tests: ['packages/relay/src/session/members.test.ts'],
    hangs: true,
  },
  {
    attacks: [17],
    gone: 'that keys which were taken out never come back',
    edits: [
      {
        file: `${crypto}/spine-draft.ts`,
        find: '  if (draft.devices.has(hex) || draft.identities.has(hex) || draft.invites.has(hex))\n',
        replace: '  if (draft.identities.has(hex) || draft.invites.has(hex))\n',
      },
    ],
    tests: ['packages/crypto/src/spine.test.ts'],
  },
  {
    attacks: [17],
    gone: 'that `recover` voids open invitations, also where nobody goes',
    edits: [
      {
        file: `${client}/engine/recovery-sight.ts`,
        find: '  const invites = own ? [...state.spine.invites.values()].map(({ keys }) => keys.sign) : []\n',
        replace: '  const invites: SigningKey[] = []\n',
      },
    ],
    tests: ['test/engine/recovery.test.ts'],
  },
  {
    attacks: [15],
    gone: 'that a parent is a directory',
    edits: [
      {
        file: `${client}/sync/operations.ts`,
        find: 'if (parent === undefined || !this.draft.isDirectory(parent)) return',
        replace: 'if (parent === undefined) return',
      },
    ],
  },
  {
    attacks: [15],
    gone: 'that a name leads nowhere else, where a payload is decoded and where it is applied (either alone is enough)',
    edits: [
      {
        file: `${crypto}/payload-operation.ts`,
        find: "  if (name.includes(0) || name.includes(0x2f)) malformed('a name with a slash or a NUL')\n  if (name.length <= 2 && name.every((byte) => byte === dot)) malformed('a name that stands for a directory')\n",
        replace: '',
      },
      {
        file: `${client}/sync/name.ts`,
        find: "return latin1 === '.' || latin1 === '..' ? undefined : (latin1 as Name)",
        replace: 'return latin1 as Name',
      },
      {
        file: `${client}/sync/name.ts`,
        find: ' || bytes.includes(0) || bytes.includes(0x2f)) return undefined',
        replace: ') return undefined',
      },
    ],
  },
  {
    attacks: [15],
    gone: 'that `.grenier` at the root is nobody’s, where a payload is decoded and where it is applied (either alone is enough)',
    edits: [
      {
        file: `${client}/sync/operations.ts`,
        find: 'if (name === undefined || (parent === rootId && name === reservedName)) return',
        replace:
          'if (name === undefined || (parent === rootId && name === reservedName && name.length === 0)) return',
      },
      {
        file: `${crypto}/payload-operation.ts`,
        find: "  if (parent === 'root' && name.length === reserved.length && Buffer.compare(name, reserved) === 0)\n    malformed('a name that is reserved at the root')\n",
        replace: '',
      },
    ],
  },
  {
    attacks: [15],
    gone: 'the limit of depth',
    edits: [
      {
        file: `${client}/sync/operations.ts`,
        find: "    if (this.draft.isTooDeep(parent)) return 'too-deep'\n",
        replace: '',
      },
    ],
  },
  {
    attacks: [15],
    gone: 'that no link is followed on the way to a place in the folder',
    edits: [
      {
        file: `${client}/disk/real-directory.ts`,
        find: 'const directoryFlags = fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW\n',
        replace: 'const directoryFlags = fs.constants.O_DIRECTORY\n',
      },
    ],
    tests: [
      'packages/client/src/disk/file-system-real.test.ts',
      'packages/client/src/disk/apply-meddled.test.ts',
    ],
  },
  {
    attacks: [15],
    gone: 'that a chunk is no longer than the log says, opened',
    edits: [
      {
        file: `${client}/content/work.ts`,
        find: '      maxOutputLength: plainBytes,\n',
        replace: '',
      },
      {
        file: `${client}/content/work.ts`,
        find: '    if (plain.length !== plainBytes) return undefined\n',
        replace: '',
      },
    ],
    tests: ['packages/client/src/content/work.test.ts'],
  },
  {
    attacks: [23],
    gone: 'that a payload which does not decode is its writer’s fault, and stops nobody',
    edits: [
      {
        file: `${client}/log/payload-reader.ts`,
        find: '    return { fault: cause.code }\n',
        replace: '    throw cause\n',
      },
    ],
  },
  {
    attacks: [23],
    gone: 'that an entry which does not apply in full does not apply at all',
    edits: [
      {
        file: `${client}/sync/operations.ts`,
        find: '    if (passedOver === undefined) return { void: fault, operation: index }\n    passedOver(index, fault)\n',
        replace: '    passedOver?.(index, fault)\n',
      },
    ],
  },
  {
    attacks: [24],
    gone: 'that only a place which one sent or checked oneself saves the sending',
    edits: [
      {
        file: `${client}/state/chunk-index.ts`,
        find: "find((place) => place.known === 'good')",
        replace: "find((place) => place.known !== 'bad')",
      },
    ],
  },
  {
    attacks: [25],
    gone: 'that a lower floor holds only once the old one has passed',
    edits: [
      {
        file: 'packages/relay/src/store/retention.ts',
        find: 'const lowered = ms < floors.ms ? [',
        replace: 'const lowered = ms < 0 ? [',
      },
    ],
  },
  {
    attacks: [25],
    gone: 'that what is dropped is kept at all',
    edits: [
      {
        file: 'packages/relay/src/store/retention.ts',
        find: '  return Math.max(pendingMaxMs, floors?.ms ?? 0, ...held)\n',
        replace: '  return held.length > 99 ? 0 : 1\n',
      },
    ],
  },
  {
    attacks: [25],
    gone: 'the brake on a change of very many files',
    edits: [
      {
        file: `${client}/sync/brake.ts`,
        find: '  return count >= brakeFilesMin && count * brakeShare >= files\n',
        replace: '  return count < 0 && files < 0\n',
      },
    ],
  },
  {
    attacks: [26],
    gone: 'that a key meets the commitment of its epoch',
    edits: [
      {
        file: `${crypto}/spine-keys.ts`,
        find: '    if (isKeyOf(holder, epoch, key)) return key\n',
        replace: '    if (key.length === 32) return key\n',
      },
    ],
  },
  {
    attacks: [26],
    gone: 'that a new epoch has exactly one seal for each who stays',
    edits: [
      {
        file: `${crypto}/spine-epoch.ts`,
        find: "  if (!exact) wrong('a new epoch has not exactly one seal for each recipient')\n",
        replace:
          "  if (!exact && seals.length > 9999) wrong('a new epoch has not exactly one seal for each recipient')\n",
      },
    ],
  },
]
