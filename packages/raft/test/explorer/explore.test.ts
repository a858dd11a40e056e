// Every state within small bounds is safe; and a replica that breaks a rule is found, with the
// shortest history that shows it.
import t from 'tap'
import { type Bounds, Explorer } from './explore.ts'

const bounds: Bounds = {
  timeouts: 1,
  crashes: 1,
  proposals: 0,
  beats: 0,
  messages: 2,
  hasSymmetry: true,
  speaksEarly: false
}

t.test('all states within bounds are visited, and safe', async (t) => {
  const found = new Explorer(bounds).run()
  t.equal(found.violation, null)
  t.ok(found.isComplete)
  t.ok(found.states > 1000, `${found.states} states, ${found.localStates} of one replica`)
})

t.test('renaming replicas does not change what is found, only how often', async (t) => {
  const small = { ...bounds, crashes: 0 }
  const named = new Explorer({ ...small, hasSymmetry: false }).run()
  const merged = new Explorer(small).run()
  t.same([named.isComplete, merged.isComplete], [true, true])
  t.same([named.violation, merged.violation], [null, null])
  t.ok(merged.states * 2 < named.states, `${merged.states} states are ${named.states}`)
})

t.test('a replica that speaks before its disk is done is found', async (t) => {
  const { violation } = new Explorer({
    ...bounds,
    crashes: 0,
    messages: 3,
    speaksEarly: true
  }).run()
  t.equal(violation?.what, 'entry 2 is committed on 1 disks')
  t.equal(violation?.history[0], '1: timeout')
  t.ok((violation?.history.length ?? 0) < 12, `${violation?.history.join(', ')}`)
})
