// `holdfast user …`, `holdfast permission …` and `holdfast vhost …`.
import { HoldfastError } from '@holdfast/errors'
import { formatTable } from '@holdfast/server/terminal'
import { printable } from '../printable.ts'
import type { Terminal } from '../terminal.ts'
import { adminClient, type NodeFlags } from '../tls.ts'

interface Options extends NodeFlags {
  readonly json?: boolean
}

interface InVhost extends Options {
  readonly vhost: string
}

interface Rights {
  readonly configure: string
  readonly write: string
  readonly read: string
}

interface User {
  readonly name: string
  readonly tags: readonly string[]
}

interface Vhost {
  readonly name: string
  readonly description: string
}

type Permission = Rights & { readonly user: string; readonly vhost: string }

const userPath = (user: string): string => `/api/users/${encodeURIComponent(user)}`
const vhostPath = (vhost: string): string => `/api/vhosts/${encodeURIComponent(vhost)}`
const permissionPath = (vhost: string, user: string): string =>
  `/api/permissions/${encodeURIComponent(vhost)}/${encodeURIComponent(user)}`

/** A table for people, or each row as JSON for programs. */
function show<Row extends object>(
  rows: readonly Row[],
  header: readonly string[],
  cells: (row: Row) => readonly string[],
  { json }: Options,
  terminal: Terminal
): void {
  if (json === true) for (const row of rows) terminal.print(JSON.stringify(row))
  else {
    const lines = formatTable([header, ...rows.map((row) => cells(row).map(printable))])
    for (const line of lines) terminal.print(line)
  }
}

function tell(sentence: string, done: object, { json }: Options, terminal: Terminal): void {
  terminal.print(json === true ? JSON.stringify(done) : sentence)
}

export async function userList(options: Options, terminal: Terminal): Promise<void> {
  const users = (await adminClient(options).call('GET', '/api/users')) as User[]
  // Hashes stay where they are: what a terminal shows is seen by many.
  const rows = users.map(({ name, tags }) => ({ name, tags }))
  show(rows, ['user', 'tags'], ({ name, tags }) => [name, tags.join(', ')], options, terminal)
}

export async function userAdd(
  user: string,
  given: string | undefined,
  options: Options & { readonly tag: readonly string[] },
  terminal: Terminal
): Promise<void> {
  const password = given === undefined || given === '-' ? await readLine(terminal) : given
  const body = { password, tags: options.tag }
  await adminClient(options).call('PUT', userPath(user), body)
  const next = `give it permissions: holdfast permission set ${printable(user)} …`
  tell(`User ${printable(user)} is there; ${next}`, { user }, options, terminal)
}

async function readLine(terminal: Terminal): Promise<string> {
  if (terminal.isInputTyped) terminal.complain('The password, and Ctrl-D:')
  const text = Buffer.from(await terminal.readInput()).toString('utf8')
  const [line = ''] = text.split(/\r?\n/, 1)
  if (line !== '') return line
  const reason = 'nothing was given'
  throw new HoldfastError('OPTION_INVALID', { option: 'password', kind: 'user', reason })
}

export async function userDelete(
  user: string,
  options: Options,
  terminal: Terminal
): Promise<void> {
  await adminClient(options).call('DELETE', userPath(user))
  tell(`User ${printable(user)} was deleted.`, { deleted: user }, options, terminal)
}

export async function permissionList(options: Options, terminal: Terminal): Promise<void> {
  const client = adminClient(options)
  const rows = (await client.call('GET', '/api/permissions')) as Permission[]
  const cells = ({ user, vhost, configure, write, read }: Permission): string[] => {
    return [user, vhost, configure, write, read]
  }
  show(rows, ['user', 'vhost', 'configure', 'write', 'read'], cells, options, terminal)
}

export async function permissionSet(
  user: string,
  rights: Rights,
  options: InVhost,
  terminal: Terminal
): Promise<void> {
  const { vhost } = options
  await adminClient(options).call('PUT', permissionPath(vhost, user), rights)
  const sentence = `The permissions of ${printable(user)} in ${printable(vhost)} are set.`
  tell(sentence, { user, vhost, ...rights }, options, terminal)
}

export async function permissionClear(
  user: string,
  options: InVhost,
  terminal: Terminal
): Promise<void> {
  const { vhost } = options
  await adminClient(options).call('DELETE', permissionPath(vhost, user))
  const sentence = `User ${printable(user)} may do nothing more in ${printable(vhost)}.`
  tell(sentence, { user, vhost }, options, terminal)
}

export async function vhostList(options: Options, terminal: Terminal): Promise<void> {
  const vhosts = (await adminClient(options).call('GET', '/api/vhosts')) as Vhost[]
  const rows = vhosts.map(({ name, description }) => ({ name, description }))
  const cells = ({ name, description }: Vhost): string[] => [name, description]
  show(rows, ['vhost', 'description'], cells, options, terminal)
}

export async function vhostAdd(
  vhost: string,
  options: Options & { readonly description?: string },
  terminal: Terminal
): Promise<void> {
  const { description } = options
  const body = description === undefined ? {} : { description }
  await adminClient(options).call('PUT', vhostPath(vhost), body)
  tell(`Vhost ${printable(vhost)} is there.`, { vhost }, options, terminal)
}

export async function vhostDelete(
  vhost: string,
  options: Options,
  terminal: Terminal
): Promise<void> {
  await adminClient(options).call('DELETE', vhostPath(vhost))
  tell(`Vhost ${printable(vhost)} was deleted.`, { deleted: vhost }, options, terminal)
}
