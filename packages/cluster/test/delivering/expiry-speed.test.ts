// How late messages expire where there are many, and what that costs: lateness is asserted, in the
// time of a member whose clock a test moves; cost is printed, since other work shares the machine.
// MESSAGES=1000000 for the figures of docs/internals/machines.md.
import { encodeRecord } from '@holdfast/record'
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import { type LoneClient, LoneMember } from '../lone-member.ts'

// biome-ignore lint/style/noProcessEnv: for a longer run by hand.
const messages = Number(process.env['MESSAGES'] ?? 50_000)
/** So many take their time where other work comes first. */
t.setTimeout(600_000)

const batchMax = 400
const body = new Uint8Array(100)

/** A queue of messages that live as long as `ttlOf` says; the times at which they are due. */
function filled(ttlOf: () => number) {
  const member = new LoneMember()
  const client = member.connect(1)
  client.ask({ type: 'declare-queue', name: 'q', options: {} })
  member.pass(500)
  const dueMs = new Float64Array(messages)
  for (let sent = 0; sent < messages; sent += batchMax) {
    const count = Math.min(batchMax, messages - sent)
    const records = Array.from({ length: count }, (_, i) => {
      const ttlMs = ttlOf()
      dueMs[sent + i] = member.nowMs + ttlMs
      return encodeRecord({ expiration: `${ttlMs}` }, body)
    })
    client.connection.publish({
      exchange: '',
      routingKey: 'q',
      mandatory: true,
      first: sent === 0,
      firstSequence: sent + 1,
      lowestUnconfirmed: sent + 1,
      count,
      blob: new Uint8Array(Buffer.concat(records))
    })
    client.speak()
    client.events.length = 0
  }
  return { member, client, dueMs: dueMs.sort() }
}

function ready(client: LoneClient): number {
  const id = client.ask({ type: 'inspect-queue', name: 'q' })
  const { ready: count } = client.resultTo(id) as { ready: number }
  client.events.length = 0
  return count
}

/** How many are due after `timeMs`. */
function alive(dueMs: Float64Array, timeMs: number): number {
  let [low, high] = [0, dueMs.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((dueMs[middle] ?? 0) > timeMs) high = middle
    else low = middle + 1
  }
  return dueMs.length - low
}

/** Of the processor. */
function milliseconds(run: () => void): number {
  const start = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1_000
}

t.test('of messages with random lives each leaves within 100 ms', async (t) => {
  const seed = chooseSeed()
  t.comment(`seed ${seed}`)
  const random = new Random(seed)
  const { member, client, dueMs } = filled(() => 1_000 + random.below(20_000))
  t.equal(ready(client), messages)
  const latest = dueMs.at(-1) ?? 0
  let [spentMs, longestMs] = [0, 0]
  while (member.nowMs < latest + 200 && t.passing()) {
    member.pass(50)
    let count = 0
    // What is asked comes with the next tick.
    const stepMs = milliseconds(() => {
      count = ready(client)
    })
    spentMs += stepMs
    longestMs = Math.max(longestMs, stepMs)
    const isInTime =
      count >= alive(dueMs, member.nowMs) && count <= alive(dueMs, member.nowMs - 100)
    if (!isInTime) t.fail('early or late', { count, alive: alive(dueMs, member.nowMs) })
  }
  t.equal(ready(client), 0)
  const each = ((spentMs * 1_000) / messages).toFixed(2)
  t.comment(`${messages}: ${each} µs a message, all steps; the longest ${longestMs.toFixed(0)} ms`)
})

t.test('all at once leave in several entries', async (t) => {
  const { member, client } = filled(() => 5_000)
  member.pass(4_900)
  t.equal(ready(client), messages)
  const spentMs = milliseconds(() => member.pass(150))
  t.equal(ready(client), 0)
  t.comment(`${messages} at once: ${spentMs.toFixed(0)} ms`)
})
