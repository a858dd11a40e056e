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
    if (this.#impaired === host && !host.isLost && !this.#isNeeded(host)) return true
    if (!this.isWhole) return false
    this.#impaired = host
    return true
  }

  /** Whether it votes where two are not a majority, as somebody knows: it has come back there. */
  #isNeeded({ disk }: Host): boolean {
    const node = disk.identity?.node
    if (node === undefined) return false
    return this.#world.memberHosts.some(({ process }) => {
      const groups = process?.member.status().groups ?? []
      return groups.some((group) => !hasThreeVoters(group) && group.voters.includes(node))
    })
  }

  /**
   * Takes note that the clock of a host is about to be set wrong; false: it must not. Also where
   * more may be lost than a cluster survives: that halts it, a majority of wrong clocks does not.
   */
  misleadClock(host: Host): boolean {
    const isMinority = this.#world.isSettled && this.#groups.every(hasThreeVoters)
    if (!isMinority || (this.#misled !== null && this.#misled !== host)) return false
    this.#misled = host
    return true
  }

  /** Whether no copy is damaged, known or not: where one is, no other may be given up. */
  get isSound(): boolean {
    return this.#world.hosts.every(({ disk, isThere }) => !isThere || disk.isSound)
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
    if (!this.#world.isSettled || !this.#world.isReady || !this.isSound) return false
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
