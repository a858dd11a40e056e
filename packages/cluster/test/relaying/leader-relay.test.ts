// The end of a relayed consumer at its leader, while links to its gateway come and go.
import t from 'tap'
import type { Consumer } from '../../src/delivering/consumer.ts'
import { times } from '../../src/limits.ts'
import type { CallResult } from '../../src/peers/peer-message.ts'
import { coreWith, linkTo, pass } from '../part-core.ts'

const gateway = 2
const key = { session: 's'.repeat(16), tag: '1' }
const ways = { prefetch: 10, exclusive: false, priority: 0, resume: null, isIdle: true }
const attach = { type: 'relay-attach', group: 1, queue: 7, consumer: key, ...ways } as const

/** A leader whose deliveries note who was attached, detached and woken. */
function leader() {
  const attached: Consumer[] = []
  const seen: string[] = []
  const deliveries = {
    attach: (_group: number, _queue: number, consumer: Consumer) => attached.push(consumer) > 0,
    detach: (group: number, queue: number) => seen.push(`detach ${group}/${queue}`),
    wakeQueue: (group: number, queue: number) => seen.push(`wake ${group}/${queue}`)
  }
  const core = coreWith({ deliveries })
  const isCongested = (): boolean | undefined => attached.at(-1)?.recipient.isCongested
  return { core, seen, isCongested, relay: core.leaderRelay }
}

t.test('a gateway that is heard before it is linked is given something once it is', (t) => {
  const { core, seen, isCongested, relay } = leader()
  const results: CallResult[] = []
  relay.attach(gateway, { ...attach, attachment: 5 }, (result) => results.push(result))
  t.same(results, [{ type: 'done' }])
  t.equal(isCongested(), true)

  linkTo(core, gateway)
  relay.linkUp(gateway)
  t.equal(isCongested(), false)
  t.same(seen, ['wake 1/7'])

  pass(core, times.reattachGraceMs + 1)
  relay.tick()
  t.same(seen, ['wake 1/7'], 'and is not given up')
  t.end()
})

t.test('what was attached over a link that broke waits for the gateway, not for a link', (t) => {
  const { core, seen, isCongested, relay } = leader()
  linkTo(core, gateway)
  relay.attach(gateway, { ...attach, attachment: 5 }, () => undefined)
  t.equal(isCongested(), false)

  relay.linkDown(gateway)
  relay.linkUp(gateway)
  t.equal(isCongested(), true)
  t.same(seen, [])

  pass(core, times.reattachGraceMs + 1)
  relay.tick()
  t.same(seen, ['detach 1/7'])
  t.end()
})

t.test('a link that breaks before it is whole is one that broke', (t) => {
  const { core, isCongested, relay } = leader()
  relay.attach(gateway, { ...attach, attachment: 5 }, () => undefined)
  relay.linkDown(gateway)
  linkTo(core, gateway)
  relay.linkUp(gateway)
  t.equal(isCongested(), true)
  t.end()
})
