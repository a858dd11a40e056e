// What counts against the prefetch of a consumer of AMQP, or of its channel.
import t from 'tap'
import { AmqpHand } from '../../src/clients/amqp-hand.ts'

class Scene {
  /** Bodies that the log has put back. */
  readonly back = new Set<string>()
  readonly ended: number[] = []
  readonly hand = new AmqpHand({ isBack: ({ body }) => this.back.has(body) }, () => 0)

  give(deliveryTag: number, consumer: string | null): void {
    const ended = (): void => void this.ended.push(deliveryTag)
    this.hand.add(deliveryTag, { consumer, queue: 'q', body: `m${deliveryTag}`, ended })
  }
}

t.test('against a consumer counts what it was given since it was started', async (t) => {
  const scene = new Scene()
  const { hand } = scene
  hand.started('c')
  for (const tag of [1, 2, 3]) scene.give(tag, 'c')
  scene.give(4, 'd')
  scene.give(5, null)
  t.equal(hand.countOf('c', false), 3)
  hand.started('c')
  t.equal(hand.countOf('c', false), 0)
  scene.give(6, 'c')
  t.equal(hand.countOf('c', false), 1)
  scene.back.add('m6')
  t.equal(hand.countOf('c', false), 0)
})

t.test('against a channel counts what its consumers were given', async (t) => {
  const scene = new Scene()
  const { hand } = scene
  hand.started('c')
  scene.give(1, 'c')
  scene.give(2, null)
  scene.give(3, 'd')
  hand.started('c')
  scene.back.add('m3')
  t.equal(hand.countOf('d', true), 2)
})

t.test('what is settled counts no more, and who keeps account is told', async (t) => {
  const scene = new Scene()
  const { hand } = scene
  for (const tag of [1, 2, 3, 4]) scene.give(tag, 'c')
  hand.settle(2, true)
  hand.settle(4, false)
  t.same(scene.ended, [1, 2, 4])
  t.equal(hand.countOf('c', true), 1)
  t.ok(hand.has(3))
  hand.clear()
  t.same(scene.ended, [1, 2, 4, 3])
  t.equal(hand.size, 0)
})
