// Nobody goes by metadata that are older than what was promised.
import t from 'tap'
import { RoutesInForce } from '../../src/checkers/routes-in-force.ts'

const nobody = { without: () => [] }

t.test('whoever may route has applied what is answered', async (t) => {
  const found: string[] = []
  const leases = { without: (index: number) => (index > 7 ? [3] : []) }
  const routes = new RoutesInForce((_, detail) => void found.push(detail), leases)
  routes.answered(7)
  t.same(found, [])
  routes.answered(8)
  t.same(found, ['8 is answered, and node 3 may route without it'])
})

t.test('who routes has applied every change that was answered', async (t) => {
  const found: string[] = []
  const routes = new RoutesInForce((_, detail) => void found.push(detail), nobody)
  routes.routes(4, 0)
  routes.answered(7)
  routes.answered(5)
  routes.routes(4, 7)
  t.same(found, [])
  routes.routes(4, 6)
  t.same(found, ['replica 4 routes with 6 applied, 7 was answered'])
})

t.test('who was at a fence has applied what was committed when it asked', async (t) => {
  const found: string[] = []
  const routes = new RoutesInForce((_, detail) => void found.push(detail), nobody)
  const goOn = routes.waits(4, 9)
  goOn(9)
  t.same(found, [])
  goOn(8)
  t.same(found, ['replica 4 is behind a fence with 8 applied, 9 was committed before'])
})

t.test('who sends a publish nowhere was at a fence since it came', async (t) => {
  const found: string[] = []
  const routes = new RoutesInForce((_, detail) => void found.push(detail), nobody)
  const early = routes.waits(4, 0)
  const goesNowhere = routes.arrives(4)
  const late = routes.waits(4, 0)
  late(0)
  early(0)
  goesNowhere()
  t.same(found, [])
  const next = routes.arrives(4)
  routes.waits(5, 0)(0)
  next()
  t.same(found, ['replica 4 sends a publish nowhere, and was at no fence since that came'])
})
