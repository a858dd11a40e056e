// Whether a port is free, as the listeners of a node would find it.
import { createServer } from 'node:net'
import { parseAddress } from '@holdfast/transport'
import { firstHost, listenBeside } from '../listeners/loopback.ts'

export async function canListen(address: string): Promise<boolean> {
  const { host, port } = parseAddress(address)
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: firstHost(host), port }, resolve)
    })
    const beside = await listenBeside(server, { host, port }, {})
    beside?.close()
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
