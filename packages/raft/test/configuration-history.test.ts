// Configurations by index, as the log brings and takes them.
import t from 'tap'
import { ConfigurationHistory } from '../src/configuration-history.ts'
import { voters } from './single-replica.ts'

const history = (): ConfigurationHistory => {
  const created = new ConfigurationHistory({ index: 0, configuration: voters(1) })
  created.note(3, voters(1, 2))
  created.note(7, voters(1, 2, 3))
  return created
}

t.test('the latest is in effect, and each index has its own', async (t) => {
  const { latest, latestAt } = history()
  t.same([latest, latestAt.index], [voters(1, 2, 3), 7])
  t.same(
    [0, 2, 3, 6, 7, 99].map((index) => history().at(index).configuration.voters.length),
    [1, 1, 2, 2, 3, 3]
  )
  t.same(
    history()
      .from(4)
      .map(({ index }) => index),
    [3, 7]
  )
})

t.test('truncation rolls back; the first stays', async (t) => {
  const created = history()
  created.truncateFrom(7)
  t.same(created.latest, voters(1, 2))
  created.truncateFrom(2)
  t.same(created.latest, voters(1))
  t.throws(() => created.truncateFrom(0), /cannot be truncated/)
})

t.test('what nobody asks for is forgotten', async (t) => {
  const created = history()
  created.forgetBefore(5)
  t.same(created.at(5).configuration, voters(1, 2))
  t.throws(() => created.at(2), /forgotten/)
  created.reset({ index: 20, configuration: voters(9) })
  t.same(created.latestAt, { index: 20, configuration: voters(9) })
  t.throws(() => created.note(20, voters(1)), /order/)
})
