// Mutations of the streams of gateways to shards (failure modes 59 and 62).
import type { Mutation } from '../mutation.ts'

const stream = 'packages/cluster/src/publishing/shard-stream.ts'
const catches = 'simulator'

export const streamMutations: readonly Mutation[] = [
  {
    name: 'numbers-of-a-gateway-begin-again',
    failureMode: 62,
    file: 'packages/cluster/src/publishing/gateway.ts',
    find: 'this.#epoch = record',
    replace: 'this.#epoch = 1024',
    catches
  },
  {
    name: 'numbers-of-a-gateway-go-on-from-its-disk',
    failureMode: 62,
    file: 'packages/cluster/src/consensus/group-commit.ts',
    find: 'Math.max(this.#lastId, 1000 * startedMs) + (processEpoch % 1000)',
    replace: 'this.#lastId',
    catches: ['packages/cluster/dist/test/regressed-disks.test.js']
  },
  {
    name: 'clients-hear-that-a-gateway-is-fenced',
    failureMode: 62,
    file: stream,
    find: 'if (isOutlived(outcome)) return this.#core.regression.outlived(this.group)',
    replace: '',
    catches: ['packages/cluster/dist/test/publishing/gateway.test.js']
  },
  {
    name: 'middle-of-a-stream-is-its-beginning',
    failureMode: 59,
    file: stream,
    find: 'first: item === this.#items.at(0)',
    replace: 'first: true',
    catches: ['packages/cluster/dist/test/publishing/forwarding.property.test.js']
  },
  {
    name: 'streams-begin-once',
    failureMode: 59,
    file: stream,
    find: 'first: item === this.#items.at(0)',
    replace: 'first: item.number === 1',
    catches
  },
  {
    name: 'lost-answers-are-as-the-next',
    failureMode: 59,
    file: stream,
    find: 'if ((this.#items.at(0)?.number ?? from) < from) return this.rewind()',
    replace: 'if ((this.#items.at(0)?.number ?? from) > upTo) return',
    catches
  },
  {
    name: 'what-came-long-ago-is-fresh',
    failureMode: 62,
    file: stream,
    find: 'const isFresh = item.cameMs > clock.nowMs - times.gatewayFreshMs',
    replace: 'const isFresh = true',
    catches
  },
  {
    name: 'what-was-sent-long-ago-is-repeated',
    failureMode: 62,
    file: stream,
    find: '    this.#giveUpOutlived()\n',
    replace: '',
    catches: ['packages/cluster/dist/test/publishing/shard-stream.test.js']
  },
  {
    name: 'given-up-section-is-waited-for',
    failureMode: 59,
    file: 'packages/cluster/src/publishing/shards.ts',
    find: ', header.first ? number : 0)',
    replace: ')',
    catches: ['packages/cluster/dist/test/publishing/shards.test.js']
  },
  {
    name: 'gap-of-a-gateway-not-seen',
    failureMode: 59,
    file: 'packages/broker/src/shard-publish.ts',
    find: "  if (number > row.next) return { type: 'gap', expected: row.next }\n",
    replace: '  row.next = number\n',
    also: [
      {
        file: 'packages/cluster/src/publishing/shards.ts',
        find: 'if (number > cursor.expected) return cursor.expected',
        replace: 'cursor.expected = number'
      }
    ],
    catches
  }
]
