// Whose login is next, and who has to give way.
import t from 'tap'
import { LoginQueue, networkOf } from '../../src/access/login-queue.ts'
import { limits } from '../../src/limits.ts'

function takeAll(queue: LoginQueue<string>): string[] {
  const taken: string[] = []
  for (let login = queue.next(); login !== null; login = queue.next()) taken.push(login)
  return taken
}

t.test('networks take turns, each in the order in which its logins came', async (t) => {
  const queue = new LoginQueue<string>()
  for (const login of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) {
    t.equal(queue.add(login[0] ?? '', login), null)
  }
  t.same(takeAll(queue), ['a1', 'b1', 'c1', 'a2', 'b2', 'a3'])
  t.equal(queue.next(), null)
})

t.test('where there is no room, the last of the longest gives way', async (t) => {
  const queue = new LoginQueue<string>()
  const most = limits.loginsWaitingMax - 2
  for (let i = 1; i <= most; i++) queue.add('a', `a${i}`)
  queue.add('b', 'b1')
  queue.add('c', 'c1')
  t.equal(queue.add('a', 'late'), 'late')
  t.equal(queue.add('d', 'd1'), `a${most}`)
  t.equal(queue.add('b', 'b2'), `a${most - 1}`)
  const taken = takeAll(queue)
  t.same(taken.slice(0, 6), ['a1', 'b1', 'c1', 'd1', 'a2', 'b2'])
  t.equal(taken.length, limits.loginsWaitingMax)
})

t.test('of many with one each, the one that comes gives way', async (t) => {
  const queue = new LoginQueue<string>()
  for (let i = 1; i <= limits.loginsWaitingMax; i++) queue.add(`n${i}`, `${i}`)
  t.equal(queue.add('new', 'new'), 'new')
  t.equal(takeAll(queue).length, limits.loginsWaitingMax)
})

t.test('an address of IPv6 counts by its first half', async (t) => {
  for (const [remote, network] of [
    ['192.0.2.7:4', '192.0.2.7'],
    ['[::ffff:192.0.2.7]:4', '192.0.2.7'],
    ['[2001:db8:1:2:3:4:5:6]:4', '2001:db8:1:2'],
    ['[2001:db8:1:2::6]:4', '2001:db8:1:2'],
    ['[2001:db8::5:6]:4', '2001:db8:0:0'],
    ['[fe80::1%eth0]:4', 'fe80:0:0:0'],
    ['[::1]:4', '0:0:0:0'],
    ['unknown:0', 'unknown'],
    ['', '']
  ] as const) {
    t.equal(networkOf(remote), network, remote)
  }
})
