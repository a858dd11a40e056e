// What is counted of transactions, of whom, how long, and who may not have more.
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { TransactionAccount, TransactionMemory } from '../../src/sessions/transaction-memory.ts'

const { transactionsBytesMax, clientTransactionsBytesMax, transactionsBytesFree } = limits

interface Client {
  readonly account: TransactionAccount
  gathered: number
  /** The code of the refusal. */
  gather(bytes: number): string | null
}

function clientOf(node: TransactionMemory): Client {
  const client: Client = {
    account: new TransactionAccount(node, () => client.gathered),
    gathered: 0,
    gather: (bytes) => {
      client.gathered = bytes
      return client.account.count()?.code ?? null
    }
  }
  return client
}

/** So many clients that fill the node to its bound. */
function fill(node: TransactionMemory): Client[] {
  return Array.from({ length: 4 }, () => {
    const client = clientOf(node)
    client.gather(transactionsBytesMax / 4)
    return client
  })
}

t.test('one client does not get all there is', async (t) => {
  const client = clientOf(new TransactionMemory())
  t.equal(client.gather(clientTransactionsBytesMax), null)
  t.equal(client.gather(clientTransactionsBytesMax + 1), 'LIMIT_REACHED')
  t.ok(clientTransactionsBytesMax < transactionsBytesMax)
})

t.test('above the bound who has little goes on, and who has much does not', async (t) => {
  const node = new TransactionMemory()
  const [first] = fill(node)
  const small = clientOf(node)
  t.equal(small.gather(transactionsBytesFree), null)
  t.equal(small.gather(transactionsBytesFree + 1), 'LIMIT_REACHED')
  t.equal(first?.gather(transactionsBytesMax / 4 + 1), 'LIMIT_REACHED')
  t.equal(first?.gather(transactionsBytesMax / 8), null, 'who lets go of some is not refused')
  t.equal(small.gather(transactionsBytesFree + 2), null)
})

t.test('a commit counts until its outcome, also of a client that has left', async (t) => {
  const node = new TransactionMemory()
  const clients = fill(node)
  const extra = clientOf(node)
  extra.gather(1)
  for (const client of clients) {
    client.gathered = 0
    t.equal(client.account.begin(transactionsBytesMax / 4), null, 'it is no more than before')
  }
  const other = clientOf(node)
  t.equal(other.gather(transactionsBytesFree + 1), 'LIMIT_REACHED')
  other.gather(0)
  t.match(other.account.begin(transactionsBytesFree + 1), { code: 'LIMIT_REACHED' })
  other.account.end(transactionsBytesFree + 1)
  clients[0]?.account.end(transactionsBytesMax / 4)
  t.equal(other.gather(transactionsBytesFree + 1), null)
  t.equal(clients[1]?.gather(clientTransactionsBytesMax), 'LIMIT_REACHED', 'with its commit')
})
