// Fields in a line of a script.
import t from 'tap'
import { fieldsOf } from '../src/line-fields.ts'

t.test('values may hold spaces, and bare words are true', async (t) => {
  const line = 'queue=q nowait reason="not now" arguments={"a": 1, "b": {"c": 2}} body='
  t.same(
    [...fieldsOf(line)],
    [
      ['queue', 'q'],
      ['nowait', 'true'],
      ['reason', 'not now'],
      ['arguments', '{"a": 1, "b": {"c": 2}}'],
      ['body', '']
    ]
  )
  t.same([...fieldsOf('')], [])
})
