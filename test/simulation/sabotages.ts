// Ways to break the engine: each a patch of one source file. The checks that promise something must turn red on every one of them.
import type { Theme } from './vault-moves.ts'

/** What may notice: runs of the planner alone, storms, storms about one thing, or a file of tests. */
export type Check = 'planner' | 'storm' | { readonly theme: Theme } | { readonly tests: string }

/** One fault. */
export interface Sabotage {
  readonly name: string
  /** The source, from the root of the repository. */
  readonly file: string
  /** Stands there once. */
  readonly find: string
  readonly replace: string
  /** The cheapest first. */
  readonly checks: readonly Check[]
}

const crypto = 'packages/crypto/src'
const sync = 'packages/client/src/sync'
const disk = 'packages/client/src/disk'
const engine = 'packages/client/src/engine'
const relay = 'packages/relay/src'

export const sabotages: readonly Sabotage[] = [
  {
    name: 'a file is put into the directory that has the name of its own by now',
    file: `${disk}/apply-group.ts`,
    find: 'this.#pathNow(parent, tree) === parentOf(change.path)',
    replace: 'this.#pathNow(parent, tree) !== undefined',
    checks: [{ tests: `${disk}/apply.test.ts` }],
  },
  {
    name: 'what was planned before something was done beside it is carried out behind it',
    file: `${disk}/apply.ts`,
    find: 'left = groups.slice(at + 1).flat()',
    replace: 'left = []',
    checks: [{ tests: `${disk}/apply.test.ts` }],
  },
  {
    name: 'an edit does not win over a deletion',
    file: `${sync}/plan-merge.ts`,
    find: 'row !== undefined && isUnchanged(row, node.base)',
    replace: 'row !== undefined',
    checks: ['planner'],
  },
  {
    name: 'two branches of the merge table are swapped',
    file: `${sync}/plan-merge.ts`,
    find: 'if (sameSubstance(local, base)) return remote\n  return sameSubstance(remote, base) ? local : undefined',
    replace:
      'if (sameSubstance(local, base)) return local\n  return sameSubstance(remote, base) ? remote : undefined',
    checks: ['planner'],
  },
  {
    name: 'no conflict copy is made: the log wins',
    file: `${sync}/plan-merge.ts`,
    find: 'if (from === undefined) return undefined',
    replace: 'if (from === undefined) return remote',
    checks: ['planner'],
  },
  {
    name: 'files at one place are one, whatever is in them',
    file: `${sync}/agreed.ts`,
    find: 'const same = sameSubstance(local, remote)',
    replace: 'const same = true',
    checks: ['planner'],
  },
  {
    name: 'a directory goes although something new is in it',
    file: `${sync}/plan-settle.ts`,
    find: "while (above?.state === 'gone' && above.place !== undefined) {",
    replace: "while (above?.state === 'split') {",
    checks: ['planner'],
  },
  {
    name: 'moves that cross are not taken back',
    file: `${sync}/plan-settle.ts`,
    find: "if (decision.wants !== 'local' || remote === undefined) continue",
    replace: 'if (remote !== undefined) continue',
    checks: ['planner'],
  },
  {
    name: 'children come before their parents',
    file: `${sync}/plan-order.ts`,
    find: 'if (this.#isMissing(intent.parent)) return this.#pending(intent.parent)',
    replace: '',
    checks: ['planner'],
  },
  {
    name: 'an own entry that comes back is taken for somebody else’s',
    file: 'packages/client/src/engine/receiver.ts',
    find: 'else if (own && outcome === undefined) await settleReturned(transaction, entry)',
    replace: '',
    checks: [{ tests: 'test/engine/races.test.ts' }],
  },
  {
    name: 'base of what moved here and went there still counts',
    file: `${sync}/plan-pair.ts`,
    find: 'if (only !== undefined) return !samePlace(only, base) || only.value.kind !== base.value.kind',
    replace: 'if (only !== undefined) return only.value.kind !== base.value.kind',
    checks: ['planner'],
  },
  {
    name: 'the plan depends on the order of rows',
    file: `${sync}/plan-pair.ts`,
    find: 'const ids = byAge(rows.keys()).filter',
    replace: 'const ids = [...rows.keys()].filter',
    checks: ['planner'],
  },
  {
    name: 'no second look before a file is replaced',
    file: `${disk}/apply-effects.ts`,
    find: 'replace: expect !== undefined, expect, keep }',
    replace: 'replace: expect !== undefined }',
    checks: [{ tests: `${disk}/apply.test.ts` }, 'storm'],
  },
  {
    name: 'no second look before a file is removed',
    file: `${disk}/apply-effects.ts`,
    find: "files.change({ do: 'remove-file', path, expect: stamp, keep }),",
    replace: "files.change({ do: 'remove-file', path }),",
    checks: [{ tests: `${disk}/apply.test.ts` }, 'storm'],
  },
  {
    name: 'a new file may take the place of one that came meanwhile',
    file: `${disk}/one-by-one.ts`,
    find: "{ do: 'place', name, path, replace: false }",
    replace: "{ do: 'place', name, path, replace: true }",
    checks: [{ tests: `${disk}/apply.test.ts` }, 'storm'],
  },
  {
    name: 'a new file may take the place of one that came meanwhile, on a real disk',
    file: `${disk}/file-system-real.ts`,
    find: "{ do: 'place', name, path, replace: false }",
    replace: "{ do: 'place', name, path, replace: true }",
    checks: [{ tests: `${disk}/apply.test.ts` }],
  },
  {
    name: 'staged content is not flushed before the rename',
    file: `${disk}/apply-group.ts`,
    find: 'await files.flush([])\n',
    replace: '\n',
    checks: [{ tests: `${disk}/apply-crash.test.ts` }, 'storm'],
  },
  {
    name: 'the directories are not flushed after the renames',
    file: `${disk}/apply-group.ts`,
    find: 'await files.flush([...effects.touched])',
    replace: '',
    checks: [{ tests: `${disk}/apply-crash.test.ts` }, 'storm'],
  },
  {
    name: 'base is written before the rename',
    file: `${disk}/apply-group.ts`,
    find: 'for (const run of runsOf(this.#waiting()))',
    replace: `const early = await this.#options.trees.begin()
    for (const { change } of this.#waiting())
      if (change.do === 'apply' && change.op === 'put') early.set('base', change.id, change.row)
      else if (change.do === 'apply' && change.op === 'remove') early.set('base', change.id, undefined)
    await early.commit({ flush: true })
    for (const run of runsOf(this.#waiting()))`,
    checks: ['storm'],
  },
  {
    name: 'a name is used again before the move that freed it is durable',
    file: `${disk}/apply.ts`,
    find: 'if (left.size === 0) return false',
    replace: 'if (left.size >= 0) return false',
    checks: [{ tests: 'packages/client/src/disk/apply-crash.test.ts' }, 'storm'],
  },
  {
    name: 'a directory goes although something that was to leave it did not',
    file: `${disk}/apply-group.ts`,
    find: 'if (isHeld || (await this.#leavesRows(step)))',
    replace: 'if (isHeld)',
    checks: [{ tests: 'packages/client/src/disk/apply-meddled.test.ts' }, 'storm'],
  },
  {
    name: 'a change goes on although the one that was to free its name did not happen',
    file: `${disk}/apply-group.ts`,
    find: 'return !isInside || (holder !== undefined && holder !== change.id && !this.#left.has(holder))',
    replace: 'return false',
    checks: ['storm'],
  },
  {
    name: 'nobody looks whether a file changed while it was read',
    file: 'packages/client/src/content/file-opening.ts',
    find: 'if (sameStamp(reader.stamp, now)) {',
    replace: 'if (now.ino === reader.stamp.ino) {',
    checks: [{ tests: 'packages/client/src/content/ingest.test.ts' }, 'storm'],
  },
  {
    name: 'nobody looks whether a small file is still the one that was seen',
    file: 'packages/client/src/disk/read-whole.ts',
    find: 'bytes.length === stamp.sizeBytes && isExpected(stamp, await reader.stampNow())',
    replace: 'bytes.length === stamp.sizeBytes',
    checks: [{ tests: `${disk}/file-system-memory.test.ts` }, 'storm'],
  },
  {
    name: 'on a real disk, many small files are taken for what was seen of them',
    file: 'packages/client/src/disk/real-io.ts',
    find: 'return stat.isFile() && isExpected(expected, stampOf(stat))',
    replace: 'return stat.isFile()',
    checks: [{ tests: 'packages/client/src/disk/file-system-real.test.ts' }],
  },
  {
    name: 'nobody reads a file twice that is just being written',
    file: 'packages/client/src/content/file-opening.ts',
    find: 'const isWhole = !isLate || ',
    replace: 'const isWhole = isLate || ',
    checks: [{ tests: 'packages/client/src/content/ingest.test.ts' }, 'storm'],
  },
  {
    name: 'a file that is just being written is read once, with many others',
    file: 'packages/client/src/content/file-opening.ts',
    find: '!isUnsettled(settled(stamp, this.#clock.now()))',
    replace: '!isUnsettled(stamp)',
    checks: [{ tests: 'packages/client/src/content/ingest.test.ts' }, 'storm'],
  },
  {
    name: 'a file that was written a moment ago is taken for known',
    file: `${disk}/stamp.ts`,
    find: 'return isLate && stamp.ctimeNs < nowNs + aheadNs ? unsettled(stamp) : stamp',
    replace: 'return isLate && stamp.ctimeNs > nowNs + aheadNs ? unsettled(stamp) : stamp',
    checks: [{ tests: 'packages/client/src/disk/stamp.test.ts' }, 'storm'],
  },
  {
    name: 'the relay acknowledges a claim that is not durable',
    file: `${relay}/store/log-store-rows.ts`,
    find: 'await this.#rows.commit((view) => appendIn(view, append))',
    replace: 'await this.#rows.commit((view) => appendIn(view, append), { durable: false })',
    checks: ['storm'],
  },
  {
    name: 'the relay acknowledges a pack that is not stored',
    file: `${relay}/session/puts.ts`,
    find: 'await target.finish()\n',
    replace: 'void target.finish()\n',
    checks: [{ tests: 'packages/relay/src/session/packs.test.ts' }, 'storm'],
  },
  {
    name: 'a device that was revoked is a member still',
    file: `${crypto}/spine.ts`,
    find: 'const found = spine.devices.get(toHex(device))\n  return found?.until === undefined ? found?.role : undefined',
    replace: 'const found = spine.devices.get(toHex(device))\n  return found?.role',
    checks: ['storm'],
  },
  {
    name: 'contents that the relay lost are not sent again',
    file: `${engine}/duties.ts`,
    find: 'if (await lost.step(session)) return true',
    replace: '',
    checks: ['storm'],
  },
  {
    name: 'two histories are taken for one that goes on',
    file: 'packages/client/src/log/vault-log.ts',
    find: 'const isOther = last !== undefined && kept !== undefined && (came === undefined || !equal(kept, came))',
    replace: 'const isOther = last !== undefined && kept !== undefined && came === undefined',
    checks: [{ theme: 'relay' }, { tests: 'test/healing/adopt.test.ts' }],
  },
  {
    name: 'after a fork, what was agreed on the branch that was left still counts',
    file: `${engine}/adoption-trees.ts`,
    find: 'const base = remote && baseThere(from.get(id) ?? {}, remote)',
    replace:
      'const base = (remote && from.get(id)?.base) ?? (remote && baseThere(from.get(id) ?? {}, remote))',
    checks: [{ theme: 'relay' }, { tests: 'test/healing/adopt.test.ts' }],
  },
  {
    name: 'who comes by an invitation is an owner, whatever it said',
    file: `${crypto}/spine-member.ts`,
    find: 'role: invite.role,\n    identity: part',
    replace: "role: 'owner',\n    identity: part",
    checks: [{ theme: 'members' }],
  },
  {
    name: 'after an invitation was used, nobody opens new keys',
    file: `${engine}/duties.ts`,
    find: 'if (!log.state.spine.rekeyDue) return false',
    replace: 'if (log.nextSequence > 0) return false',
    checks: [{ theme: 'members' }],
  },
  {
    name: 'a prune lets go of packs that are still needed',
    file: `${engine}/live-chunks.ts`,
    find: 'of good === undefined ? places : [good, ...places.filter(isLater)]) {',
    replace: 'of good === undefined ? places : []) {',
    checks: [{ theme: 'prune' }],
  },
  {
    name: 'a restore comes over what was not sent yet',
    file: `${engine}/folder-history.ts`,
    find: 'await this.#settle({ before: path })\n',
    replace: '\n',
    checks: [{ tests: 'test/history/restore.test.ts' }],
  },
  {
    name: 'a restore removes what came later and is in nobody’s way',
    file: `${engine}/restoring.ts`,
    find: 'if (exact) await this.#removeOthers(former, parent)',
    replace: 'await this.#removeOthers(former, parent)',
    checks: [{ tests: 'test/history/restore.test.ts' }],
  },
  {
    name: 'a reader may write',
    file: `${crypto}/spine.ts`,
    find: 'return roles.indexOf(a) - roles.indexOf(b)',
    replace: 'return Math.max(1, roles.indexOf(a)) - Math.max(1, roles.indexOf(b))',
    checks: [{ theme: 'members' }],
  },
  {
    name: 'a role that is lowered stays what it was',
    file: `${crypto}/spine-member.ts`,
    find: '{ ...device, role: part.role })',
    replace: '{ ...device, role: compareRoles(part.role, device.role) > 0 ? part.role : device.role })',
    checks: [{ tests: 'packages/crypto/src/log-vectors.test.ts' }],
  },
  {
    name: 'who was taken out on the branch that was left is a member of the one that is adopted',
    file: `${engine}/adoption-note.ts`,
    find: 'devices: keysOf(spine.devices),',
    replace: 'devices: [],',
    checks: [{ tests: 'test/healing/adopt.test.ts' }],
  },
  {
    name: 'the state that a prune names is not made again where the relay lost it',
    file: `${engine}/duties.ts`,
    find: 'if (await named.step(session)) return true',
    replace: '',
    checks: ['storm'],
  },
  {
    name: 'any state takes the place of the one that was lost',
    file: `${engine}/named-again.ts`,
    find: 'const holds = point.through + 1\n',
    replace: 'const holds = vault.log.state.head.sequence\n',
    checks: [{ tests: 'test/healing/named-state.test.ts' }],
  },
  {
    name: 'a state that was made again as of later has a prune drop what is to be kept',
    file: `${engine}/pruning.ts`,
    find: 'if (chosen === undefined && this.#isNamedSince(sinceMs)) return said(spared(look), undefined)',
    replace: '',
    checks: [{ tests: 'test/healing/named-state.test.ts' }],
  },
  {
    name: 'who alone knows what the relay lost waits for ever',
    file: `${engine}/stranded.ts`,
    find: "then: waitsMs === 0 ? 'goes-on' : 'waits'",
    replace: "then: 'waits'",
    checks: ['storm'],
  },
  {
    name: 'a writer leaves behind what an owner’s device knows',
    file: `${engine}/stranded.ts`,
    find: "if (roleOf(log.state.spine, header.device) === 'owner') return false",
    replace: '',
    checks: [{ tests: 'test/healing/stranded.test.ts' }],
  },
  {
    name: 'a relay that shows another log to who goes on has it leave more than was judged',
    file: `${engine}/stranded.ts`,
    find: 'if (from >= judged && isFilesOnly(vault, from)) return undefined',
    replace: 'if (judged > 0) return undefined',
    checks: [{ tests: 'test/healing/stranded.test.ts' }],
  },
  {
    name: 'a mirror gets its first copy and nothing more',
    file: `${engine}/mirror-copy.ts`,
    find: 'through < from.lastSequence && round <= roundsMax',
    replace: 'false',
    checks: [{ theme: 'move' }],
  },
  {
    name: 'packs that a mirror lost are not given again, and none is said to lack',
    file: `${engine}/mirror-copy.ts`,
    find: 'lacking: await onSession((session) => putLost(parts, session))',
    replace: 'lacking: []',
    checks: [{ theme: 'move' }, { tests: 'test/engine/mirror.test.ts' }],
  },
]
