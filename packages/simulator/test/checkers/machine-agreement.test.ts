// Machines that applied the same are the same; where they are not, the first entry tells.
import t from 'tap'
import type { Check } from '../../src/checkers/checks.ts'
import { MachineAgreement } from '../../src/checkers/machine-agreement.ts'

const machine = (hash: string): { hash(): string } => ({ hash: () => hash })

function findings(run: (agreement: MachineAgreement) => void): Check[] {
  const found: Check[] = []
  run(new MachineAgreement('group 1', (check) => void found.push(check)))
  return found
}

t.test('equal machines are accepted, whenever their replicas come to an entry', async (t) => {
  const found = findings((agreement) => {
    for (const replica of [1, 2]) {
      for (let index = 1; index <= 32; index += 1) {
        agreement.applied(replica, index, `did ${index}`, machine(`state ${index}`))
      }
    }
    agreement.stands('3', 32, machine('state 32'))
  })
  t.same(found, [])
})

t.test('an entry that did two things is found', async (t) => {
  const found = findings((agreement) => {
    agreement.applied(1, 1, 'gave offset 4', machine('a'))
    agreement.applied(2, 1, 'gave offset 5', machine('a'))
  })
  t.same(found, ['machine-agreement'])
})

t.test('two states after the same entries are found', async (t) => {
  const found = findings((agreement) => {
    agreement.applied(1, 16, 'done', machine('a'))
    agreement.applied(2, 16, 'done', machine('b'))
  })
  t.same(found, ['machine-agreement'])
})

t.test('a snapshot that is another state than the log gave is found', async (t) => {
  const found = findings((agreement) => {
    agreement.applied(1, 16, 'done', machine('a'))
    agreement.stands('2', 16, machine('b'))
  })
  t.same(found, ['machine-agreement'])
})

t.test('snapshots that follow each other closely are compared now and then', async (t) => {
  const compared: number[] = []
  const watched = (index: number) => ({
    hash(): string {
      compared.push(index)
      return 'a'
    }
  })
  const agreement = new MachineAgreement('group 1', () => t.fail('they are equal'))
  for (const index of [20, 23, 26, 29, 70, 4]) {
    agreement.taken(1, index, watched(index))
    t.equal(agreement.hasCompared(1, index), compared.at(-1) === index, `${index}`)
  }
  t.same(compared, [20, 29, 70, 4], 'and where a log begins anew')
  agreement.taken(2, 71, watched(71))
  t.same(compared.at(-1), 71, 'each replica by itself')
})

t.test('equal states that hold on to other entries are found', async (t) => {
  const retaining = (first: number) => ({
    hash: () => 'a',
    retainedEntries: () => [{ first, last: 9 }]
  })
  const found = findings((agreement) => {
    agreement.stands('1', 16, retaining(3))
    agreement.stands('2', 16, retaining(4))
  })
  t.same(found, ['machine-agreement'])
})
