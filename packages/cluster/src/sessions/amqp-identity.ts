// What AMQP clients are told of the server: what it is, or what it behaves as.
export const amqpIdentities = {
  self: { product: 'Holdfast', version: '0.1.0' },
  rabbitmq: { product: 'RabbitMQ', version: '4.1.0' }
} as const
