// Every error that a user, a client or an operator can meet, as one table. Ids are grouped by area:
// 1xxx protocol, 2xxx topology and queue, 3xxx cluster, 4xxx storage, 5xxx access, 9xxx internal,
// and are never used again. Clients decide on `code`; the text is free to change.

/** Whether, when and where the same call may be tried again. */
export type Retry = 'never' | 'later' | 'other-node'

/** What ends with the error: the call alone, the channel, or the whole connection. */
export type Closes = 'call' | 'channel' | 'connection'

export interface ErrorRow {
  /** Stable number, used on the wire beside the code. */
  readonly id: number
  /** AMQP 0-9-1 reply code where one exists, else null. */
  readonly reply: number | null
  /** HTTP status of the admin API. */
  readonly status: number
  readonly retry: Retry
  readonly closes: Closes
  /** Template; each `{name}` is a required detail. Says what to do next where that helps. */
  readonly message: string
}

// biome-ignore format: one error, one line, so that the table can be read down its columns.
export const catalogue = {
  FRAME_INVALID: { id: 1001, reply: 501, status: 400, retry: 'never', closes: 'connection', message: 'the frame cannot be decoded: {reason}' },
  FRAME_TOO_LARGE: { id: 1002, reply: 501, status: 413, retry: 'never', closes: 'connection', message: 'a frame of {size} bytes exceeds the limit of {limit}' },
  VERSION_UNSUPPORTED: { id: 1003, reply: null, status: 400, retry: 'never', closes: 'connection', message: 'protocol version {version} is not supported; this node speaks {supported}' },
  OPERATION_UNKNOWN: { id: 1004, reply: 540, status: 400, retry: 'never', closes: 'connection', message: 'operation {operation} is not known' },
  HANDSHAKE_REQUIRED: { id: 1005, reply: 503, status: 400, retry: 'never', closes: 'connection', message: 'the first frame must be a hello' },
  HANDSHAKE_TIMEOUT: { id: 1006, reply: null, status: 408, retry: 'later', closes: 'connection', message: 'the handshake took longer than {limitMs} ms' },
  HEARTBEAT_MISSED: { id: 1007, reply: 320, status: 408, retry: 'later', closes: 'connection', message: 'nothing was heard for {silentMs} ms' },
  CREDIT_EXCEEDED: { id: 1008, reply: 506, status: 400, retry: 'never', closes: 'connection', message: 'more was published than the credit of {credit} bytes allows' },
  SLOW_CLIENT: { id: 1009, reply: 506, status: 400, retry: 'later', closes: 'connection', message: '{buffered} bytes wait to be read by the client, more than the limit of {limit}' },
  TOO_MANY_CONNECTIONS: { id: 1010, reply: 506, status: 503, retry: 'later', closes: 'connection', message: 'this node serves {limit} connections already' },
  TOO_MANY_REQUESTS: { id: 1011, reply: 506, status: 429, retry: 'later', closes: 'connection', message: 'more than {limit} requests of this connection are unanswered' },
  MESSAGE_TOO_LARGE: { id: 1012, reply: 311, status: 413, retry: 'never', closes: 'call', message: 'a message of {size} bytes exceeds the limit of {limit}' },
  REQUEST_INVALID: { id: 1013, reply: 501, status: 400, retry: 'never', closes: 'call', message: 'the request is not valid: {reason}' },
  PUBLISH_OUTCOME_UNKNOWN: { id: 1014, reply: null, status: 504, retry: 'never', closes: 'call', message: 'no confirm within {timeoutMs} ms: {reason}; the message may still appear' },
  CONNECTION_CLOSED: { id: 1015, reply: 320, status: 503, retry: 'later', closes: 'connection', message: 'the connection is closed: {reason}' },
  NOT_SUPPORTED: { id: 1016, reply: 540, status: 501, retry: 'never', closes: 'call', message: 'this version cannot {what}' },
  NAME_INVALID: { id: 2001, reply: 406, status: 400, retry: 'never', closes: 'call', message: 'a {kind} name must be 1 to 255 bytes of UTF-8: {reason}' },
  VHOST_NOT_FOUND: { id: 2002, reply: 530, status: 404, retry: 'never', closes: 'call', message: "no vhost '{vhost}'" },
  EXCHANGE_NOT_FOUND: { id: 2003, reply: 404, status: 404, retry: 'never', closes: 'call', message: "no exchange '{exchange}' in vhost '{vhost}'" },
  EXCHANGE_MISMATCH: { id: 2004, reply: 406, status: 409, retry: 'never', closes: 'call', message: "inequivalent arg '{field}' for exchange '{exchange}' in vhost '{vhost}': received '{asked}' but current is '{found}'" },
  EXCHANGE_IN_USE: { id: 2005, reply: 406, status: 409, retry: 'never', closes: 'call', message: "exchange '{exchange}' in vhost '{vhost}' is in use" },
  EXCHANGE_RESERVED: { id: 2006, reply: 403, status: 403, retry: 'never', closes: 'call', message: "exchange '{exchange}' is predeclared and cannot be changed" },
  EXCHANGE_TYPE_UNKNOWN: { id: 2007, reply: 406, status: 400, retry: 'never', closes: 'call', message: "invalid exchange type '{type}'; known are direct, fanout, topic, headers" },
  BINDING_INVALID: { id: 2008, reply: 406, status: 400, retry: 'never', closes: 'call', message: 'the binding is not valid: {reason}' },
  OPTION_UNKNOWN: { id: 2009, reply: 406, status: 400, retry: 'never', closes: 'call', message: "option '{option}' of a {kind} is not known to this version" },
  OPTION_INVALID: { id: 2010, reply: 406, status: 400, retry: 'never', closes: 'call', message: "option '{option}' of a {kind} is not valid: {reason}" },
  LIMIT_REACHED: { id: 2011, reply: 506, status: 409, retry: 'later', closes: 'call', message: 'there are {limit} {kind} already, which is the limit' },
  VHOST_IN_USE: { id: 2012, reply: 406, status: 409, retry: 'never', closes: 'call', message: "vhost '{vhost}' still has {kind}; delete them first" },
  MESSAGE_UNROUTABLE: { id: 2013, reply: 312, status: 404, retry: 'never', closes: 'call', message: "no queue takes routing key '{routingKey}' from exchange '{exchange}'" },
  EXCHANGE_INTERNAL: { id: 2014, reply: 403, status: 403, retry: 'never', closes: 'call', message: "exchange '{exchange}' in vhost '{vhost}' is internal: it takes messages from other exchanges only" },
  OPTION_UNSUPPORTED: { id: 2015, reply: 406, status: 400, retry: 'never', closes: 'call', message: "this version does not do what option '{option}' of a {kind} asks for; leave it out" },
  NAME_RESERVED: { id: 2016, reply: 403, status: 403, retry: 'never', closes: 'call', message: "{kind} '{name}' does not exist, and names that begin with '{prefix}' are reserved" },
  QUEUE_NOT_FOUND: { id: 2101, reply: 404, status: 404, retry: 'never', closes: 'call', message: "no queue '{queue}' in vhost '{vhost}'" },
  QUEUE_MISMATCH: { id: 2102, reply: 406, status: 409, retry: 'never', closes: 'call', message: "inequivalent arg '{field}' for queue '{queue}' in vhost '{vhost}': received '{asked}' but current is '{found}'; declare it as it is, or delete it first" },
  QUEUE_IN_USE: { id: 2103, reply: 406, status: 409, retry: 'never', closes: 'call', message: "queue '{queue}' in vhost '{vhost}' has consumers" },
  QUEUE_NOT_EMPTY: { id: 2104, reply: 406, status: 409, retry: 'never', closes: 'call', message: "queue '{queue}' in vhost '{vhost}' is not empty" },
  QUEUE_EXCLUSIVE: { id: 2105, reply: 403, status: 409, retry: 'never', closes: 'call', message: "queue '{queue}' in vhost '{vhost}' in exclusive use" },
  CONSUMER_TAG_IN_USE: { id: 2106, reply: 530, status: 409, retry: 'never', closes: 'call', message: "consumer tag '{tag}' is in use on this connection" },
  CONSUMER_NOT_FOUND: { id: 2107, reply: 404, status: 404, retry: 'never', closes: 'call', message: "no consumer '{tag}' on this connection" },
  DELIVERY_STALE: { id: 2108, reply: 406, status: 409, retry: 'never', closes: 'call', message: 'the delivery is no longer held by this consumer' },
  PRODUCER_FENCED: { id: 2109, reply: null, status: 409, retry: 'never', closes: 'connection', message: 'a newer epoch of this producer is at work' },
  PRODUCER_EXPIRED: { id: 2110, reply: null, status: 409, retry: 'never', closes: 'call', message: 'this producer was silent for too long; whether its last messages arrived is not known' },
  PRODUCERS_FULL: { id: 2111, reply: 506, status: 503, retry: 'later', closes: 'call', message: 'group {group} remembers {limit} producers already, which is the limit' },
  TRANSACTION_TOO_LARGE: { id: 2112, reply: 406, status: 413, retry: 'never', closes: 'call', message: 'a transaction of {size} bytes exceeds the limit of {limit}; commit more often' },
  QUEUE_LOCKED: { id: 2113, reply: 405, status: 409, retry: 'never', closes: 'call', message: "queue '{queue}' in vhost '{vhost}' is locked: {reason}" },
  QUEUE_FULL: { id: 2114, reply: 406, status: 409, retry: 'later', closes: 'call', message: "queue '{queue}' in vhost '{vhost}' is full, and refuses what would exceed its length limit" },
  NOT_LEADER: { id: 3001, reply: null, status: 503, retry: 'other-node', closes: 'call', message: 'this node does not lead group {group}; its leader is {leader}' },
  UNAVAILABLE: { id: 3002, reply: 541, status: 503, retry: 'later', closes: 'call', message: 'not possible at present: {reason}' },
  NODE_NOT_FOUND: { id: 3003, reply: null, status: 404, retry: 'never', closes: 'call', message: 'no node {node}' },
  GROUP_NOT_FOUND: { id: 3004, reply: null, status: 404, retry: 'never', closes: 'call', message: 'no group {group}' },
  OPERATION_NOT_FOUND: { id: 3005, reply: null, status: 404, retry: 'never', closes: 'call', message: 'no operation {operation}' },
  NODE_ALREADY_MEMBER: { id: 3006, reply: null, status: 409, retry: 'never', closes: 'call', message: 'the node at {address} is a member already, as node {node}' },
  NODE_OF_ANOTHER_CLUSTER: { id: 3007, reply: null, status: 409, retry: 'never', closes: 'call', message: 'the node at {address} belongs to cluster {clusterId}' },
  NODE_UNREACHABLE: { id: 3008, reply: null, status: 502, retry: 'later', closes: 'call', message: 'nothing answers at {address}: {reason}' },
  JOIN_TOKEN_WRONG: { id: 3009, reply: null, status: 403, retry: 'never', closes: 'call', message: 'the join token of the node at {address} is another' },
  QUORUM_WOULD_BE_LOST: { id: 3010, reply: null, status: 409, retry: 'later', closes: 'call', message: 'removing node {node} would leave group {group} without a majority of live voters' },
  TRANSFER_IMPOSSIBLE: { id: 3011, reply: null, status: 409, retry: 'later', closes: 'call', message: 'leadership of group {group} cannot move to node {node}: {reason}' },
  NODE_REMOVED: { id: 3012, reply: null, status: 410, retry: 'never', closes: 'connection', message: 'node {node} was removed from the cluster; delete its data directory to use it again' },
  BOOTSTRAP_REFUSED: { id: 3013, reply: null, status: 409, retry: 'never', closes: 'call', message: 'will not bootstrap: {reason}' },
  LAST_NODE: { id: 3014, reply: null, status: 409, retry: 'never', closes: 'call', message: 'node {node} is the only one; there is nowhere for its data to go' },
  NODE_CUT_OFF: { id: 3015, reply: 320, status: 503, retry: 'other-node', closes: 'connection', message: 'this node hears no majority of the cluster; another one may' },
  DATA_DIRECTORY_IN_USE: { id: 4001, reply: null, status: 500, retry: 'never', closes: 'call', message: 'data directory {directory} is in use by process {pid}' },
  DATA_DIRECTORY_NEWER: { id: 4002, reply: null, status: 500, retry: 'never', closes: 'call', message: 'data directory {directory} has format {format}; this version reads up to {supported}; nothing was written' },
  DATA_DIRECTORY_FOREIGN: { id: 4003, reply: null, status: 500, retry: 'never', closes: 'call', message: 'data directory {directory} belongs to cluster {found}, not to {expected}' },
  DATA_DAMAGED: { id: 4004, reply: null, status: 500, retry: 'never', closes: 'call', message: 'data directory {directory} is damaged: {reason}' },
  WRITE_FAILED: { id: 4005, reply: null, status: 500, retry: 'never', closes: 'call', message: 'a write to {directory} failed: {reason}' },
  ENTRY_DAMAGED: { id: 4006, reply: null, status: 500, retry: 'later', closes: 'call', message: 'entry {index} of group {group} is damaged on this node' },
  DATA_DIRECTORY_UNUSABLE: { id: 4007, reply: null, status: 500, retry: 'never', closes: 'call', message: 'data directory {directory} cannot be used: {reason}' },
  DISK_LOW: { id: 4008, reply: 506, status: 507, retry: 'later', closes: 'call', message: 'the disk has {freeBytes} bytes left; publishes are refused below {limitBytes}' },
  DATA_UNRECOVERABLE: { id: 4009, reply: null, status: 500, retry: 'never', closes: 'call', message: 'nothing can be recovered from data directory {directory}: {reason}' },
  DATA_DIRECTORY_OLDER: { id: 4010, reply: null, status: 500, retry: 'never', closes: 'call', message: 'data directory {directory} has format {format}, of an older version; this one reads format {supported} only: UPGRADING.md says what to do; nothing was written' },
  CONFIGURATION_INVALID: { id: 5001, reply: null, status: 400, retry: 'never', closes: 'call', message: "setting '{setting}' is not valid: {reason}" },
  ORIGIN_REFUSED: { id: 5002, reply: 403, status: 403, retry: 'never', closes: 'connection', message: "{header} '{value}' is not allowed; without TLS only loopback is, with TLS its own origin and those of the setting origins" },
  ADDRESS_REFUSED: { id: 5003, reply: null, status: 400, retry: 'never', closes: 'call', message: "address '{address}' is not a loopback address; set up credentials and TLS first" },
  ROUTE_NOT_FOUND: { id: 5004, reply: null, status: 404, retry: 'never', closes: 'call', message: 'there is nothing at {method} {path}; see /v1/openapi.json' },
  METHOD_NOT_ALLOWED: { id: 5005, reply: null, status: 405, retry: 'never', closes: 'call', message: '{method} is not possible at {path}; {allowed} is' },
  MEDIA_TYPE_UNSUPPORTED: { id: 5006, reply: null, status: 415, retry: 'never', closes: 'call', message: 'the content type of the body must be {supported}' },
  BODY_TOO_LARGE: { id: 5007, reply: null, status: 413, retry: 'never', closes: 'call', message: 'the body exceeds the limit of {limit} bytes' },
  ACCESS_REFUSED: { id: 5008, reply: 403, status: 403, retry: 'never', closes: 'call', message: "user '{user}' may not {right} {resource} '{name}' in vhost '{vhost}'" },
  TOPIC_REFUSED: { id: 5009, reply: 403, status: 403, retry: 'never', closes: 'call', message: "user '{user}' may not {right} topic '{routingKey}' of exchange '{exchange}' in vhost '{vhost}'" },
  AUTHENTICATION_FAILED: { id: 5010, reply: 403, status: 401, retry: 'never', closes: 'connection', message: "login was refused for user '{user}'" },
  CREDENTIALS_REQUIRED: { id: 5011, reply: 403, status: 401, retry: 'never', closes: 'connection', message: 'a user and a password are needed here' },
  VHOST_ACCESS_REFUSED: { id: 5012, reply: 530, status: 403, retry: 'never', closes: 'connection', message: "user '{user}' has no access to vhost '{vhost}'; give it permissions there" },
  TAG_REQUIRED: { id: 5013, reply: null, status: 403, retry: 'never', closes: 'call', message: "user '{user}' needs the tag {tag} for this" },
  USER_NOT_FOUND: { id: 5014, reply: 530, status: 404, retry: 'never', closes: 'call', message: "no user '{user}'" },
  PERMISSION_NOT_FOUND: { id: 5015, reply: null, status: 404, retry: 'never', closes: 'call', message: "user '{user}' has no such permission in vhost '{vhost}'" },
  PATTERN_INVALID: { id: 5016, reply: null, status: 400, retry: 'never', closes: 'call', message: 'the {right} pattern is not valid: {reason}' },
  CONNECTIONS_LIMIT_REACHED: { id: 5017, reply: 530, status: 409, retry: 'later', closes: 'connection', message: "{kind} '{name}' has {limit} connections at this node already, which is its limit" },
  QUEUES_LIMIT_REACHED: { id: 5018, reply: 406, status: 409, retry: 'later', closes: 'call', message: "vhost '{vhost}' has {limit} queues already, which is its limit" },
  CHANNELS_LIMIT_REACHED: { id: 5019, reply: 530, status: 409, retry: 'later', closes: 'connection', message: "user '{user}' has {limit} channels at this node already, which is its limit" },
  TLS_FILE_INVALID: { id: 5101, reply: null, status: 400, retry: 'never', closes: 'call', message: "setting '{setting}': {path}: {reason}" },
  TLS_REQUIRED: { id: 5102, reply: null, status: 400, retry: 'never', closes: 'connection', message: 'this port speaks TLS only: connect with TLS' },
  TLS_UNEXPECTED: { id: 5103, reply: null, status: 400, retry: 'never', closes: 'connection', message: 'this port speaks no TLS: connect without it, or configure TLS for the listener' },
  TLS_HANDSHAKE_FAILED: { id: 5104, reply: null, status: 400, retry: 'later', closes: 'connection', message: 'the TLS handshake failed: {reason}' },
  CERTIFICATE_REFUSED: { id: 5105, reply: 530, status: 403, retry: 'never', closes: 'connection', message: 'the certificate of the client is not accepted: {reason}' },
  INTERNAL: { id: 9001, reply: 541, status: 500, retry: 'later', closes: 'call', message: 'an unexpected error; it is in the log of the node' }
} as const

catalogue satisfies Readonly<Record<string, ErrorRow>>

export type ErrorCode = keyof typeof catalogue
