// Leaders of shards are spread over the nodes: none leads two more than another that could lead one
// of them.

/** A shard as its leader knows it, by nodes. */
export interface Led {
  readonly leader: number
  readonly voters: readonly number[]
}

/** How the leaders of shards could be more even; null if they cannot. */
export function unevenness(nodes: readonly number[], shards: readonly Led[]): string | null {
  const ledBy = (node: number): readonly Led[] => shards.filter(({ leader }) => leader === node)
  const most = Math.max(...nodes.map((node) => ledBy(node).length))
  const reasons: string[] = []
  for (const from of nodes) {
    const led = ledBy(from)
    if (led.length < most) continue
    const to = nodes.find((node) => {
      const isLess = led.length - ledBy(node).length >= 2
      return isLess && led.some(({ voters }) => voters.includes(node))
    })
    // Moves begin with one of those that lead most, and that one may have nobody to give to.
    if (to === undefined) return null
    reasons.push(`node ${from} leads ${led.length}, node ${to} leads ${ledBy(to).length}`)
  }
  return reasons[0] ?? null
}
