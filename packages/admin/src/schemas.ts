// JSON Schemas (2020-12) of everything that the HTTP API takes and gives, by name. They stand in
// the OpenAPI document, and the tests validate every answer against them. Each object lists all of
// its fields: a field added to a status type does not compile until it is described here.
import type { GroupStatus, NodeStatus, OperationStatus, QueueStatus } from '@holdfast/cluster'
import { catalogue } from '@holdfast/errors'
import { type ApiSchemaName, apiSchemas } from './api-schemas.ts'

export type SchemaName =
  | ApiSchemaName
  | 'Cluster'
  | 'Error'
  | 'Group'
  | 'Health'
  | 'NewNode'
  | 'Node'
  | 'OpenApi'
  | 'Operation'
  | 'OperationList'
  | 'Purged'
  | 'Queue'
  | 'QueuePage'
  | 'StartedOperation'
  | 'StartedTransfer'
  | 'Transfer'
  | 'Vhost'
  | 'VhostList'

export type Schema = Readonly<Record<string, unknown>>

type Fields<T> = Readonly<Record<keyof T, Schema>>

/** An object of which every field is always present, and no others are. */
function object<T>(description: string, properties: Fields<T>): Schema {
  return {
    type: 'object',
    description,
    properties,
    required: Object.keys(properties),
    additionalProperties: false
  }
}

/** A list of objects that have a schema of their own. */
function list(of: string, description: string): Schema {
  return { type: 'array', description, items: { $ref: `#/components/schemas/${of}` } }
}

/** Points to a schema of the OpenAPI document. */
export function reference(name: SchemaName): Schema {
  return { $ref: `#/components/schemas/${name}` }
}

function text(description: string): Schema {
  return { type: 'string', description }
}

function count(description: string, minimum = 0): Schema {
  return { type: 'integer', minimum, maximum: Number.MAX_SAFE_INTEGER, description }
}

function orNull(schema: Schema): Schema {
  return { ...schema, type: [schema['type'], 'null'] }
}

const nodeIds = (description: string): Schema => ({
  type: 'array',
  description,
  items: count('A node id.', 1)
})
const address = (of: string): Schema => text(`HOST:PORT of ${of}.`)
const nameOf = (kind: string): Schema => ({
  ...text(`Name of the ${kind}: 1 to 255 bytes of UTF-8.`),
  minLength: 1,
  maxLength: 255
})

const node = object<NodeStatus>('A process that hosts replicas.', {
  id: count('Given by the cluster, never used again.', 1),
  incarnation: count('Counts the data directories that this node has had.', 1),
  state: {
    type: 'string',
    enum: ['joining', 'up', 'down', 'leaving', 'damaged'],
    description: 'As the answering node sees it.'
  },
  client: address('the native protocol'),
  peer: address('the links between nodes'),
  http: address('this API')
})

const group = object<GroupStatus>('A Raft group, as its replica on the answering node sees it.', {
  id: count('0 is the metadata group; shards count from 1.'),
  kind: { type: 'string', enum: ['metadata', 'shard'], description: 'What the group replicates.' },
  leader: orNull(count('Node id; null while no leader is known.', 1)),
  term: count('Raft term.'),
  voters: nodeIds('Nodes that count in quorums.'),
  learners: nodeIds('Nodes that only receive entries.'),
  commitIndex: count('Highest entry known to be committed.'),
  appliedIndex: count('Highest entry that the machine has applied.')
})

const queue = object<QueueStatus>('A queue. Numbers are null while its leader cannot be asked.', {
  vhost: nameOf('vhost'),
  name: nameOf('queue'),
  type: { type: 'string', enum: ['durable'], description: 'Durable queues are replicated.' },
  group: count('The shard that replicates it.', 1),
  leader: orNull(count('The node that leads the shard; null while none is known.', 1)),
  ready: orNull(count('Messages that wait.')),
  unsettled: orNull(count('Messages that are delivered and not settled.')),
  consumers: orNull(count('Consumers that are attached.')),
  bytes: orNull(count('Bytes of the messages it holds.')),
  deadLetters: orNull(count('Messages that have left it and wait to be dead-lettered.'))
})

const operation = object<OperationStatus>('A change of the cluster that takes a while.', {
  id: text('To ask for it again.'),
  kind: { type: 'string', enum: ['add-node', 'remove-node'], description: 'What is being done.' },
  node: orNull(count('The node it is about; null until it has an id.', 1)),
  state: {
    type: 'string',
    enum: ['running', 'succeeded', 'failed'],
    description: 'How it stands.'
  },
  progress: object<OperationStatus['progress']>('How far it is.', {
    done: count('Steps done.'),
    total: count('Steps in all.'),
    sentence: text('For people.')
  }),
  error: {
    ...object<NonNullable<OperationStatus['error']>>('Why it failed; null unless it did.', {
      code: { type: 'string', description: 'A code of the catalogue of errors.' },
      message: text('For people; free to change.')
    }),
    type: ['object', 'null']
  }
})

const error: Schema = {
  type: 'object',
  description:
    'Every call that fails answers with this. Decide on `code`; the text is free to change.',
  properties: {
    code: { type: 'string', enum: Object.keys(catalogue).sort(), description: 'Stable.' },
    message: text('For people.'),
    details: {
      type: 'object',
      description: 'What the message was filled with.',
      additionalProperties: { type: ['string', 'number'] }
    }
  },
  required: ['code', 'message', 'details'],
  additionalProperties: false
}

const peer: Schema = {
  ...address('the peer listener of the blank node, a loopback address'),
  examples: ['127.0.0.1:7703']
}

/** All schemas, by name. */
export const schemas: Readonly<Record<SchemaName, Schema>> = {
  Cluster: object<Record<'clusterId' | 'self' | 'nodes' | 'groups' | 'warnings', unknown>>(
    'The cluster, as one node sees it.',
    {
      clusterId: orNull(text('32 hex digits; null while the node is blank.')),
      self: orNull(count('Id of the node that answers; null while it is blank.', 1)),
      nodes: list('Node', 'All nodes, by id.'),
      groups: list('Group', 'All groups, by id.'),
      warnings: {
        type: 'array',
        description: 'What an operator should know.',
        items: { type: 'string' }
      }
    }
  ),
  Node: node,
  Group: group,
  Queue: queue,
  QueuePage: object<Record<'queues' | 'cursor', unknown>>('A page of queues, by vhost and name.', {
    queues: list('Queue', 'The queues of this page.'),
    cursor: orNull(text('Ask with it for the next page; null at the end.'))
  }),
  Purged: object<Record<'messages', unknown>>('What a purge removed.', {
    messages: count('Messages removed.')
  }),
  Vhost: object<Record<'name', unknown>>('A namespace of exchanges and queues.', {
    name: nameOf('vhost')
  }),
  VhostList: object<Record<'vhosts', unknown>>('All vhosts, by name.', {
    vhosts: list('Vhost', 'By name.')
  }),
  Operation: operation,
  OperationList: object<Record<'operations', unknown>>(
    'Operations that run, and the last that ended.',
    {
      operations: list('Operation', 'Oldest first.')
    }
  ),
  StartedOperation: object<Record<'operation', unknown>>('An operation that was started.', {
    operation: { $ref: '#/components/schemas/Operation' }
  }),
  NewNode: object<Record<'peer', unknown>>('The blank node to take in.', { peer }),
  Transfer: object<Record<'to', unknown>>('Where leadership shall go.', {
    to: count('A node that votes in the group.', 1)
  }),
  StartedTransfer: object<Record<'group' | 'to', unknown>>('A transfer that was started.', {
    group: count('The group.'),
    to: count('The node that is asked to lead it.', 1)
  }),
  Health: object<Record<'status', unknown>>('How the process feels.', {
    status: { type: 'string', enum: ['live', 'ready'], description: 'What was asked for.' }
  }),
  OpenApi: { type: 'object', description: 'An OpenAPI 3.1 document: this one.' },
  Error: error,
  ...apiSchemas
}
