// What a client says to be let in (AMQP 0-9-1 connection.start-ok), as credentials that somebody
// else verifies. PLAIN is RFC 4616; AMQPLAIN is a field table without its length.
import { isUtf8, utf8Decode } from '@holdfast/record'
import { ByteReader, syntaxError } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { type FieldTable, readTable } from './field-table.ts'
import { AmqpError } from './replies.ts'
import type { Credentials } from './requests.ts'

export type Mechanism = Credentials['mechanism']

/** @throws 503 for a mechanism that is not offered, 502 for a response that is none */
export function readCredentials(
  mechanism: string,
  response: Uint8Array,
  offered: readonly Mechanism[]
): Credentials {
  const known = offered.find((each) => each === mechanism)
  switch (known) {
    case undefined: {
      const explanation = `mechanism '${mechanism}' is not offered; ${offered.join(', ')} are`
      throw new AmqpError('COMMAND_INVALID', explanation)
    }
    case 'PLAIN':
      return readPlain(response)
    case 'AMQPLAIN':
      return readAmqplain(response)
    case 'EXTERNAL':
    case 'ANONYMOUS':
      // What the response of these says counts for nothing, as in RabbitMQ: clients send anything.
      return { mechanism: known }
  }
}

function textIn(bytes: Uint8Array): string {
  if (isUtf8(bytes)) return utf8Decode(bytes)
  throw syntaxError('a user name is not UTF-8')
}

/** [identity] NUL user NUL password */
function readPlain(response: Uint8Array): Credentials {
  const first = response.indexOf(0)
  const second = response.indexOf(0, first + 1)
  if (first < 0 || second < 0) {
    throw syntaxError('a response for PLAIN is an identity, a user and a password, NUL between')
  }
  const user = textIn(response.subarray(first + 1, second))
  return { mechanism: 'PLAIN', user, password: new Uint8Array(response.subarray(second + 1)) }
}

function readAmqplain(response: Uint8Array): Credentials {
  const writer = new ByteWriter(response.length + 4)
  writer.longstr(response)
  const table = readTable(new ByteReader(writer.since(0)))
  return {
    mechanism: 'AMQPLAIN',
    user: textIn(bytesOf(table, 'LOGIN')),
    password: bytesOf(table, 'PASSWORD')
  }
}

function bytesOf(table: FieldTable, name: string): Uint8Array {
  const field = table.get(name)
  if (field?.type === 'S') return field.value
  throw syntaxError(`a response for AMQPLAIN has a long string ${name}`)
}
