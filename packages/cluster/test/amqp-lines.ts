// Methods of AMQP as lines of text, both ways, for scripts that drive a member: `CHANNEL METHOD
// argument=value …`, and `CHANNEL publish … properties={…} body=TEXT` for a publish with its
// content. What is left out is empty, 0 or false.
import {
  type ArgumentType,
  decodeMethod,
  encodeProperties,
  FrameReader,
  type FrameWriter,
  frameType,
  type Method,
  type MethodName,
  methodTable,
  nativeProperties,
  tableOf
} from '@holdfast/amqp'
import { utf8Decode, utf8Encode } from '@holdfast/record'
import { fieldsOf } from '@holdfast/testkit'

function argumentOf(type: ArgumentType, text: string | undefined): unknown {
  switch (type) {
    case 'bit':
      return text === 'true'
    case 'shortstr':
      return (text ?? '').replaceAll('\\r', '\r').replaceAll('\\n', '\n')
    case 'longstr':
      return utf8Encode(text ?? '')
    case 'table':
      return tableOf(JSON.parse(text ?? '{}'))
    default:
      return Number(text ?? 0)
  }
}

function methodOf(name: string, fields: ReadonlyMap<string, string>): Method {
  if (!(name in methodTable)) throw new Error(`no method is called ${name}`)
  const shape: Readonly<Record<string, ArgumentType>> = methodTable[name as MethodName].arguments
  for (const field of fields.keys()) {
    if (!(field in shape)) throw new Error(`${name} has no argument ${field}`)
  }
  const values = Object.entries(shape).map(([argument, type]) => [
    argument,
    argumentOf(type, fields.get(argument))
  ])
  return { type: name, ...Object.fromEntries(values) } as Method
}

/** Writes the frames of one line. */
export function writeLine(writer: FrameWriter, line: string): void {
  const [channel = '', name = '', ...others] = line.split(' ')
  const fields = fieldsOf(others.join(' '))
  if (name !== 'publish') return writer.method(Number(channel), methodOf(name, fields))
  const body = utf8Encode(fields.get('body') ?? '')
  const { headers, ...rest } = JSON.parse(fields.get('properties') ?? '{}')
  const properties = headers === undefined ? rest : { ...rest, headers: tableOf(headers) }
  fields.delete('body')
  fields.delete('properties')
  const publish = methodOf('basic.publish', fields)
  writer.content(Number(channel), publish, encodeProperties(properties), body)
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return JSON.stringify(utf8Decode(value))
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

function lineOfMethod(channel: number, payload: Uint8Array): string {
  const { type, ...fields } = decodeMethod(payload)
  const parts = Object.entries(fields as Record<string, unknown>)
    .filter(([, value]) => value !== false && value !== 0 && value !== '')
    .filter(([, value]) => !(value instanceof Map))
    .filter(([, value]) => !(value instanceof Uint8Array && value.length === 0))
    .map(([argument, value]) => `${argument}=${shown(value)}`)
  return [channel, type, ...parts].join(' ')
}

/** What was sent: a line for each method, with the body and the properties of its content. */
export class LineReader {
  readonly #frames = new FrameReader(2 ** 20)
  readonly #lines: string[] = []

  feed(bytes: Uint8Array): void {
    this.#frames.feed(bytes)
    while (this.#frames.next()) {
      const { type, channel, payload } = this.#frames
      if (type === frameType.method) this.#lines.push(lineOfMethod(channel, payload))
      else if (type === frameType.header) this.#append(propertiesIn(payload))
      else if (type === frameType.body) this.#append(` ${JSON.stringify(utf8Decode(payload))}`)
    }
  }

  /** To the method that the content is of. */
  #append(text: string): void {
    this.#lines.push(`${this.#lines.pop() ?? ''}${text}`)
  }

  take(): string[] {
    return this.#lines.splice(0)
  }
}

function propertiesIn(payload: Uint8Array): string {
  const text = JSON.stringify(nativeProperties(new Uint8Array(payload.subarray(12))))
  return text === '{}' ? '' : ` ${text}`
}
