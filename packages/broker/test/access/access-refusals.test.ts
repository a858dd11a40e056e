// Every refusal of a command about users and rights: the code of the answer, and that nothing has
// changed.
import t from 'tap'
import type { MetadataCommand } from '../../src/index.ts'
import { applyAll, createMachine, give } from '../metadata-fixture.ts'

const long = 'ü'.repeat(128)
const user = (name: string, tags: readonly string[] = []): MetadataCommand => ({
  type: 'put-user',
  user: name,
  password: null,
  tags
})
const limitOf = (name: string): MetadataCommand => ({
  type: 'set-user-limit',
  user: name,
  limit: 'max-channels',
  value: 1
})
const permit = (name: string, vhost: string, read = ''): MetadataCommand => ({
  type: 'set-permission',
  user: name,
  vhost,
  configure: '',
  write: '',
  read
})
const topic = (name: string, vhost: string, of: string): MetadataCommand => ({
  type: 'set-topic-permission',
  user: name,
  vhost,
  exchange: of,
  write: '',
  read: ''
})

const refusals: readonly (readonly [string, MetadataCommand, string])[] = [
  ['a user without a name', user(''), 'NAME_INVALID'],
  ['a user with 256 bytes', user(long), 'NAME_INVALID'],
  ['a tag without a name', user('u', ['']), 'OPTION_INVALID'],
  ['a tag too long', user('u', ['x'.repeat(65)]), 'OPTION_INVALID'],
  [
    'a hash of another form',
    { ...user('u'), password: { algorithm: 'scrypt', hash: '30$salt$hash' } } as MetadataCommand,
    'OPTION_INVALID'
  ],
  ['deleting nobody', { type: 'delete-user', user: 'no' }, 'USER_NOT_FOUND'],
  ['a limit for nobody', limitOf('no'), 'USER_NOT_FOUND'],
  ['rights for nobody', permit('no', '/'), 'USER_NOT_FOUND'],
  ['rights in no vhost', permit('guest', 'no'), 'VHOST_NOT_FOUND'],
  ['a pattern too long', permit('guest', '/', 'x'.repeat(513)), 'PATTERN_INVALID'],
  [
    'taking rights from nobody',
    { type: 'clear-permission', user: 'no', vhost: '/' },
    'USER_NOT_FOUND'
  ],
  ['topics for nobody', topic('no', '/', 'x'), 'USER_NOT_FOUND'],
  ['topics in no vhost', topic('guest', 'no', 'x'), 'VHOST_NOT_FOUND'],
  ['topics of no exchange', topic('guest', '/', ''), 'NAME_INVALID'],
  [
    'taking topics from nobody',
    { type: 'clear-topic-permission', user: 'no', vhost: '/', exchange: null },
    'USER_NOT_FOUND'
  ],
  [
    'a described vhost without a name',
    { type: 'put-vhost', vhost: '', description: '', owner: null },
    'NAME_INVALID'
  ],
  [
    'a description too long',
    { type: 'put-vhost', vhost: 'v', description: long.repeat(5), owner: null },
    'OPTION_INVALID'
  ],
  [
    'a limit for no vhost',
    { type: 'set-vhost-limit', vhost: 'no', limit: 'max-queues', value: 1 },
    'VHOST_NOT_FOUND'
  ]
]

for (const [name, command, code] of refusals) {
  t.test(`${name} is refused with ${code} and changes nothing`, async (t) => {
    const [machine, twin] = [createMachine(), createMachine()]
    const { changes } = machine.access
    t.equal(give(machine, command), code)
    t.equal(machine.access.changes, changes)
    applyAll(twin, [])
    t.equal(machine.hash(), twin.hash())
  })
}
