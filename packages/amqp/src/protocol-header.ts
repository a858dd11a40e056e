// The first eight bytes of a connection (AMQP 0-9-1 §4.2.2): which protocol and version the client
// speaks, or that it took this port for another one.

/** What stands at the beginning of a connection; null until enough has arrived to tell. */
export type Greeting = 'amqp' | 'amqp-other' | 'http' | 'tls' | 'unknown'

export const protocolHeaderBytes = 8

/** 0-9-1, and 0-9 as some clients announce it. */
const spoken = ['AMQP\0\0\u0009\u0001', 'AMQP\u0001\u0001\0\u0009']

/** HTTP/1 methods and the preface of HTTP/2, as far as eight bytes show them. */
const httpStart = /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|CONNECT|PATCH|PRI) ?/

/** `bytes`: all that has arrived, of which eight count. */
export function greetingOf(bytes: Uint8Array): Greeting | null {
  // A TLS record: handshake, version 3.x.
  if (bytes[0] === 0x16 && bytes[1] === 0x03) return 'tls'
  let text = ''
  for (const byte of bytes.subarray(0, protocolHeaderBytes)) text += String.fromCharCode(byte)
  if (httpStart.test(text) && text.includes(' ')) return 'http'
  if (text.length < protocolHeaderBytes) return null
  if (spoken.includes(text)) return 'amqp'
  return text.startsWith('AMQP') ? 'amqp-other' : 'unknown'
}

/** What to tell people about a connection that is not AMQP 0-9-1. */
export function explainGreeting(greeting: Exclude<Greeting, 'amqp'>): string {
  switch (greeting) {
    case 'amqp-other':
      return 'the client asks for another version of AMQP; this port speaks 0-9-1'
    case 'http':
      return 'the client speaks HTTP; this port speaks AMQP 0-9-1'
    case 'tls':
      return 'the client speaks TLS; this port speaks AMQP 0-9-1 without it'
    case 'unknown':
      return 'the client does not begin with a protocol header of AMQP'
  }
}
