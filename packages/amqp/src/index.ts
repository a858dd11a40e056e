// The public names of @holdfast/amqp: what converts properties and arguments between the protocols.
export { amqpLimits } from './limits.ts'
export { nativeProperties, rawProperties } from './native-properties.ts'
export { checkRawProperties } from './properties.ts'
export { AmqpError, type ReplyName, type ReplyRow, replies } from './replies.ts'
