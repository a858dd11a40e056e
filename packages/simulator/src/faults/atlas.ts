// What the cluster promises to survive: the loss of one copy at a time. The atlas knows which host
// has lost something that others must have, and lets no other one lose anything until the first is
// whole again: then whatever is missing in the end is the broker's fault (TigerBeetle's fault
// atlas). Beyond tolerance it forbids nothing.
import type { GroupStatus } from '@holdfast/cluster'
import type { Host } from '../world/host.ts'
import type { World } from '../world/world.ts'

export class Atlas {
  readonly #world: World
  readonly #forbidsNothing: boolean
  /** The one host whose copies are not counted on. */
  #impaired: Host | null = null
  /** The one host whose clock people cannot believe: log time is the median of the voters'. */
  #misled: Host | null = null

  constructor(world: World, forbidsNothing: boolean) {
    this.#world = world
    this.#forbidsNothing = forbidsNothing
  }

  /** Takes note that a host is about to lose something; false: it must not. */
  impair(host: Host): boolean {
    if (this.#forbidsNothing) return true
    if (this.#impaired === host && !host.isLost) return this.#canSpareOne
    if (!this.isWhole) return false
    this.#impaired = host
    return true
  }

  /** Of two voters none can be spared: what was lost and is there again counts once more. */
  get #canSpareOne(): boolean {
    const newest = new Map<number, GroupStatus>()
    for (const { process } of this.#world.memberHosts) {
      for (const group of process?.member.status().groups ?? []) {
        const known = newest.get(group.id)
        if ((known?.commitIndex ?? -1) < group.commitIndex) newest.set(group.id, group)
      }
    }
    return newest.size > 0 && [...newest.values()].every(hasThreeVoters)
  }

  /** Takes note that the clock of a host is about to be set wrong; false: it must not. */
  misleadClock(host: Host): boolean {
    if (this.#forbidsNothing) return true
    const isMinority = this.#world.isSettled && this.#groups.every(hasThreeVoters)
    if (!isMinority || (this.#misled !== null && this.#misled !== host)) return false
    this.#misled = host
    return true
  }

  /** Whether fewer than three nodes would do: a wrong clock needs two that are right. */
  get mayShrink(): boolean {
    return this.#misled === null
  }

  get #groups(): readonly GroupStatus[] {
    return this.#world.memberHosts[0]?.process?.member.status().groups ?? []
  }

  /** Three sound copies of everything committed are where they should be. */
  get isWhole(): boolean {
    const { hosts } = this.#world
    if (!this.#world.isSettled || !this.#world.isReady) return false
    if (!hosts.every(({ disk, isThere }) => !isThere || disk.isSound)) return false
    return this.#groups.every((group) => hasThreeVoters(group) && this.#isWhole(group))
  }

  #isWhole({ id, voters, commitIndex }: GroupStatus): boolean {
    let committed = commitIndex
    for (const { disk } of this.#world.hosts) {
      committed = Math.max(committed, disk.groups.get(id)?.hardState.commit ?? 0)
    }
    return voters.every((node) => {
      const host = this.#world.hosts.find(({ disk }) => disk.identity?.node === node)
      return (host?.disk.groups.get(id)?.lastIndex ?? 0) >= committed
    })
  }
}

function hasThreeVoters({ voters }: GroupStatus): boolean {
  return voters.length >= 3
}
