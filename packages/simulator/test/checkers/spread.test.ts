// Leaders are spread when no node leads two more than one that could take one over.
import t from 'tap'
import { type Led, unevenness } from '../../src/checkers/spread.ts'

const led = (leader: number, voters: readonly number[] = [1, 2, 3]): Led => ({ leader, voters })

t.test('a difference of one is even', async (t) => {
  t.equal(unevenness([1, 2, 3], [led(1), led(1), led(2), led(3)]), null)
  t.equal(unevenness([1], [led(1), led(1)]), null)
  t.equal(unevenness([], []), null)
})

t.test('a difference of two is not, where another could lead', async (t) => {
  t.equal(unevenness([1, 2, 3], [led(1), led(1), led(2)]), 'node 1 leads 2, node 3 leads 0')
  t.equal(unevenness([1, 2, 3], [led(1, [1, 2]), led(1, [1, 2]), led(2)]), null)
  const split = [led(1, [1, 2]), led(1, [1, 2]), led(2), led(3, [3, 4]), led(3, [3, 4])]
  t.equal(unevenness([1, 2, 3, 4], split), null, 'one of two that lead most can give to nobody')
})
