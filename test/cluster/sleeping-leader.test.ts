// A leader that is stopped for longer than its leases answers nothing stale when it wakes.
import t from 'tap'
import { withScene } from '../acceptance/cluster-scene.ts'
import { sleepThrough } from '../acceptance/sleeping-leader.ts'

t.setTimeout(280_000)

t.test('a leader that slept says the truth or that it cannot know', async (t) => {
  await withScene('sleeping-leader', {}, async (scene) => {
    const { answers } = await sleepThrough(scene, 5_000)
    for (const { question, answer, isRight } of answers) t.ok(isRight, `${question}: ${answer}`)
  })
})
