// Strikes at the membership: nodes are added, removed and replaced under load, two at a time, and
// while the leader that runs the operation is killed.
import { setTimeout as delay } from 'node:timers/promises'
import { placesMax } from '../network/namespaces.ts'
import { recover, type Stage } from './stage.ts'

async function add(stage: Stage, place: number): Promise<number> {
  const { cluster, faults, membership } = stage
  return membership.change('add', cluster.peerAt(place), () => faults.addNode(place))
}

async function remove({ cluster, faults, membership }: Stage, node: number): Promise<void> {
  const { peer } = cluster.node(node)
  await membership.change('remove', peer, () => faults.removeNode(node))
  await faults.dismiss(node)
}

/** One is added, another one goes. */
export async function exchange(stage: Stage): Promise<string> {
  const { cluster, random } = stage
  const others = cluster.nodes
  const added = await add(stage, freePlace(stage, 0))
  const removed = random.pick(others).id
  await remove(stage, removed)
  await recover(stage)
  return `added node ${added}, removed node ${removed}`
}

/** A dead node is replaced: removed while it is down, and another one added. */
export async function replace(stage: Stage): Promise<string> {
  const { cluster, faults, random } = stage
  const victim = random.pick(cluster.nodes).id
  const place = freePlace(stage, 0)
  faults.note('kill-follower', victim)
  await cluster.kill(victim)
  const added = await add(stage, place)
  await remove(stage, victim)
  await recover(stage)
  return `node ${victim}, dead, by node ${added}`
}

/** Two are added in the same moment, then two removed in the same moment. */
export async function exchangeTwo(stage: Stage): Promise<string> {
  const { cluster, random } = stage
  const others = cluster.nodes.map(({ id }) => id)
  const places = [freePlace(stage, 0), freePlace(stage, 1)]
  const added = await Promise.all(places.map((place) => add(stage, place)))
  const removed = random.shuffle(others).slice(0, 2)
  await Promise.all(removed.map((node) => remove(stage, node)))
  await recover(stage)
  return `added nodes ${added.join(' and ')}, removed nodes ${removed.join(' and ')}`
}

/** The leader of the metadata dies twice while an exchange goes on. */
export async function exchangeUnderFire(stage: Stage): Promise<string> {
  const { cluster, faults, random } = stage
  const others = cluster.nodes
  const fire = { isOver: false }
  const strike = async (): Promise<number> => {
    let struck = 0
    while (!fire.isOver && struck < 2) {
      await delay(random.integer(200, 2_500))
      if (fire.isOver) break
      const node = await faults.strikeMetadata()
      struck += 1
      await delay(random.integer(100, 1_000))
      faults.note('restart', node)
      cluster.restart(node)
      await cluster.waitReady(60_000, [node])
    }
    return struck
  }
  const striking = strike()
  let added: number
  try {
    added = await add(stage, freePlace(stage, 0))
  } finally {
    fire.isOver = true
  }
  const struck = await striking
  await recover(stage)
  const removed = random.pick(others).id
  await remove(stage, removed)
  await recover(stage)
  return `added node ${added} under ${struck} kills, removed node ${removed}`
}

function freePlace({ cluster }: Stage, at: number): number {
  const place = cluster.freePlaces(placesMax)[at]
  if (place === undefined) throw new Error('no place is free')
  return place
}
