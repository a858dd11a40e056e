// The whole cluster under a hundred seeds: what is promised holds whatever befalls nodes, links and
// disks.
import t from 'tap'
import { assertSeedsHold } from './seeds-hold.ts'

t.setTimeout(280_000)

t.test('what is promised holds under any weather', (t) => assertSeedsHold(t, 1, 100))
