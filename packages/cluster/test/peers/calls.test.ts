// Calls between nodes: each ends exactly once, and in time.
import { HoldfastError } from '@holdfast/errors'
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { limits, times } from '../../src/limits.ts'
import { type Answer, Calls, type Handle } from '../../src/peers/calls.ts'
import type { Call, CallResult } from '../../src/peers/peer-message.ts'
import { coreWith, linkTo, pass, sent } from '../part-core.ts'

const call: Call = { type: 'fetch-entry', group: 3, index: 9 }
const done: CallResult = { type: 'done' }

interface Caller {
  readonly core: Core
  readonly calls: Calls
  /** What the calls ended with: the type, or the code of the error. */
  readonly ends: string[]
  readonly ask: (node: number) => void
}

function make(handle: Handle = () => undefined): Caller {
  const core = coreWith()
  const calls = new Calls(core, handle)
  const ends: string[] = []
  const ask = (node: number): void => {
    calls.call(node, call, (result) => {
      ends.push(result.type === 'error' ? result.error.code : result.type)
    })
  }
  return { core, calls, ends, ask }
}

function idsOf(core: Core): number[] {
  return sent(core).flatMap(({ message }) => (message.type === 'call' ? [message.id] : []))
}

t.test('an answer ends its call, once, and only from whom it was asked', async (t) => {
  const { core, calls, ends, ask } = make()
  linkTo(core, 2, 3)
  ask(2)
  const [id = 0] = idsOf(core)
  calls.result(3, id, done)
  t.same(ends, [])
  calls.result(2, id, done)
  calls.result(2, id, done)
  t.same(ends, ['done'])
  pass(core, times.callTimeoutMs)
  calls.tick()
  calls.nodeDown(2)
  t.same(ends, ['done'])
})

t.test('the answer to a process that has ended is not taken for one to the next', async (t) => {
  const ends: string[] = []
  const ids = [7 * 2 ** 32, 3 * 2 ** 32].map((processEpoch) => {
    const core = coreWith({}, processEpoch)
    linkTo(core, 2)
    const calls = new Calls(core, () => undefined)
    calls.call(2, call, () => ends.push(`${processEpoch}`))
    const [id = 0] = idsOf(core)
    return { id, calls }
  })
  const [before, after] = ids
  after?.calls.result(2, before?.id ?? 0, done)
  t.same(ends, [])
  after?.calls.result(2, after.id, done)
  t.same(ends, [`${3 * 2 ** 32}`])
})

t.test('a call without an answer fails in time, and a late answer is nobody’s', async (t) => {
  const { core, calls, ends, ask } = make()
  linkTo(core, 2)
  ask(2)
  pass(core, 1000)
  ask(2)
  const [first = 0, second = 0] = idsOf(core)
  pass(core, times.callTimeoutMs - 1001)
  calls.tick()
  t.same(ends, [])
  pass(core, 1)
  calls.tick()
  t.same(ends, ['UNAVAILABLE'])
  calls.result(2, first, done)
  t.same(ends, ['UNAVAILABLE'])
  calls.result(2, second, done)
  t.same(ends, ['UNAVAILABLE', 'done'])
})

t.test('the loss of a link ends the calls to that node, and no others', async (t) => {
  const { core, calls, ends, ask } = make()
  linkTo(core, 2, 3)
  ask(2)
  ask(3)
  calls.nodeDown(2)
  t.same(ends, ['UNAVAILABLE'])
  t.equal(sent(core).length, 2)
  calls.nodeDown(3)
  t.same(ends, ['UNAVAILABLE', 'UNAVAILABLE'])
})

t.test('a node that cannot answer is not asked', async (t) => {
  const { core, ends, ask } = make()
  ask(2)
  t.same(ends, ['UNAVAILABLE'])
  linkTo(core, 2)
  for (const { link, lane, direction } of [...core.peers.links()]) {
    if (lane === 'gateway' && direction === 'in') core.peers.down(link)
  }
  ask(2)
  t.same(ends, ['UNAVAILABLE', 'UNAVAILABLE'])
  t.same(sent(core), [])
})

t.test('unanswered calls have a bound', async (t) => {
  const { core, calls, ends, ask } = make()
  linkTo(core, 2)
  for (let i = 0; i < limits.callsMax; i++) ask(2)
  t.same(ends, [])
  ask(2)
  t.same(ends, ['UNAVAILABLE'])
  const [first = 0] = idsOf(core)
  calls.result(2, first, done)
  ask(2)
  t.same(ends, ['UNAVAILABLE', 'done'])
})

t.test('who is answered may call again at once', async (t) => {
  const { core, calls } = make()
  linkTo(core, 2)
  let failed = 0
  const again = (): void => {
    calls.call(2, call, () => {
      failed++
      if (failed < 3) again()
    })
  }
  again()
  calls.nodeDown(2)
  t.equal(failed, 1, 'the new call is not swept away with the old one')
})

t.test('what makes no sense is refused, here as elsewhere', async (t) => {
  const nonsense = (): never => {
    throw new HoldfastError('REQUEST_INVALID', { reason: 'nonsense' })
  }
  const { core, calls, ends, ask } = make(nonsense)
  calls.received(2, 5, call)
  t.match(sent(core), [
    { to: 2, message: { type: 'result', id: 5, result: { error: { code: 'REQUEST_INVALID' } } } }
  ])
  ask(1)
  t.same(ends, ['REQUEST_INVALID'])
})

t.test('an error behind the answer is not answered again', async (t) => {
  const { calls } = make((_from, _call, answer) => answer(done))
  let answers = 0
  const thrower: Answer = () => {
    answers++
    throw new HoldfastError('REQUEST_INVALID', { reason: 'of the caller' })
  }
  t.throws(() => calls.call(1, call, thrower))
  t.equal(answers, 1)
})

t.test('what must arrive is sent however much is unanswered, and not waited for', async (t) => {
  const { core, calls, ends, ask } = make()
  linkTo(core, 2)
  const insist = (): void => {
    calls.insist(2, call, (result) => {
      ends.push(result.type)
    })
  }
  insist()
  const [first = 0] = idsOf(core)
  t.same(ends, [])
  calls.result(2, first, done)
  t.same(ends, ['done'])
  for (let i = 0; i < limits.callsMax; i++) ask(2)
  idsOf(core)
  insist()
  const [id = 0] = idsOf(core)
  t.same(ends, ['done', 'error'])
  calls.result(2, id, done)
  t.same(ends, ['done', 'error'])
})
