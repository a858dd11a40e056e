// When the heartbeats of a node leave.
import t from 'tap'
import { Beat } from '../../src/consensus/beat.ts'
import { times } from '../../src/limits.ts'

const { heartbeatTicks } = times

t.test('heartbeats are due once in an interval, however many ticks pass at once', async (t) => {
  const beat = new Beat()
  t.equal(beat.restTicks, heartbeatTicks)
  t.notOk(beat.tick(heartbeatTicks - 1))
  t.equal(beat.restTicks, 1)
  t.ok(beat.tick(1))
  t.equal(beat.restTicks, heartbeatTicks)
  t.ok(beat.tick(3 * heartbeatTicks))
  t.notOk(beat.tick(1), 'what was missed is not made up for')
})

t.test('they leave earlier when others arrive, and are due an interval later', async (t) => {
  const beat = new Beat()
  beat.tick(heartbeatTicks / 2)
  t.notOk(beat.join(), 'nothing arrived')
  beat.heard()
  t.ok(beat.join())
  t.notOk(beat.join(), 'what arrived is answered')
  t.notOk(beat.tick(heartbeatTicks - 1))
  t.ok(beat.tick(1))
})

t.test('two that hear each other do not go on for ever', async (t) => {
  const beats = [new Beat(), new Beat(), new Beat()]
  let sent = 0
  const tell = (from: Beat): void => {
    sent++
    for (const beat of beats) {
      if (beat === from) continue
      beat.heard()
      if (beat.join()) tell(beat)
    }
  }
  // Their clocks run apart by a third of an interval.
  for (let tick = 0; tick < 10 * heartbeatTicks; tick++) {
    for (const beat of beats) if (beat.tick(1)) tell(beat)
    if (tick === 0) beats[1]?.tick(2)
  }
  t.ok(sent >= 27 && sent <= 36, `${sent} heartbeats of three nodes in ten intervals`)
})
