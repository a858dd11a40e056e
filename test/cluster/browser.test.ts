// The SDK in a page of headless Chromium, over WebSocket. Where no Chromium is installed, the test
// says so and checks the bundle alone; the checks of a change install it.
import t from 'tap'
import { bundleForBrowser, findChromium, runInBrowser } from '../acceptance/browser-page.ts'
import { sharedCluster } from './shared-cluster.ts'

t.setTimeout(280_000)

t.test('the bundle for browsers holds no Node module', async (t) => {
  const { text, nodeModules } = await bundleForBrowser()
  t.same(nodeModules, [])
  t.ok(text.length > 1_000)
  t.ok(text.length < 500_000, `${text.length} bytes`)
})

t.test('a page publishes and consumes', async (t) => {
  if (findChromium() === null) {
    t.comment('no Chromium here')
    return
  }
  const cluster = await sharedCluster(t)
  const result = await runInBrowser(cluster.node(1).http, 200)
  t.match(result, { confirmed: 200, received: 200, isEqual: true })
})
