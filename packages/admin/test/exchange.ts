// Bytes over a socket, for tests of what a client library would never send.
import { connect } from 'node:net'
import { type CheckedServer, checkedServer } from './checked-server.ts'

/** A checked server that listens on a free port until the test ends. */
export async function listening(
  t: Tap,
  options: Parameters<typeof checkedServer>[0] = {}
): Promise<CheckedServer & { portNumber: number }> {
  const server = await checkedServer(options)
  const url = await server.admin.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => server.admin.close())
  return { ...server, portNumber: Number(new URL(url).port) }
}

interface Tap {
  teardown(end: () => Promise<void>): void
}

/** Sends bytes and returns all that comes back until the server ends the connection. */
export function exchange(portNumber: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(portNumber, '127.0.0.1', () => socket.write(bytes))
    let received = ''
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      received += text
    })
    socket.on('close', () => resolve(received))
    socket.on('error', reject)
  })
}

/** The JSON body of a raw answer. */
export function bodyOf(answer: string): unknown {
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))
}
