// Takes what `rabbitmqctl export_definitions FILE` wrote into a cluster of Holdfast: vhosts, users
// with their passwords, permissions and limits by HTTP; exchanges, queues and bindings by AMQP, as
// any client declares them. What it cannot take it names, and ends with 1. It may be run again.
//
//   node docs/examples/import-definitions.mjs FILE http://USER:PASSWORD@NODE amqp://USER:PASSWORD@NODE
import { readFileSync } from 'node:fs'
import { connect } from 'amqplib'

const [file, http, amqp] = process.argv.slice(2)
const definitions = JSON.parse(readFileSync(file, 'utf8'))
const all = (kind) => definitions[kind] ?? []
let left = 0

function say(what, reason) {
  if (reason !== undefined) left++
  process.stdout.write(reason === undefined ? `${what}\n` : `${what}: NOT TAKEN: ${reason}\n`)
}

const { username, password, origin } = new URL(http)
const who = [username || 'guest', password || 'guest'].map(decodeURIComponent).join(':')
const login = Buffer.from(who).toString('base64')

async function put(what, path, body) {
  const headers = { authorization: `Basic ${login}`, 'content-type': 'application/json' }
  const url = `${origin}/api/${path.map(encodeURIComponent).join('/')}`
  const answer = await fetch(url, { method: 'PUT', headers, body: JSON.stringify(body) })
  say(what, answer.ok ? undefined : (await answer.json()).message)
}

for (const { name, description } of all('vhosts')) {
  await put(`vhost ${name}`, ['vhosts', name], { description: description ?? '' })
}
for (const { name, limits, ...user } of all('users')) {
  // Whoever is called guest is there already, and may be who imports.
  if (name === 'guest') continue
  await put(`user ${name}`, ['users', name], user)
  for (const [limit, value] of Object.entries(limits ?? {})) {
    await put(`limit ${limit} of ${name}`, ['user-limits', name, limit], { value })
  }
}
for (const { user, vhost, ...patterns } of all('permissions')) {
  await put(`permissions of ${user} in ${vhost}`, ['permissions', vhost, user], patterns)
}
for (const { user, vhost, ...topics } of all('topic_permissions')) {
  await put(`topics of ${user} in ${vhost}`, ['topic-permissions', vhost, user], topics)
}
for (const { component, name, vhost, value } of all('parameters')) {
  if (component !== 'vhost-limits') say(`${component} ${name}`, 'there is no such plugin')
  else {
    for (const [limit, bound] of Object.entries(value)) {
      await put(`limit ${limit} of ${vhost}`, ['vhost-limits', vhost, limit], { value: bound })
    }
  }
}

const connections = new Map()

/** A channel for each declaration: one that is refused ends it, or the connection. */
async function declare(what, vhost, work) {
  let ended = null
  try {
    const address = `${amqp.replace(/\/$/, '')}/${encodeURIComponent(vhost)}`
    if (!connections.has(vhost)) connections.set(vhost, await connect(address))
    const connection = connections.get(vhost)
    connection.removeAllListeners('error').on('error', (error) => {
      ended = error
      connections.delete(vhost)
    })
    const channel = await connection.createChannel()
    channel.on('error', () => undefined)
    await work(channel)
    await channel.close()
    say(what)
  } catch (error) {
    say(what, (ended ?? error).message)
  }
}

for (const { name, vhost, type, durable, internal, auto_delete, ...rest } of all('exchanges')) {
  const options = { durable, internal, autoDelete: auto_delete, arguments: rest.arguments }
  await declare(`exchange ${name}`, vhost, (to) => to.assertExchange(name, type, options))
}
for (const { name, vhost, durable, auto_delete, ...rest } of all('queues')) {
  const options = { durable, autoDelete: auto_delete, arguments: rest.arguments }
  await declare(`queue ${name}`, vhost, (to) => to.assertQueue(name, options))
}
for (const { vhost, source, destination, destination_type, routing_key, ...rest } of all(
  'bindings'
)) {
  const binding = [destination, source, routing_key, rest.arguments]
  await declare(`binding of ${destination} to ${source}`, vhost, (to) =>
    destination_type === 'queue' ? to.bindQueue(...binding) : to.bindExchange(...binding)
  )
}
for (const { name } of all('policies'))
  say(`policy ${name}`, 'there are no policies; give its queues arguments')
for (const connection of connections.values()) await connection.close()
process.exitCode = left === 0 ? 0 : 1
