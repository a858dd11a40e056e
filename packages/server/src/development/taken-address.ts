// Whether an address is free, as the listeners of a node would find it.
import { createServer } from 'node:net'
import { formatAddress, parseAddress } from '@holdfast/transport/address'
import { firstHost, listenBeside } from '../listeners/loopback.ts'

/** Which address cannot be listened at; null: none. `localhost` stands for two. */
export async function takenAddress(address: string): Promise<string | null> {
  const { host, port } = parseAddress(address)
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: firstHost(host), port }, resolve)
    })
    const beside = await listenBeside(server, { host, port }, {})
    beside?.close()
    return null
  } catch (error) {
    const { address: taken = host } = error as { readonly address?: string }
    return formatAddress(taken, port)
  } finally {
    server.close()
  }
}
