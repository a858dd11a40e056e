// Definitions as `rabbitmqctl export_definitions` writes them: things that Holdfast takes, and of
// each kind of those that it does not, one.
import { createHash } from 'node:crypto'

/** RabbitMQ's: a salt of four bytes, and the SHA-256 of that and the password. */
function passwordHash(password: string): string {
  const salt = Buffer.from([0x90, 0x8d, 0xc6, 0x0a])
  const hash = createHash('sha256').update(salt).update(password, 'utf8').digest()
  return Buffer.concat([salt, hash]).toString('base64')
}

const sha256 = 'rabbit_password_hashing_sha256'
const vhost = 'shop'
const plain = { vhost, durable: true, auto_delete: false }

export const exportedDefinitions: Readonly<Record<string, unknown>> = {
  rabbit_version: '4.1.0',
  rabbitmq_version: '4.1.0',
  product_name: 'RabbitMQ',
  product_version: '4.1.0',
  users: [
    {
      name: 'ann',
      password_hash: passwordHash('p@ss'),
      hashing_algorithm: sha256,
      tags: ['monitoring'],
      limits: { 'max-connections': 10 }
    },
    { name: 'guest', password_hash: passwordHash('x'), hashing_algorithm: sha256, tags: [] },
    {
      name: 'old',
      password_hash: 'AAAA',
      hashing_algorithm: 'rabbit_password_hashing_md5',
      tags: []
    }
  ],
  vhosts: [
    { name: '/', description: 'Default virtual host', metadata: {}, tags: [] },
    { name: vhost, description: '', metadata: { default_queue_type: 'quorum' }, tags: [] }
  ],
  permissions: [
    { user: 'ann', vhost, configure: '^orders', write: '.*', read: '.*' },
    { user: 'old', vhost, configure: '', write: '', read: '.*' }
  ],
  topic_permissions: [{ user: 'ann', vhost, exchange: 'events', write: '^order\\.', read: '.*' }],
  parameters: [
    { vhost, component: 'vhost-limits', name: 'limits', value: { 'max-queues': 100 } },
    { vhost, component: 'shovel', name: 'copies', value: {} }
  ],
  global_parameters: [{ name: 'cluster_name', value: 'rabbit@old' }],
  policies: [
    { vhost, name: 'ha', pattern: '.*', 'apply-to': 'queues', definition: {}, priority: 0 }
  ],
  exchanges: [
    { ...plain, name: 'events', type: 'topic', internal: false, arguments: {} },
    {
      ...plain,
      name: 'later',
      type: 'x-delayed-message',
      internal: false,
      arguments: { 'x-delayed-type': 'direct' }
    }
  ],
  queues: [
    { ...plain, name: 'orders', arguments: { 'x-queue-type': 'quorum' } },
    { ...plain, name: 'short', arguments: { 'x-consumer-timeout': 10 } }
  ],
  bindings: [
    {
      vhost,
      source: 'events',
      destination: 'orders',
      destination_type: 'queue',
      routing_key: 'order.*',
      arguments: {}
    },
    {
      vhost,
      source: 'amq.fanout',
      destination: 'events',
      destination_type: 'exchange',
      routing_key: '',
      arguments: {}
    }
  ]
}
