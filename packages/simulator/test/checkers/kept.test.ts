// What a client holds is not put back for nobody's by a leader that was told of it.
import t from 'tap'
import type { Check } from '../../src/checkers/checks.ts'
import { KeptDeliveries } from '../../src/checkers/kept.ts'
import type { ReferenceQueue } from '../../src/checkers/reference-types.ts'

const message = { queue: 'q', body: 'p:1|' }

function make() {
  const found: Check[] = []
  const clock = { nowMs: 0 }
  const kept = new KeptDeliveries(
    (check) => void found.push(check),
    () => clock.nowMs,
    (group, name) => (group === 1 && name === 'q' ? ({} as ReferenceQueue) : undefined)
  )
  const ended = kept.got({ client: 'c', node: 2, ...message })
  return { kept, found, clock, ended }
}

t.test('what nobody claimed, and a client holds, is found', async (t) => {
  const { kept, found } = make()
  kept.rollAnswered(1, 3, 2)
  kept.returned({ group: 1, term: 3 }, message, true)
  t.same(found, ['kept-deliveries'])
})

t.test('not before its node has answered, to this leader', async (t) => {
  const { kept, found } = make()
  kept.rollAnswered(1, 3, 1)
  kept.rollAnswered(2, 3, 2)
  kept.returned({ group: 1, term: 3 }, message, true)
  t.same(found, [])
  const { kept: next, found: later } = make()
  next.rollAnswered(1, 3, 2)
  next.returned({ group: 1, term: 4 }, message, true)
  t.same(later, [])
})

t.test('who has settled it, or is gone, holds it no more; who gives it back neither', async (t) => {
  const { kept, found, ended } = make()
  kept.rollAnswered(1, 3, 2)
  ended()
  kept.returned({ group: 1, term: 3 }, message, true)
  const { kept: other, found: others } = make()
  other.rollAnswered(1, 3, 2)
  other.returned({ group: 1, term: 3 }, message, false)
  t.same([...found, ...others], [])
})

t.test('what the log put back before is claimed by nobody', async (t) => {
  const { kept, found, clock } = make()
  clock.nowMs = 500
  kept.returned({ group: 1, term: 3 }, message, false)
  kept.rollAnswered(1, 4, 2)
  kept.returned({ group: 1, term: 4 }, message, true)
  t.same(found, [])
})

t.test('a queue opens when its leader waits for nobody any more', async (t) => {
  const { kept, found } = make()
  kept.rollOver({ group: 1, term: 3 })
  kept.opened({ group: 1, term: 3 }, 'q')
  t.same(found, [])
  kept.opened({ group: 1, term: 4 }, 'q')
  kept.opened({ group: 2, term: 3 }, 'q')
  t.same(found, ['kept-deliveries', 'kept-deliveries'])
})
