// The membership as a register, against hand-made histories.
import t from 'tap'
import { MembershipRegister } from './membership-register.ts'

type Action = 'add' | 'remove' | 'read'

/** One call from `from` to `to`; null: it never ended. A read has a reader and members. */
interface Call {
  readonly action: Action
  readonly what: string
  readonly from: number
  readonly to: number | null
  readonly reader?: number
}

const add = (what: string, from: number, to: number | null): Call => ({
  action: 'add',
  what,
  from,
  to
})
const remove = (what: string, from: number, to: number | null): Call => ({
  action: 'remove',
  what,
  from,
  to
})
const read = (reader: number, what: string, at: number): Call => ({
  action: 'read',
  what,
  from: at,
  to: at + 0.5,
  reader
})

function judge(calls: readonly Call[]): string | null {
  const register = new MembershipRegister()
  const moments = calls.flatMap(({ from, to }, call) => [
    { at: from, call, isEnd: false },
    { at: to ?? 1_000_000, call, isEnd: true }
  ])
  for (const { at, call, isEnd } of moments.sort((left, right) => left.at - right.at)) {
    const { action, what, to, reader = 0 } = calls[call] as Call
    const isRead = action === 'read'
    if (!isEnd) {
      const member = isRead ? null : what
      register.push({ type: 'member-invoke', at, call, action, reader, member })
    } else if (to === null) register.push({ type: 'member-info', at, call })
    else {
      const members = isRead ? what.split(' ') : null
      register.push({ type: 'member-ok', at, call, members })
    }
  }
  return register.finish()
}

t.test('histories that have an order', async (t) => {
  const good: Readonly<Record<string, readonly Call[]>> = {
    'nothing at all': [],
    'reads alone': [read(1, 'a b', 0), read(2, 'a b', 1)],
    'a change and a read after it': [read(1, 'a', 0), add('b', 1, 2), read(1, 'a b', 3)],
    'a reader that is behind': [read(1, 'a', 0), add('b', 1, 2), read(2, 'a', 3)],
    'a change seen while it runs': [read(1, 'a', 0), add('b', 1, 9), read(1, 'a b', 3)],
    'two at once, seen in either order': [
      ...[read(1, 'a', 0), add('b', 1, 9), add('c', 1.5, 9)],
      ...[read(1, 'a c', 3), read(2, 'a', 4), read(1, 'a b c', 10)]
    ],
    'an unknown change that happened': [
      ...[read(1, 'a', 0), add('b', 1, null), read(1, 'a', 50), read(1, 'a b', 90)]
    ],
    'an unknown change that never happened': [read(1, 'a', 0), add('b', 1, null), read(1, 'a', 9)],
    'added and removed again': [
      ...[read(1, 'a', 0), add('b', 1, 2), remove('b', 3, 4), read(1, 'a', 5)]
    ]
  }
  for (const [name, calls] of Object.entries(good)) t.equal(judge(calls), null, name)
})

t.test('histories that have none', async (t) => {
  const bad: Readonly<Record<string, readonly Call[]>> = {
    'a member that nobody added': [read(1, 'a', 0), read(1, 'a b', 1)],
    'a reader that goes back': [
      ...[read(1, 'a', 0), add('b', 1, 2), read(1, 'a b', 3), read(1, 'a', 4)]
    ],
    'a change seen before it began': [read(1, 'a', 0), read(2, 'a b', 1), add('b', 2, 3)],
    'two readers that saw opposite orders': [
      ...[read(1, 'a', 0), add('b', 1, 9), add('c', 1.5, 9)],
      ...[read(1, 'a b', 3), read(2, 'a c', 4)]
    ],
    'a member lost': [
      ...[read(1, 'a b', 0), add('c', 1, 2), read(1, 'a c', 3), read(1, 'a b c', 4)]
    ],
    'changes seen against their order': [
      ...[read(1, 'a', 0), add('b', 1, 2), add('c', 3, 4), read(2, 'a c', 5)]
    ]
  }
  for (const [name, calls] of Object.entries(bad)) t.type(judge(calls), 'string', name)
})
