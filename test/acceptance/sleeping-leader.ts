// A leader is stopped (SIGSTOP) while the others elect another and change everything it knows. What
// it is asked wakes it together with SIGCONT, before it has heard of any of that: it may say the
// truth, or that it cannot know, and nothing else.
import { setTimeout as delay } from 'node:timers/promises'
import { codeOf, eventually, within } from '@holdfast/testkit'
import { drain, fill, type Scene } from './cluster-scene.ts'

export interface SleepResult {
  /** Each question with what was answered and whether that may be. */
  readonly answers: readonly {
    readonly question: string
    readonly answer: string
    readonly isRight: boolean
  }[]
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

async function ask(http: string, path: string): Promise<Answer> {
  const response = await fetch(`http://${http}${path}`)
  return { status: response.status, body: await response.json() }
}

const messages = 200

/** The node that leads the queue of this scene also leads the metadata. */
async function leadBoth({ cluster, connection }: Scene): Promise<number> {
  await connection.declareQueue('slept')
  const { group } = await cluster.admin.queue('slept')
  const look = async (): Promise<number | null> => {
    const leader = await cluster.leaderOf(group)
    if (leader === (await cluster.leaderOf(0))) return leader
    if (leader !== null) await cluster.admin.transfer(0, leader)
    return null
  }
  return eventually('one node that leads both', look, { timeoutMs: 30_000, intervalMs: 300 })
}

/** Stops the leader for `sleepMs`, and asks it when it wakes. */
export async function sleepThrough(scene: Scene, sleepMs: number): Promise<SleepResult> {
  const { cluster, connect, connection } = scene
  await connection.declareQueue('deleted')
  await connection.declareExchange('routes', 'direct')
  const sleeper = await leadBoth(scene)
  await fill(connection, { queue: 'slept', count: messages, size: 100 })
  const { http, client } = cluster.node(sleeper)
  const others = cluster.nodes.filter((node) => node.id !== sleeper).map((node) => node.client)
  const awake = await connect(others)
  const faithful = await connect([client])
  const wakeMs = performance.now() + sleepMs
  cluster.signal(sleeper, 'SIGSTOP')
  try {
    await within('what the others do meanwhile', 60_000, changeAll(awake))
    await delay(Math.max(0, wakeMs - performance.now()))
    const questions = askAll(http)
    const routed = faithful
      .publish('routes', 'new', new Uint8Array(8), { mandatory: true })
      .then(() => 'confirmed', codeOf)
    await delay(200)
    cluster.signal(sleeper, 'SIGCONT')
    const answers = await questions
    const answer = await within('a publish through the node that slept', 60_000, routed)
    const isRight = answer === 'confirmed'
    await cluster.waitReady()
    await awake.close()
    await faithful.close()
    return { answers: [...answers, { question: 'a route made meanwhile', answer, isRight }] }
  } finally {
    cluster.signal(sleeper, 'SIGCONT')
  }
}

/** Empties, makes, binds and deletes queues while the old leader sleeps. */
async function changeAll(awake: Scene['connection']): Promise<void> {
  await drain(awake, 'slept', messages)
  await awake.declareQueue('made')
  await awake.bindQueue('made', 'routes', 'new')
  await awake.deleteQueue('deleted')
}

async function askAll(http: string): Promise<SleepResult['answers']> {
  const [slept, made, deleted, list] = await Promise.all([
    ask(http, '/v1/queues/%2F/slept'),
    ask(http, '/v1/queues/%2F/made'),
    ask(http, '/v1/queues/%2F/deleted'),
    ask(http, '/v1/queues?limit=100')
  ])
  const told = ({ status, body }: Answer): string => `${status} ${JSON.stringify(body)}`
  const { ready } = slept.body as { readonly ready?: number | null }
  const { queues = [] } = list.body as { readonly queues?: readonly { readonly name: string }[] }
  const names = queues.map((queue) => queue.name)
  const isListRight = names.includes('made') && !names.includes('deleted')
  return [
    {
      question: 'the depth of a queue that was emptied',
      answer: told(slept),
      isRight: slept.status === 503 || ready === 0 || ready === null
    },
    {
      question: 'a queue that was made',
      answer: told(made),
      isRight: made.status === 200 || made.status === 503
    },
    {
      question: 'a queue that was deleted',
      answer: told(deleted),
      isRight: deleted.status === 404 || deleted.status === 503
    },
    {
      question: 'all queues',
      answer: `${list.status} ${names.join(', ')}`,
      isRight: list.status === 503 || isListRight
    }
  ]
}
