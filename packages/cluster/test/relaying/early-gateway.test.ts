// A gateway that is heard by a leader of its consumers before that has a link to it.
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { times } from '../../src/limits.ts'
import type { CallResult } from '../../src/peers/peer-message.ts'
import { linkTo, pass, sent } from '../part-core.ts'
import { attach, gateway, leader, run } from './made-leader.ts'

/** What the gateway was told of the ends of attachments since the last look. */
function endsTold(core: Core): object[] {
  return sent(core).flatMap(({ message }) => {
    if (message.type !== 'cast' || message.cast.type !== 'relay-ended') return []
    return [{ attachment: message.cast.attachment, code: message.cast.error.code }]
  })
}

t.test('a gateway that is heard before it is linked attaches anew once it is', (t) => {
  const { core, seen, isCongested, relay } = leader()
  const results: CallResult[] = []
  relay.attach(gateway, { ...attach, attachment: 5 }, (result) => results.push(result))
  t.same(results, [{ type: 'done' }])
  t.equal(isCongested(), true)
  pass(core, times.reattachGraceMs - 1)
  relay.tick()
  t.same(endsTold(core), [])

  linkTo(core, gateway)
  relay.linkUp(gateway)
  relay.linkUp(gateway)
  t.same(endsTold(core), [{ attachment: 5, code: 'UNAVAILABLE' }], 'the answer was lost')
  t.equal(isCongested(), true)
  pass(core, times.reattachGraceMs - 1)
  relay.tick()
  t.same(seen, [], 'it has all the time that it would have after a break')

  relay.attach(gateway, { ...attach, attachment: 6 }, () => undefined)
  t.equal(isCongested(), false)
  t.end()
})

t.test('who asked over a link whose other way was broken keeps nothing for ever', (t) => {
  const { core, seen, attached, relay } = leader()
  const { group, queue, consumer } = attach
  const machine = { queue: () => undefined }
  Object.assign(core, { groups: { shardHost: () => ({ machine }) } })
  const to = { group, queue, consumer, attachment: 5 }
  relay.get(gateway, { type: 'relay-get', ...to }, () => undefined)
  attached[0]?.recipient.deliver({ ...run, consumer: 5, blob: new Uint8Array(1) })

  // Its gateway sees the link break that was there before, and cannot say that it gives this up.
  linkTo(core, gateway)
  relay.linkUp(gateway)
  pass(core, times.reattachGraceMs)
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
