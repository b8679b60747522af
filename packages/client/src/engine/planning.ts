// From the state to a plan: collects the rows that the planner must see and asks it. The planner itself knows nothing of the state.
import { closureAround, closureOf, nextSeeds, type Seeds } from '../state/closure.ts'
import type { Plan, Traits } from '../sync/action.ts'
import { plan } from '../sync/plan.ts'
import type { Columns, NodeId } from '../sync/tree.ts'
import { adoptAll } from './adopting.ts'
import { arrivalsPlan } from './fresh-arrivals.ts'
import { freshPlan } from './fresh-commits.ts'
import type { Vault } from './vault.ts'

/** Plans over closures of the differing rows. `before` is asked for before any plan. */
export class Planning {
  readonly #vault: Vault
  readonly #traits: Traits
  readonly #before: () => Promise<void>

  constructor(vault: Vault, traits: Traits, before: () => Promise<void> = () => Promise.resolve()) {
    this.#vault = vault
    this.#traits = traits
    this.#before = before
  }

  /** What comes before any plan, for who can do without one. */
  async prepare(): Promise<void> {
    await this.#before()
  }

  /** The next batch of differing rows, and what to do about them; undefined when none is left after `after`. */
  async next(
    after: NodeId | undefined,
    seedsMax?: number,
  ): Promise<{ batch: Seeds; plan: Plan } | undefined> {
    await this.#before()
    const { trees } = this.#vault
    const batch = await nextSeeds(trees, { after, seedsMax })
    if (batch === undefined) return undefined
    const fresh = freshPlan(trees, batch.seeds) ?? arrivalsPlan(trees, batch.seeds, this.#traits)
    return { batch, plan: fresh ?? this.#over(await closureAround(trees, batch.seeds)) }
  }

  /** The next batch, as `next`, where all in it is new here and nobody else's business; undefined where it is not. */
  async fresh(after: NodeId | undefined): Promise<{ batch: Seeds; plan: Plan } | undefined> {
    await this.#before()
    const { trees } = this.#vault
    const batch = await nextSeeds(trees, { after })
    const plan = batch && freshPlan(trees, batch.seeds)
    return batch && plan && { batch, plan }
  }

  /** What to do about these nodes alone. */
  async about(ids: Iterable<NodeId>): Promise<Plan> {
    await this.#before()
    return this.#over(await closureOf(this.#vault.trees, ids))
  }

  /** Base follows for these nodes, where local and remote agree. */
  async adopt(ids: readonly NodeId[]): Promise<void> {
    if (ids.length === 0) return
    const { actions } = await this.about(ids)
    const adopts = actions.filter((action) => action.do === 'adopt')
    if (adopts.length === 0) return
    await this.#vault.trees.write({ flush: false }, (transaction) => adoptAll(transaction, adopts))
  }

  #over(rows: ReadonlyMap<NodeId, Columns>): Plan {
    const { trees, home, platform } = this.#vault
    return plan({
      rows,
      taken: (parent, name) =>
        (['local', 'remote', 'base'] as const).some(
          (column) => trees.child(column, parent, name) !== undefined,
        ),
      device: home.deviceName,
      nowMs: platform.clock.now(),
      traits: this.#traits,
    })
  }
}
