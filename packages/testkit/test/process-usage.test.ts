// Figures of /proc for this very process, and the meter over a piece of work.
import t from 'tap'
import {
  anonymousBytes,
  identifyProcess,
  isProcessAlive,
  processorSeconds,
  UsageMeter
} from '../src/process-usage.ts'

const isLinux = process.platform === 'linux'

t.test('reads what this process uses', { skip: !isLinux && 'needs /proc' }, async (t) => {
  const meter = new UsageMeter(new Map([['self', process.pid]]))
  const start = processorSeconds(process.pid) ?? 0
  while ((processorSeconds(process.pid) ?? 0) - start < 0.05);
  const span = meter.stop()
  t.ok((span.byName['self'] ?? 0) >= 0.05)
  t.ok(span.seconds > 0)
  t.ok(span.otherSeconds >= 0)
  t.ok((anonymousBytes(process.pid) ?? 0) > 1024 * 1024)
})

t.test('tells a process from a later one of the same pid', { skip: !isLinux }, async (t) => {
  const self = identifyProcess(process.pid)
  t.ok(isProcessAlive(self))
  t.notOk(isProcessAlive({ ...self, startTicks: 1 }))
  t.notOk(isProcessAlive({ pid: 2 ** 22 + 1, startTicks: null }))
  t.equal(processorSeconds(2 ** 22 + 1), null)
  t.equal(anonymousBytes(2 ** 22 + 1), null)
})
