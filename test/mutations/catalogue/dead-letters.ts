// Mutations of how dead letters come from one queue to the next (failure modes 56, 71, 72).
import type { Mutation } from '../mutation.ts'

const letters = 'packages/cluster/src/dead-lettering/queue-dead-letters.ts'
const batch = 'packages/cluster/src/dead-lettering/batch.ts'
const lettering = 'packages/cluster/src/dead-lettering/dead-lettering.ts'
const dead = 'packages/broker/src/queue/dead-letters.ts'
const catches = 'simulator'

export const deadLetterMutations: readonly Mutation[] = [
  {
    name: 'dead-letter-leaves-before-it-arrives',
    failureMode: 71,
    file: letters,
    find: '    this.#held.push(batch)\n',
    replace: '    this.#held.push(batch)\n    this.#arrived.push(number)\n',
    catches
  },
  {
    name: 'refused-dead-letter-has-arrived',
    failureMode: 71,
    file: letters,
    find: 'if (finalCodes.has(error.code)) {',
    replace: 'if (error.code !== undefined) {',
    catches: ['packages/cluster/dist/test/dead-lettering/dead-lettering.test.js']
  },
  {
    name: 'refused-dead-letter-is-put-elsewhere',
    failureMode: 71,
    file: 'packages/broker/src/shard-publish.ts',
    find: '  if (refusing !== null && header.isDeadLetter) return refusing\n',
    replace: '',
    catches
  },
  {
    name: 'new-leader-forgets-dead-letters',
    failureMode: 56,
    file: lettering,
    find: 'if (queue.dead.count > 0) this.#begin(group, queue)',
    replace: 'if (queue.dead.count > 1e9) this.#begin(group, queue)',
    catches
  },
  {
    name: 'new-leader-brings-dead-letters-as-new',
    failureMode: 56,
    file: batch,
    find: 'producer: producerOf(queue.id, block)',
    replace: 'producer: { ...producerOf(queue.id, block), epoch: (source as any).epoch }',
    also: [
      {
        file: lettering,
        find: 'const source = { group,',
        replace: 'const source = { epoch: 1 + this.#core.clock.wallMs, group,'
      }
    ],
    catches
  },
  {
    name: 'numbers-of-dead-letters-are-given-again',
    failureMode: 71,
    file: dead,
    find: 'this.tail = Math.max(this.tail + 1, numberMin)',
    replace: 'this.tail++',
    catches: ['packages/broker/dist/test/queue/dead-letters.test.js']
  },
  {
    name: 'a-stuck-shard-takes-the-room-of-all-dead-letters',
    failureMode: 71,
    file: 'packages/cluster/src/dead-lettering/window.ts',
    find: '  #lane(group: GroupId): Lane {\n',
    replace: '  #lane(_: GroupId): Lane {\n    const group = heldLane\n',
    catches: ['packages/cluster/dist/test/dead-lettering/queue-dead-letters.test.js']
  },
  {
    name: 'held-dead-letters-of-an-ended-queue-keep-their-room',
    failureMode: 71,
    file: letters,
    find: 'for (const bytes of this.#heldBytes.values()) this.#window.free(heldLane, bytes)',
    replace: 'this.#heldBytes.clear()',
    catches: ['packages/cluster/dist/test/dead-lettering/queue-dead-letters.test.js']
  },
  {
    name: 'dead-letters-wait-for-a-lease-that-nobody-grants',
    failureMode: 71,
    file: lettering,
    find: '    if (this.#core.lease.isValid) this.resumeHeld()\n',
    replace: '',
    catches: ['packages/cluster/dist/test/dead-lettering/restarts.test.js']
  },
  {
    name: 'snapshot-without-reasons-of-death',
    failureMode: 71,
    file: dead,
    find: '      writer.u8(this.at(row, 5))\n',
    replace: '      writer.u8(1)\n',
    catches
  },
  {
    name: 'entry-of-a-dead-letter-is-freed',
    failureMode: 71,
    file: dead,
    find: '    this.#live.add(from.entryAt(row), 1)\n',
    replace: '',
    also: [{ file: dead, find: '        this.#live.remove(segment.at(row, 0), 1)\n', replace: '' }],
    catches
  },
  {
    name: 'dead-letters-go-round',
    failureMode: 72,
    file: batch,
    find: 'barred: message.visited',
    replace: 'barred: new Set()',
    catches
  },
  {
    name: 'queues-alike-in-half-of-their-ids-are-one-producer',
    failureMode: 71,
    file: batch,
    find: 'block + Math.imul(Math.floor(queue / 2 ** 32), 0x9e3779b1)',
    replace: 'block',
    catches: ['packages/cluster/dist/test/dead-lettering/batch.test.js']
  }
]
