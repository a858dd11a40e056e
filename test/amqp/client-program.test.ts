// What a program says is told apart from what its libraries log.
import t from 'tap'
import { ClientProgram } from './client-program.ts'

t.test('a line that only has the word in it is not what is waited for', async (t) => {
  const script = 'echo "self._report_completion()" >&2; sleep 0.1; echo "report {}"'
  const program = new ClientProgram(t, ['sh', '-c', script])
  t.equal(await program.says('report'), 'report {}')
  t.equal(await program.ended, 0)
  t.equal(await program.says(/completion/), 'self._report_completion()')
})
