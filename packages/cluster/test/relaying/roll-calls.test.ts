// A new leader of a shard asks the gateways for those who hold something of it.
import t from 'tap'
import { times } from '../../src/limits.ts'
import type { Call, CallResult } from '../../src/peers/peer-message.ts'
import { coreWith, linkTo, pass } from '../part-core.ts'

const group = 1

/** Node 1, which has a link to 2 and 3, and has heard of 2. */
function make() {
  const asked: { readonly node: number; answer: (result: CallResult) => void }[] = []
  const opening: number[] = []
  const core = coreWith({
    calls: {
      call: (node: number, _call: Call, answer: (result: CallResult) => void) => {
        asked.push({ node, answer })
      }
    },
    deliveries: { tick: (shards: readonly number[]) => opening.push(...shards) }
  })
  linkTo(core, 2, 3)
  core.contact.heard(2)
  core.rollCalls.leadershipChanged(group, true)
  return { core, rollCalls: core.rollCalls, asked, opening }
}

t.test('queues wait for all gateways that can be heard', async (t) => {
  const { rollCalls, asked, opening } = make()
  t.same(
    asked.map(({ node }) => node),
    [1, 2]
  )
  t.ok(rollCalls.isOver(2), 'other shards do not wait')
  asked[0]?.answer({ type: 'done' })
  t.notOk(rollCalls.isOver(group))
  t.same(opening, [])
  asked[1]?.answer({ type: 'done' })
  t.ok(rollCalls.isOver(group))
  t.same(opening, [group])
})

t.test('but not for long', async (t) => {
  const { core, rollCalls, asked, opening } = make()
  asked[0]?.answer({ type: 'done' })
  pass(core, times.rollCallMs)
  core.timers.tick()
  t.ok(rollCalls.isOver(group))
  t.same(opening, [group])
  asked[1]?.answer({ type: 'done' })
  t.same(opening, [group], 'who is late changes nothing')
})

t.test('who leads again asks again, and what was answered before does not count', async (t) => {
  const { rollCalls, asked, opening } = make()
  rollCalls.leadershipChanged(group, false)
  t.ok(rollCalls.isOver(group))
  rollCalls.leadershipChanged(group, true)
  for (const { answer } of asked.slice(0, 2)) answer({ type: 'done' })
  t.notOk(rollCalls.isOver(group))
  t.same(opening, [])
  for (const { answer } of asked.slice(2)) answer({ type: 'done' })
  t.ok(rollCalls.isOver(group))
  t.same(opening, [group])
})
