// What an owner does with a vault, over the parts of an open folder: lets others in and out, lets go of what is old, and says how long it is kept.
import type { Invitation, MemberChange, Members } from './api.ts'
import { bringBack, type BroughtBack } from './bringing-back.ts'
import { GentlePrune, type GentlePruneParts } from './gentle-prune.ts'
import { Inviting, type InviteOptions } from './inviting.ts'
import { changeMirrors, type MirrorChange } from './mirror-list.ts'
import { Membership } from './members.ts'
import { Pruning, type Pruned, type PruneOptions } from './pruning.ts'
import { retention, type Retention } from './retention.ts'

/** Each call alone: nothing else may receive or append meanwhile. */
export class FolderOwning {
  readonly #parts: GentlePruneParts
  readonly #gentle: GentlePrune

  constructor(parts: GentlePruneParts) {
    this.#parts = parts
    this.#gentle = new GentlePrune(parts)
  }

  /** @throws as `Inviting.invite` */
  async invite(options: InviteOptions): Promise<Invitation> {
    return await new Inviting(this.#parts).invite(options)
  }

  /** @throws as `Membership.list` */
  async members(): Promise<Members> {
    return await new Membership(this.#parts).list()
  }

  /** @throws as `Membership.change` */
  async changeMembers(change: MemberChange): Promise<Members> {
    return await new Membership(this.#parts).change(change)
  }

  /** @throws as `Pruning.prune` */
  async prune(options: PruneOptions): Promise<Pruned> {
    return await new Pruning(this.#parts).prune(options)
  }

  /** What a client that watches prunes when nothing else is to be done. @throws as `GentlePrune.work` */
  async pruneGently(): Promise<void> {
    await this.#gentle.work()
  }

  /** @throws as `bringBack` */
  async bringBack(): Promise<BroughtBack> {
    return await bringBack(this.#parts)
  }

  /** @throws as `retention` */
  async retention(floorMs: number | undefined): Promise<Retention> {
    return await retention(this.#parts, floorMs)
  }

  /** @throws as `changeMirrors` */
  async changeMirrors(change: MirrorChange): Promise<readonly string[]> {
    return await changeMirrors(this.#parts, change)
  }
}
