// Frames and events as lines of text, both ways, for the scripts of this package.
import { fieldsOf } from '@holdfast/testkit'
import { ByteWriter } from '../src/byte-writer.ts'
import type { AmqpEvent } from '../src/events.ts'
import { type FieldTable, writeTable } from '../src/field-table.ts'
import { plainTable, tableOf } from '../src/field-value.ts'
import { FrameReader, FrameWriter, frameType } from '../src/frame-codec.ts'
import { amqpLimits } from '../src/limits.ts'
import { decodeMethod, type Method, type MethodName } from '../src/method-codec.ts'
import { type ArgumentType, methodTable } from '../src/method-table.ts'
import { nativeProperties } from '../src/native-properties.ts'
import { type AmqpProperties, encodeProperties, propertyOf } from '../src/properties.ts'
import { messageAt, RecordWriter } from '../src/record-form.ts'
import { hex, join, written } from './generator.ts'

const decoder = new TextDecoder()
const encoder = new TextEncoder()

function argumentOf(type: ArgumentType, text: string | undefined): unknown {
  switch (type) {
    case 'bit':
      return text === 'true'
    case 'shortstr':
      return (text ?? '').replaceAll('\\r', '\r').replaceAll('\\n', '\n')
    case 'longstr':
      if (text?.startsWith('{'))
        return written((writer) => writeTable(writer, tableOf(JSON.parse(text)))).subarray(4)
      return encoder.encode((text ?? '').replaceAll('\\0', '\0'))
    case 'table':
      return tableOf(JSON.parse(text ?? '{}'))
    default:
      return Number(text ?? 0)
  }
}

function methodOf(name: string, fields: ReadonlyMap<string, string>): Method {
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

/** Properties from JSON, where the headers are plain values. */
function propertiesOf(text: string | undefined): Uint8Array {
  const { headers, timestamp, ...rest } = JSON.parse(text ?? '{}')
  const properties: AmqpProperties = {
    ...rest,
    ...(headers === undefined ? {} : { headers: tableOf(headers) }),
    ...(timestamp === undefined ? {} : { timestamp: BigInt(timestamp) })
  }
  return encodeProperties(properties)
}

function frame(type: number, channel: number, payload: Uint8Array): Uint8Array {
  const writer = new ByteWriter()
  writer.octet(type)
  writer.short(channel)
  writer.longstr(payload)
  writer.octet(0xce)
  return writer.since(0)
}

function headerPayload(fields: ReadonlyMap<string, string>): Uint8Array {
  const writer = new ByteWriter()
  writer.short(Number(fields.get('class') ?? 60))
  writer.short(0)
  writer.longlong(Number(fields.get('size')))
  writer.raw(propertiesOf(fields.get('properties')))
  return writer.since(0)
}

/**
 * The bytes of one line: `raw HEX`, `text TEXT`, `heartbeat`, `CHANNEL METHOD ARGUMENTS`, `CHANNEL
 * header size=N`, `CHANNEL body TEXT`, or `CHANNEL publish … body=TEXT` for all three frames.
 */
export function bytesOfLine(line: string): Uint8Array {
  const [first = '', second = '', ...others] = line.split(' ')
  const rest = others.join(' ')
  if (first === 'raw') return hex(`${second}${rest}`)
  if (first === 'text') return encoder.encode(line.slice(5).replaceAll('\\0', '\0'))
  if (first === 'heartbeat')
    return frame(frameType.heartbeat, Number(second || 0), new Uint8Array())
  const channel = Number(first)
  if (second === 'body') return frame(frameType.body, channel, encoder.encode(rest))
  const fields = fieldsOf(rest)
  if (second === 'header') return frame(frameType.header, channel, headerPayload(fields))
  const writer = new FrameWriter()
  writer.frameBytesMax = amqpLimits.frameBytesMax
  if (second !== 'publish') {
    writer.method(channel, methodOf(second, fields))
    return join(writer.take())
  }
  const body = encoder.encode(fields.get('body') ?? '')
  const properties = propertiesOf(fields.get('properties'))
  fields.delete('body')
  fields.delete('properties')
  writer.content(channel, methodOf('basic.publish', fields), properties, body)
  return join(writer.take())
}

/** A record as an AMQP client would have published it. */
export function recordOf(properties: string | undefined, body: string): Uint8Array {
  return new RecordWriter().write(propertiesOf(properties), encoder.encode(body))
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return JSON.stringify(decoder.decode(value))
  if (value instanceof Map) return JSON.stringify(plainTable(value as FieldTable))
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

/** One line for each frame that was sent. What is false, empty or 0 is left out. */
export function linesOfFrames(chunks: readonly Uint8Array[]): string[] {
  const lines: string[] = []
  const bytes = join(chunks)
  if (decoder.decode(bytes.subarray(0, 4)) === 'AMQP') {
    return [`<- AMQP ${[...bytes.subarray(4)].join(' ')}`]
  }
  const reader = new FrameReader(2 ** 20)
  reader.feed(bytes)
  while (reader.next()) {
    const { type, channel, payload } = reader
    if (type === frameType.heartbeat) lines.push('<- heartbeat')
    if (type === frameType.body) lines.push(`<- ${channel} body ${decoder.decode(payload)}`)
    if (type === frameType.header) {
      const size = payload.subarray(4, 12).reduce((total, byte) => total * 256 + byte, 0)
      const properties = shownProperties(payload.subarray(12))
      lines.push(`<- ${channel} header size=${size} ${properties}`)
    }
    if (type !== frameType.method) continue
    const { type: name, ...fields } = decodeMethod(payload)
    const parts = Object.entries(fields as Record<string, unknown>)
      .filter(([, value]) => value !== false && value !== 0 && value !== '')
      .filter(([, value]) => !(value instanceof Map && value.size === 0))
      .filter(([, value]) => !(value instanceof Uint8Array && value.length === 0))
      .map(([argument, value]) => `${argument}=${shown(value)}`)
    lines.push(['<-', channel, name, ...parts].join(' '))
  }
  return lines
}

/** As the native protocol tells them, but for a delivery mode of any number. */
function shownProperties(raw: Uint8Array): string {
  const deliveryMode = propertyOf(raw, 'deliveryMode')
  return JSON.stringify({ ...nativeProperties(raw), deliveryMode })
}

function recordsOf(blob: Uint8Array): string[] {
  const records: string[] = []
  for (let at = 0; at < blob.length; ) {
    const { properties, body, end } = messageAt(blob, at)
    records.push(`${shownProperties(properties)} ${JSON.stringify(decoder.decode(body))}`)
    at = end
  }
  return records
}

/** Bytes as text, records as what is in them. */
function readable(key: string, value: unknown): unknown {
  if (key === 'blob') return recordsOf(value as Uint8Array)
  return value instanceof Uint8Array ? decoder.decode(value) : value
}

/** One line for each event. */
export function linesOfEvents(events: readonly AmqpEvent[]): string[] {
  return events.map((event) => {
    if (event.type === 'closed') return `* closed ${event.error?.message ?? 'by the client'}`
    if (event.type === 'request') {
      const { type, ...fields } = event.request
      const shownFields = JSON.stringify(fields, readable)
      return `* request ${event.requestId} channel ${event.channel} ${type} ${shownFields}`
    }
    const { type, ...fields } = event
    return `* ${type} ${JSON.stringify(fields, readable)}`
  })
}
