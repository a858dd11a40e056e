// Which segment is due next, against the smallest deadline of all, whichever segment leaves.
import t from 'tap'
import { DueSegments } from '../../src/queue/due-segments.ts'
import { Segment } from '../../src/queue/segment.ts'

// In the order of a heap: the last is earlier than the second, whose branch is another.
const deadlines = [1, 20, 2, 21, 22, 30, 3]

for (const gone of deadlines) {
  t.test(`the others are due in turn when the one due at ${gone} has left`, async (t) => {
    const due = new DueSegments()
    const segments = new Map(deadlines.map((deadlineMs) => [deadlineMs, new Segment(1, 1)]))
    for (const [deadlineMs, segment] of segments) due.note(1, segment, deadlineMs)
    for (let next = gone; segments.size > 0; next = Math.min(...segments.keys())) {
      const segment = segments.get(next)
      if (segment !== undefined) due.forget(segment)
      segments.delete(next)
      t.equal(due.nextMs, Math.min(...segments.keys()))
    }
  })
}
