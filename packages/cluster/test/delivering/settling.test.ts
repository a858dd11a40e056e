// What ends in the log: in commands that the shards' machines take, however much it is.
import { type SectionReply, type ShardCommand, shardLimits } from '@holdfast/broker'
import t from 'tap'
import { Settling } from '../../src/delivering/settling.ts'

const key = { session: '0a', tag: 'c' }
const { rangesMax } = shardLimits

/** So many deliveries, no two of which are neighbours. */
function taken(count: number): number[] {
  return Array.from({ length: count }, (_, i) => [2 * i + 1, 2 * i + 1, 0]).flat()
}

function setUp() {
  const proposed: { command: ShardCommand; done: (reply: SectionReply) => void }[] = []
  const decided: number[] = []
  const held = { decided: (first: number) => decided.push(first) }
  const settling = new Settling({ id: 7 }, held, (command, done) => {
    proposed.push({ command, done })
  })
  /** The log has the next command: its type, and of how many ranges. */
  const answer = (stale: readonly number[] = []): readonly [string, number] | null => {
    const [next] = proposed.splice(0, 1)
    if (next === undefined) return null
    next.done({ type: 'settled', stale })
    const { command } = next
    const isDetached = command.type === 'detach-consumer'
    const ranges = isDetached ? command.release : command.type === 'settle' ? command.ranges : []
    return [command.type, ranges.length / 3]
  }
  return { settling, proposed, decided, answer }
}

t.test('more ranges than a command names follow in others', async (t) => {
  const { settling, proposed, decided, answer } = setUp()
  const outcomes: boolean[] = []
  settling.settle(key, 'accepted', taken(rangesMax + 1), (isStale) => outcomes.push(isStale))
  t.equal(proposed.length, 1)
  t.same(answer(), ['settle', rangesMax])
  t.equal(decided.length, rangesMax)
  t.same(outcomes, [], 'the rest is on its way')
  t.match(proposed[0]?.command, { outcome: 'accepted', ranges: taken(rangesMax + 1).slice(-3) })
  t.same(answer([5, 5]), ['settle', 1])
  t.same(outcomes, [true])
  t.equal(decided.length, rangesMax + 1)
})

t.test('a consumer that ends gives back all that it held', async (t) => {
  const { settling, proposed, answer } = setUp()
  let isDone = false
  settling.detach(key, taken(rangesMax + 2), () => {
    isDone = true
  })
  t.same(answer(), ['detach-consumer', rangesMax])
  t.notOk(isDone)
  t.match(proposed[0]?.command, { outcome: 'released' })
  t.same(answer(), ['settle', 2])
  t.ok(isDone)
})

t.test('who holds nothing gives nothing back', async (t) => {
  const { settling, proposed, answer } = setUp()
  let ends = 0
  const done = (): void => {
    ends++
  }
  settling.giveBack(key, 'released', [], done)
  t.same(proposed, [])
  settling.detach(key, [], done)
  t.same(answer(), ['detach-consumer', 0])
  t.equal(ends, 2)
})
