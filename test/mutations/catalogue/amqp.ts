// Mutations of AMQP 0-9-1: channels, what they may hold, and what becomes of it (failure modes 65
// to 72).
import type { Mutation } from '../mutation.ts'

const channel = 'packages/amqp/src/channel.ts'
const consumers = 'packages/amqp/src/consumers.ts'
const catches = 'simulator'

export const amqpMutations: readonly Mutation[] = [
  {
    name: 'prefetch-is-set-for-channels-only',
    failureMode: 69,
    file: 'packages/amqp/src/methods/basic.ts',
    find: 'if (!global) channel.prefetch = prefetchCount',
    replace: 'if (global) channel.prefetch = prefetchCount',
    catches
  },
  {
    name: 'limit-of-a-channel-is-not-freed',
    failureMode: 69,
    file: consumers,
    find:
      '      this.#unsettled--\n' +
      '      if (consumer.isCancelled && consumer.unsettled === 0) {\n',
    replace:
      '      if (!consumer.isCancelled) continue\n' +
      '      this.#unsettled--\n' +
      '      if (consumer.unsettled === 0) {\n',
    catches
  },
  {
    name: 'closed-channel-keeps-what-it-asked-for',
    failureMode: 70,
    file: channel,
    find: 'return [...new Set([...this.consumers.numbers, ...this.getters])]',
    replace: 'return this.consumers.numbers',
    catches
  },
  {
    name: 'circle-of-expiry-goes-on',
    failureMode: 72,
    file: 'packages/amqp/src/dead-letter.ts',
    find: "['rejected', 'delivery_limit']",
    replace: "['rejected', 'expired', 'delivery_limit']",
    catches
  },
  {
    name: 'delivery-count-is-the-attempt',
    failureMode: 65,
    file: 'packages/amqp/src/record-form.ts',
    find: "if (deliveryCount > 0) headers.set('x-delivery-count', longField(deliveryCount))",
    replace: "headers.set('x-delivery-count', longField(attempt))",
    catches
  },
  {
    name: 'frames-of-a-body-lie-on-each-other',
    failureMode: null,
    file: 'packages/amqp/src/content.ts',
    find: 'this.#body.set(payload, this.#filled)',
    replace: 'this.#body.set(payload, 0)',
    catches
  },
  {
    name: 'frames-are-larger-than-agreed',
    failureMode: null,
    file: 'packages/amqp/src/frame-codec.ts',
    find: 'const payloadMax = this.frameBytesMax - amqpLimits.frameOverheadBytes',
    replace: 'const payloadMax = this.frameBytesMax',
    catches
  },
  {
    name: 'delivery-tells-the-default-exchange',
    failureMode: null,
    file: consumers,
    find: '        exchange: run.exchange,\n',
    replace: "        exchange: '',\n",
    catches
  },
  {
    name: 'properties-of-one-message-for-all',
    failureMode: null,
    file: 'packages/amqp/src/record-form.ts',
    find: 'return { properties: foreignProperties(blob, position), body, end }',
    replace: 'return { properties: foreignProperties(blob, 0), body, end }',
    catches
  },
  {
    name: 'commit-frees-nothing-of-its-channel',
    failureMode: 69,
    file: 'packages/amqp/src/methods/tx.ts',
    find: '    channel.noteSettled(deliveries)\n',
    replace: '',
    catches: ['packages/amqp/dist/test/scripts.test.js']
  },
  {
    name: 'rolled-back-deliveries-come-last',
    failureMode: null,
    file: 'packages/amqp/src/unsettled.ts',
    find:
      '    const all = [...this.#byTag.values(), ...deliveries].sort((a, b) => a.tag - b.tag)\n' +
      '    this.#byTag = new Map(all.map((delivery) => [delivery.tag, delivery]))\n',
    replace: '    for (const delivery of deliveries) this.#byTag.set(delivery.tag, delivery)\n',
    catches: ['packages/amqp/dist/test/unsettled.test.js']
  }
]
