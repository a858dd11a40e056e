// Digests of stretches of the log: equal exactly where the logs are, wherever they begin, and what
// becomes of a replica whose log is another one.
import { Random } from '@holdfast/testkit'
import t from 'tap'
import type { AppendRequest, Raft } from '../src/index.ts'
import { digestEntries, LogDigests } from '../src/log-digest.ts'
import { command, elect, ofType, start, stateOf, three } from './single-replica.ts'

/** FNV-1a: any function of the bytes will do here. */
function checksum(bytes: Uint8Array): number {
  let hash = 0x811c_9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x0100_0193)
  return hash >>> 0
}

for (const seed of [1, 2, 3, 4]) {
  t.test(`two logs agree on a stretch if it is the same in both, seed ${seed}`, async (t) => {
    const random = new Random(seed)
    const start = random.integer(0, 5000)
    const logs = [0, 40].map((later) => {
      return { digests: new LogDigests(start + later, checksum), bodies: new Map<number, string>() }
    })
    let last = start + 40
    let term = 1
    for (let index = start + 1; index <= last; index++) {
      const body = `early ${index}`
      logs[0]?.digests.append(command(index, term, body))
      logs[0]?.bodies.set(index, body)
    }
    for (let step = 0; step < 9000; step++) {
      if (random.chance(0.01) && last > start + 60) {
        last -= random.integer(1, 15)
        term++
        for (const { digests } of logs) digests.truncateFrom(last + 1)
      }
      last++
      for (const { digests, bodies } of logs) {
        const isOther = random.chance(0.002)
        const body = isOther ? `${random.integer(0, 1e6)}` : `body ${last}`
        digests.append(command(last, term, body))
        bodies.set(last, body)
      }
      if (!random.chance(0.05)) continue
      const [one, two] = logs
      const to = last - random.integer(0, 30)
      const digest = two?.digests.upTo(to) ?? null
      if (digest === null || one === undefined || two === undefined) continue
      const own = one.digests.between(digest.after, to)
      let isSame = true
      for (let index = digest.after + 1; index <= to; index++) {
        if (one.bodies.get(index) !== two.bodies.get(index)) isSame = false
      }
      if (own === null) t.fail('the longer log knows what the shorter one does')
      else if ((own.high === digest.high && own.low === digest.low) !== isSame) {
        t.fail(`seed ${seed}, step ${step}: ${digest.after} to ${to} is ${isSame}`)
      }
    }
    const [one] = logs
    t.equal(one?.digests.upTo(last)?.after, last - digestEntries)
    t.equal(one?.digests.between(start, last), null, 'what is too long ago is forgotten')
    t.equal(one?.digests.between(last, last), null)
    t.equal(one?.digests.between(last - 1, last + 1), null)
    one?.digests.reset(last + 100)
    t.equal(one?.digests.upTo(last + 100), null)
    one?.digests.append(command(last + 101, term))
    t.equal(one?.digests.upTo(last + 101)?.after, last + 100)
  })
}

function replica(id: number, texts: readonly string[]): Raft {
  const state = stateOf(Array<number>(texts.length).fill(1), three)
  const entries = texts.map((text, at) => command(at + 1, 1, text))
  return start({ ...state, entries }, { id, checksum })
}

/** The first request of a leader with these entries to replica 2. */
function requestOf(texts: readonly string[]): AppendRequest {
  const sent = elect(replica(1, texts), [3])
  const [request] = ofType(sent, 'append-request').filter(({ to }) => to === 2)
  if (request === undefined) throw new Error('an append request was expected')
  return request
}

t.test('a replica whose log differs though it meets the leader goes no further', async (t) => {
  const request = requestOf(['a', 'b', 'c'])
  t.equal(request.previous.index, 3)
  t.equal(request.digest?.after, 0)
  replica(2, ['a', 'b', 'c']).step(request)
  t.throws(() => replica(2, ['a', 'x', 'c']).step(request), /the same up to there/)
  const { digest: _, ...bare } = request
  replica(2, ['a', 'x', 'c']).step(bare)
  t.pass('without a digest there is nothing to compare')
})
