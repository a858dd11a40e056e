// Requests to a node that cannot answer them yet, and publishes and requests in a vhost that is not
// there.
import type { WireError } from '@holdfast/errors'
import type { ClientEvent } from '@holdfast/protocol'
import { encodeRecord } from '@holdfast/record'
import { Operator, World } from '@holdfast/simulator'
import t from 'tap'

t.test('a node that has yet to learn the metadata has its clients wait', async (t) => {
  const world = new World(11)
  t.ok(await world.form(1))
  const host = world.addHost()
  host.start()
  await world.schedule.run(100)
  const operator = new Operator(world, 'operator')
  operator.preferred = host
  world.hosts[0]?.process?.admin({ type: 'add-node', peer: host.address }, () => undefined)
  t.ok(await world.until(10_000, 'the client is let in', () => operator.isOpen))
  let error: string | null = 'unanswered'
  operator.ask({ type: 'declare-queue', name: 'q', options: {} }, (refusal) => {
    error = refusal?.code ?? null
  })
  t.ok(await world.until(10_000, 'the queue is declared', () => operator.isIdle))
  t.equal(error, null)
  t.same(world.failures, [])
})

/** Publishes one message to a queue and keeps what came of it. */
class OneMessage extends Operator {
  outcome: string | null = null

  protected override opened(): void {
    const blob = encodeRecord(null, new Uint8Array(3))
    const place = { exchange: '', routingKey: 'q', mandatory: false, firstSequence: 1, count: 1 }
    this.connection?.publish({ ...place, lowestUnconfirmed: 1, first: true, blob })
    this.pump()
  }

  protected override event(event: ClientEvent): void {
    if (event.type === 'confirm' && event.ranges.length > 0) this.outcome = 'confirmed'
    if (event.type === 'publish-failed') this.outcome = event.error.code
  }
}

t.test('a vhost that is not there is what is missing, not what would be in it', async (t) => {
  const world = new World(12)
  t.ok(await world.form(1))
  const publisher = new OneMessage(world, 'publisher')
  publisher.vhost = 'nowhere'
  const operator = new Operator(world, 'operator')
  operator.vhost = 'nowhere'
  const refusals: (string | undefined)[] = []
  const note = (error: WireError | null): unknown => refusals.push(error?.code)
  operator.ask({ type: 'inspect-queue', name: 'q' }, note)
  operator.ask({ type: 'locate-queue', name: 'q' }, note)
  operator.ask({ type: 'declare-queue', name: 'q', options: {} }, note)
  t.ok(
    await world.until(
      10_000,
      'all are refused',
      () => operator.isIdle && publisher.outcome !== null
    )
  )
  t.same(refusals, ['VHOST_NOT_FOUND', 'VHOST_NOT_FOUND', 'VHOST_NOT_FOUND'])
  t.equal(publisher.outcome, 'VHOST_NOT_FOUND')
  t.same(world.failures, [])
})
