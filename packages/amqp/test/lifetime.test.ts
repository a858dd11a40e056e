// How long a connection may stand where it stands, and what counts there.
import t from 'tap'
import { Lifetime } from '../src/lifetime.ts'
import { amqpLimits } from '../src/limits.ts'

t.test('who does not come in is out in time, and who is in stays', async (t) => {
  const life = new Lifetime(1_000)
  life.enter('handshake')
  t.equal(life.isOpening, true)
  life.nowMs += amqpLimits.handshakeTimeoutMs - 1
  t.equal(life.isExpired, false)
  life.nowMs += 1
  t.equal(life.isExpired, true)
  life.enter('open')
  life.nowMs += 1_000_000
  t.equal(life.isExpired, false)
})

t.test('an end takes no longer than it may', async (t) => {
  for (const stage of ['leaving', 'lingering', 'closing'] as const) {
    const life = new Lifetime(0)
    life.enter('open')
    life.nowMs = 500
    life.enterFor(stage, 100)
    t.equal(life.isDeaf, stage !== 'closing', stage)
    life.nowMs = 599
    t.equal(life.isExpired, false)
    life.nowMs = 600
    t.equal(life.isExpired, true)
    life.enter('closed')
    t.equal(life.isExpired, false)
    t.equal(life.isDeaf, true)
  }
})
