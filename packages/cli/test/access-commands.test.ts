// The commands about users, permissions and vhosts: what they ask, and what they say.
import t, { type Test } from 'tap'
import { run } from '../src/main.ts'
import { FakeAdmin, type FakeAnswer } from './fake-admin.ts'
import { FakeSurroundings } from './fake-surroundings.ts'

interface Asked {
  readonly exitCode: number
  readonly lines: readonly string[]
  readonly complaints: readonly string[]
  readonly asked: readonly string[]
  readonly bodies: readonly unknown[]
  readonly authorizations: readonly (string | undefined)[]
}

async function ask(
  t: Test,
  parameters: readonly string[],
  answers: Readonly<Record<string, readonly FakeAnswer[]>>,
  { credentials = '', input = '' } = {}
): Promise<Asked> {
  const admin = await FakeAdmin.start(answers, t)
  const surroundings = new FakeSurroundings()
  surroundings.input = input
  const node = `${credentials}${admin.address}`
  const exitCode = await run([...parameters, '--node', node], surroundings)
  const { lines, complaints } = surroundings
  const { asked, bodies, authorizations } = admin
  return { exitCode, lines, complaints, asked, bodies, authorizations }
}

const nothing = [{ body: null }]

t.test('users are listed without their hashes', async (t) => {
  const users = [{ name: 'ann', tags: ['administrator', 'mine'], password_hash: 'secret' }]
  const answers = { 'GET /api/users': [{ body: users }] }
  const { lines } = await ask(t, ['user', 'list'], answers)
  t.match(lines, [/^user +tags/, /^ann +administrator, mine/])
  const { lines: json } = await ask(t, ['user', 'list', '--json'], answers)
  t.same(json, ['{"name":"ann","tags":["administrator","mine"]}'])
})

t.test('a user is added with its tags, and its password given or read', async (t) => {
  const answers = { 'PUT /api/users/ann%2F': nothing }
  const words = ['user', 'add', 'ann/']
  const tagged = [...words, 'secret', '--tag', 'monitoring', '--tag', 'mine']
  const given = await ask(t, tagged, answers)
  t.equal(given.exitCode, 0)
  t.same(given.bodies, [{ password: 'secret', tags: ['monitoring', 'mine'] }])
  t.match(given.lines, [/ann\//])
  for (const more of [[], ['-']]) {
    const read = await ask(t, [...words, ...more], answers, { input: 'from stdin\r\nmore' })
    t.same(read.bodies, [{ password: 'from stdin', tags: [] }])
  }
  const empty = await ask(t, words, answers, { input: '\n' })
  t.equal(empty.exitCode, 1)
  t.match(empty.complaints.join(), 'OPTION_INVALID')
})

t.test('permissions are listed, set and cleared', async (t) => {
  const row = { user: 'ann', vhost: 'v', configure: '', write: '^a', read: '.*' }
  const list = await ask(t, ['permission', 'list'], { 'GET /api/permissions': [{ body: [row] }] })
  t.match(list.lines[1], /^ann +v +\^a +\.\*/)
  const path = '/api/permissions/%2F/ann'
  const set = ['permission', 'set', 'ann', '', '^a', '.*']
  const done = await ask(t, set, { [`PUT ${path}`]: nothing })
  t.same(done.bodies, [{ configure: '', write: '^a', read: '.*' }])
  const clear = await ask(t, ['permission', 'clear', 'ann', '--vhost', 'v', '--json'], {
    'DELETE /api/permissions/v/ann': nothing
  })
  t.same(clear.lines, ['{"user":"ann","vhost":"v"}'])
})

t.test('vhosts are listed, added and deleted', async (t) => {
  const vhosts = [{ name: '/', description: '', tracing: false }]
  const list = await ask(t, ['vhost', 'list', '--json'], { 'GET /api/vhosts': [{ body: vhosts }] })
  t.same(list.lines, ['{"name":"/","description":""}'])
  const add = await ask(t, ['vhost', 'add', 'v', '--description', 'ours'], {
    'PUT /api/vhosts/v': nothing
  })
  t.same(add.bodies, [{ description: 'ours' }])
  const deleted = await ask(t, ['vhost', 'delete', 'v'], { 'DELETE /api/vhosts/v': nothing })
  t.match(deleted.lines, [/v was deleted/])
})

t.test('a user is deleted, and who may not is told', async (t) => {
  const path = 'DELETE /api/users/ann'
  const done = await ask(t, ['user', 'delete', 'ann', '--json'], { [path]: nothing })
  t.same(done.lines, ['{"deleted":"ann"}'])
  const body = { error: 'not_authorized', code: 'TAG_REQUIRED', message: 'no', details: {} }
  const refused = await ask(t, ['user', 'delete', 'ann'], { [path]: [{ status: 403, body }] })
  t.equal(refused.exitCode, 1)
  t.match(refused.complaints.join(), 'TAG_REQUIRED')
})

t.test('the address of a node may tell who calls', async (t) => {
  const answers = { 'GET /api/vhosts': [{ body: [] }] }
  const words = ['vhost', 'list']
  t.same((await ask(t, words, answers)).authorizations, [undefined])
  const { authorizations } = await ask(t, words, answers, { credentials: 'ann%40x:a:b@' })
  t.same(authorizations, [`Basic ${Buffer.from('ann@x:a:b').toString('base64')}`])
  const broken = await ask(t, words, answers, { credentials: 'a:%zz@' })
  t.equal(broken.exitCode, 1)
  t.match(broken.complaints.join(), 'OPTION_INVALID')
})
