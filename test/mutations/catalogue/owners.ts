// Mutations of whose exclusive queues are, and of how they end (failure mode 77).
import type { Mutation } from '../mutation.ts'

const owner = 'packages/broker/src/queue-owner.ts'
const exclusive = 'packages/cluster/src/metadata/exclusive-queues.ts'
const declaring = 'packages/cluster/src/sessions/declaring.ts'
const codec = 'packages/broker/src/topology-codec.ts'
const metadata = 'packages/cluster/src/metadata/metadata.ts'
const contact = 'packages/cluster/src/peers/contact.ts'
const session = 'packages/cluster/src/sessions/amqp-session.ts'
const lone = ['packages/cluster/dist/test/metadata/exclusive-queues.test.js']
const lost = ['packages/cluster/dist/test/metadata/lost-nodes.test.js']
const catches = 'simulator'

export const ownerMutations: readonly Mutation[] = [
  {
    name: 'locked-for-nobody',
    failureMode: null,
    file: owner,
    find: 'if (queue.owner === null || queue.owner.client === client) return',
    replace: "if (queue.owner === null || queue.owner.client !== '') return",
    catches
  },
  {
    name: 'declared-by-any-connection',
    failureMode: null,
    file: owner,
    find: 'return isProcess && left.connection === right.connection && ',
    replace: 'return isProcess || ',
    catches: ['packages/broker/dist/test/queue-owner.test.js']
  },
  {
    name: 'queue-outlives-its-connection',
    failureMode: null,
    file: exclusive,
    find: ' || !sessions.isOpen(connection)',
    replace: ' || connection < 0',
    catches
  },
  {
    name: 'queue-outlives-its-process',
    failureMode: null,
    file: exclusive,
    find: 'return replica < selfReplica || process !== gateway.epoch || ',
    replace: 'return replica < selfReplica || process < 0 || ',
    catches: lost
  },
  {
    name: 'queue-outlives-its-node',
    failureMode: null,
    file: exclusive,
    find: 'if (membership.node(node) !== null && !contact.isLost(node)) continue',
    replace: 'if (membership.node(node) !== null) continue',
    catches
  },
  {
    name: 'queue-ends-in-a-moment-of-silence',
    failureMode: 77,
    file: contact,
    find: 'this.#gone.has(node) ? times.contactTicks : times.lostTicks',
    replace: 'this.#gone.has(node) ? times.contactTicks : 8',
    catches: lost
  },
  {
    name: 'declared-too-late-to-be-noticed',
    failureMode: null,
    file: metadata,
    find: 'return this.#core.exclusiveQueues.created(effect.queue)',
    replace: 'return this.#core.exclusiveQueues.created(0)',
    catches
  },
  {
    name: 'closed-before-its-queues-are-gone',
    failureMode: null,
    file: session,
    find: 'if (event.error === null) this.#hold()',
    replace: 'if (event.error !== null) this.#hold()',
    catches: lone
  },
  {
    name: 'refused-for-the-sake-of-the-dead',
    failureMode: null,
    file: declaring,
    find: '} else if (exclusiveQueues.isInDoubt(queue.owner)) again(declaration, times.retryMs)',
    replace: '}',
    catches: lost
  },
  {
    name: 'owner-lost-in-a-snapshot',
    failureMode: null,
    file: codec,
    find: 'const owner = readOwner(eighth)',
    replace: 'const owner = readOwner(eighth === null ? null : null)',
    catches: ['packages/broker/dist/test/owned-queues.test.js']
  },
  {
    name: 'queues-left-over-are-looked-for-only-while-somebody-waits',
    failureMode: null,
    file: exclusive,
    find: '      this.#isResting = false\n      this.#isDue = true\n',
    replace: '      this.#isResting = false\n      this.#isDue ||= this.#waiting.length > 0\n',
    catches: lone
  }
]
