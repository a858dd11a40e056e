// A bounded pass over every target, with a fixed seed: what was found before, the kept corpus, and
// some thousand new inputs made of it. What finds new code are campaigns: `npm run fuzz`.
import t from 'tap'
import { runCampaign } from './campaign.ts'
import { corpusInputs, foundInputs } from './corpus.ts'
import { untimed } from './runner.ts'
import { loadTarget, targetNames } from './target-list.ts'

t.setTimeout(280_000)

const inputsDefault = 6_000

/** Targets of which an input is a whole history, or a request. */
const inputsOf: Readonly<Record<string, number>> = {
  'shard-machine': 1_000,
  'metadata-machine': 1_000,
  'server-connection': 2_000,
  'amqp-connection': 2_000,
  'amqp-session': 1_000,
  'http-request': 600,
  configuration: 1_000,
  websocket: 1_000
}

for (const name of targetNames) {
  t.test(`${name}: only coded errors, and every invariant holds`, async (t) => {
    const target = await loadTarget(name)
    for (const input of foundInputs(name)) await target.run(input)
    const { findings, inputs } = await runCampaign({
      target,
      corpus: corpusInputs(name, false),
      seed: 1,
      inputsMax: inputsOf[name] ?? inputsDefault,
      secondsMax: Number.POSITIVE_INFINITY,
      inputMsMax: untimed,
      coverage: null
    })
    for (const { error, input } of findings) {
      t.fail(error, { input: Buffer.from(input).toString('base64') })
    }
    t.ok(inputs > 500 && findings.length === 0)
  })
}
