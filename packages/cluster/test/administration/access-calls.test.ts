// Who calls, at a node whose metadata may be behind: somebody that was deleted elsewhere is nobody
// here either, unless it only looks at what this node knows.
import { guest } from '@holdfast/broker'
import t from 'tap'
import { authenticate } from '../../src/administration/access-calls.ts'
import type { Core } from '../../src/core.ts'
import type { OnFence } from '../../src/metadata/fence.ts'
import type { AdminReply } from '../../src/status.ts'
import { coreWith } from '../part-core.ts'

interface Node {
  readonly core: Core
  readonly fences: OnFence[]
  /** Tags, or the code of a refusal. */
  readonly told: (string | readonly string[])[]
  /** Learns that the administrator was deleted. */
  learn(): void
  call(mayBeStale: boolean): void
}

function make(hasLease: boolean): Node {
  const administrator = { ...guest, tags: ['administrator'], permissions: new Map() }
  let isKnown = true
  const user = () => (isKnown ? administrator : null)
  const fences: OnFence[] = []
  const told: Node['told'] = []
  const core = coreWith({
    metadata: {
      machine: {
        clusterId: 'c',
        access: { user, sameUser: user }
      }
    },
    lease: { isValid: hasLease },
    fence: { wait: (done: OnFence) => fences.push(done) }
  })
  const call: Node['call'] = (mayBeStale) => {
    const remote = '127.0.0.1:4'
    authenticate(
      core,
      { type: 'authenticate', credentials: null, remote, mayBeStale },
      {
        done: (reply) => {
          const { identity } = reply as Extract<AdminReply, { readonly type: 'identity' }>
          told.push(identity.tags)
        },
        refuse: ({ code }) => told.push(code)
      }
    )
  }
  const learn = (): void => {
    isKnown = false
  }
  return { core, fences, told, learn, call }
}

t.test('with a lease, a node answers by itself', async (t) => {
  const node = make(true)
  node.call(false)
  t.same([node.told, node.fences.length], [[['administrator']], 0])
})

t.test('without one, it has to learn first what was answered before the call', async (t) => {
  for (const [isDeleted, expected] of [
    [true, 'CREDENTIALS_REQUIRED'],
    [false, ['administrator']]
  ] as const) {
    const node = make(false)
    node.call(false)
    t.same(node.told, [])
    if (isDeleted) node.learn()
    while (node.fences.length > 0) node.fences.shift()?.(true)
    t.same(node.told, [expected])
  }
})

t.test('without a metadata leader nobody is believed who may change anything', async (t) => {
  const node = make(false)
  node.call(false)
  node.fences.shift()?.(false)
  t.same([node.told, node.fences.length], [['UNAVAILABLE'], 0])
})

t.test('whoever only looks is believed by what this node knows', async (t) => {
  const node = make(false)
  node.call(true)
  t.same([node.told, node.fences.length], [[['administrator']], 0])
})
