// What is counted of transactions and unfinished publishes, of whom, how long, and who may not have
// more.
import { recordLimits } from '@holdfast/record'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { GatheredAccount, GatheredMemory } from '../../src/sessions/gathered-memory.ts'

const { transactionsBytesMax, clientTransactionsBytesMax, gatheredBytesFree } = limits

interface Client {
  readonly account: GatheredAccount
  gathered: number
  unfinished: number
  /** The code of the refusal. */
  gather(bytes: number): string | null
}

function clientOf(node: GatheredMemory): Client {
  const client: Client = {
    account: new GatheredAccount(node, () => ({
      transactionBytes: client.gathered,
      contentBytes: client.unfinished
    })),
    gathered: 0,
    unfinished: 0,
    gather: (bytes) => {
      client.gathered = bytes
      return client.account.count()?.code ?? null
    }
  }
  return client
}

/** So many clients that fill the node to its bound. */
function fill(node: GatheredMemory): Client[] {
  return Array.from({ length: 4 }, () => {
    const client = clientOf(node)
    client.gather(transactionsBytesMax / 4)
    return client
  })
}

t.test('one client does not get all there is', async (t) => {
  const client = clientOf(new GatheredMemory())
  t.equal(client.gather(clientTransactionsBytesMax), null)
  t.equal(client.gather(clientTransactionsBytesMax + 1), 'LIMIT_REACHED')
  t.ok(clientTransactionsBytesMax < transactionsBytesMax)
})

t.test('above the bound who has little goes on, and who has much does not', async (t) => {
  const node = new GatheredMemory()
  const [first] = fill(node)
  const small = clientOf(node)
  t.equal(small.gather(gatheredBytesFree), null)
  t.equal(small.gather(gatheredBytesFree + 1), 'LIMIT_REACHED')
  t.equal(first?.gather(transactionsBytesMax / 4 + 1), 'LIMIT_REACHED')
  t.equal(first?.gather(transactionsBytesMax / 8), null, 'who lets go of some is not refused')
  t.equal(small.gather(gatheredBytesFree + 2), null)
})

t.test('a commit counts until its outcome, also of a client that has left', async (t) => {
  const node = new GatheredMemory()
  const clients = fill(node)
  const extra = clientOf(node)
  extra.gather(1)
  for (const client of clients) {
    client.gathered = 0
    t.equal(client.account.begin(transactionsBytesMax / 4), null, 'it is no more than before')
  }
  const other = clientOf(node)
  t.equal(other.gather(gatheredBytesFree + 1), 'LIMIT_REACHED')
  other.gather(0)
  t.match(other.account.begin(gatheredBytesFree + 1), { code: 'LIMIT_REACHED' })
  other.account.end(gatheredBytesFree + 1)
  clients[0]?.account.end(transactionsBytesMax / 4)
  t.equal(other.gather(gatheredBytesFree + 1), null)
  t.equal(clients[1]?.gather(clientTransactionsBytesMax), 'LIMIT_REACHED', 'with its commit')
})

t.test('unfinished publishes have bounds of their own, of a client and of the node', async (t) => {
  const node = new GatheredMemory()
  const { contentsBytesMax, clientContentsBytesMax } = limits
  const leave = (client: Client, bytes: number): string | null => {
    client.unfinished = bytes
    return client.gather(client.gathered)
  }
  const [first] = fill(node)
  const clients = Array.from({ length: 4 }, () => clientOf(node))
  for (const client of clients) t.equal(leave(client, contentsBytesMax / 4), null)
  t.equal(first && leave(first, gatheredBytesFree), null)
  t.equal(first && leave(first, gatheredBytesFree + 1), 'LIMIT_REACHED')
  for (const client of clients) t.equal(leave(client, 0), null)
  t.equal(first && leave(first, clientContentsBytesMax), null)
  t.equal(first && leave(first, clientContentsBytesMax + 1), 'LIMIT_REACHED')
  t.ok(clientContentsBytesMax < contentsBytesMax)
  t.ok(clientContentsBytesMax > 4 * recordLimits.bodyBytesMax, 'four of the largest at once')
})
