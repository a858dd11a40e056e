// What AMQP clients are told of the server (ADR 0033): what it behaves as, or what it is. As its
// platform each tells what it is.
export const amqpIdentities = {
  rabbitmq: { product: 'RabbitMQ', version: '4.1.0', platform: 'Holdfast 0.1.0' },
  self: { product: 'Holdfast', version: '0.1.0', platform: 'Holdfast 0.1.0' }
} as const
