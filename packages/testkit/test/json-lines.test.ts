// Lines survive any cut of the stream; what is not JSON is handed aside.
import { Readable } from 'node:stream'
import t from 'tap'
import { LineSplitter, readJsonLines } from '../src/json-lines.ts'

const text = '{"name":"Zürich €"}\nplain\n{"a":1}\n{"cut":'
const bytes = Buffer.from(text)

t.test('every cut gives the same lines', async (t) => {
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const splitter = new LineSplitter()
    const lines = [...splitter.push(bytes.subarray(0, cut)), ...splitter.push(bytes.subarray(cut))]
    t.same([...lines, splitter.end()], text.split('\n'))
  }
})

t.test('objects are parsed, other lines go aside', async (t) => {
  const other: string[] = []
  const values: unknown[] = []
  const stream = Readable.from([bytes.subarray(0, 14), bytes.subarray(14)])
  for await (const value of readJsonLines(stream, (line) => other.push(line))) values.push(value)
  t.same(values, [{ name: 'Zürich €' }, { a: 1 }])
  t.same(other, ['plain', '{"cut":'])
})
