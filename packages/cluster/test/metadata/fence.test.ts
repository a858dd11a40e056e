// The fence (ADR 0009): nobody is told 'not found' by a node that is behind, and who comes while a
// fence is in flight waits for the next.
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { times } from '../../src/limits.ts'
import { coreWith, pass } from '../part-core.ts'

/** `asked` are the questions to the metadata leader. */
function make(processEpoch: number = 1): {
  core: Core
  asked: number[]
  metadata: { appliedIndex: number }
} {
  const asked: number[] = []
  const group = { raft: { requestRead: (id: number) => asked.push(id) } }
  const metadata = { group, appliedIndex: 10 }
  return { core: coreWith({ metadata }, processEpoch), asked, metadata }
}

function tick(core: Core): void {
  pass(core, times.tickMs)
  core.fence.tick()
}

t.test('it ends when this node has applied what the leader had committed', async (t) => {
  const { core, asked, metadata } = make()
  const seen: boolean[] = []
  core.fence.wait((isCurrent) => seen.push(isCurrent))
  core.fence.readIndex(asked[0] ?? 0, 12)
  t.same(seen, [])
  metadata.appliedIndex = 11
  core.fence.flush()
  t.same(seen, [])
  metadata.appliedIndex = 12
  core.fence.flush()
  t.same(seen, [true])
  core.fence.flush()
  t.same(seen, [true], 'once')
})

t.test('who comes meanwhile waits for a question that is asked later', async (t) => {
  const { core, asked } = make()
  const seen: string[] = []
  core.fence.wait(() => seen.push('first'))
  core.fence.wait(() => seen.push('second'))
  core.fence.wait(() => seen.push('third'))
  t.equal(asked.length, 1)
  core.fence.readIndex(asked[0] ?? 0, 10)
  t.same(seen, ['first'])
  t.equal(asked.length, 2)
  core.fence.readIndex(asked[0] ?? 0, 10)
  t.same(seen, ['first'], 'the same answer again is too old for them')
  core.fence.readIndex(asked[1] ?? 0, 10)
  t.same(seen, ['first', 'second', 'third'])
})

t.test('what a process before asked is no question of this one', async (t) => {
  const [earlier, later] = [make(7 * 2 ** 32), make(3 * 2 ** 32)]
  for (const { core } of [earlier, later]) core.fence.wait(() => undefined)
  t.equal(earlier.asked.length + later.asked.length, 2)
  t.not(earlier.asked[0], later.asked[0])
})

t.test('a lost question is asked again', async (t) => {
  const { core, asked } = make()
  let isDone = false
  core.fence.wait(() => {
    isDone = true
  })
  tick(core)
  t.equal(asked.length, 2)
  core.fence.readIndex(asked[1] ?? 0, null)
  t.notOk(isDone, 'the leader was none')
  tick(core)
  core.fence.readIndex(asked[2] ?? 0, 10)
  t.ok(isDone)
})

t.test('an answer that takes longer than a tick counts, though it was asked again', async (t) => {
  const { core, asked } = make()
  let isCurrent: boolean | null = null
  core.fence.wait((answer) => {
    isCurrent = answer
  })
  // Each answer is three ticks on its way, as between regions.
  for (let round = 0; round < 5; round++) {
    tick(core)
    const late = asked[round - 3]
    if (late !== undefined) core.fence.readIndex(late, 10)
  }
  t.equal(isCurrent, true)
})

t.test('without a leader the honest answer comes in time', async (t) => {
  const { core, asked } = make()
  const seen: boolean[] = []
  core.fence.wait((isCurrent) => seen.push(isCurrent))
  for (let waitedMs = times.tickMs; waitedMs < times.callTimeoutMs; waitedMs += times.tickMs) {
    tick(core)
  }
  t.same(seen, [])
  tick(core)
  t.same(seen, [false])
  core.fence.readIndex(asked[0] ?? 0, 10)
  t.same(seen, [false])
})

t.test('who is told may ask again at once', async (t) => {
  const { core, asked } = make()
  const seen: string[] = []
  core.fence.wait(() => {
    seen.push('first')
    core.fence.wait(() => seen.push('again'))
  })
  core.fence.wait(() => seen.push('second'))
  core.fence.readIndex(asked.at(-1) ?? 0, 10)
  core.fence.readIndex(asked.at(-1) ?? 0, 10)
  core.fence.readIndex(asked.at(-1) ?? 0, 10)
  t.same(seen.sort(), ['again', 'first', 'second'])
})
