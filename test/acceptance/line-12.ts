// Acceptance 12: a page in headless Chromium, using the SDK over WebSocket, publishes 1,000
// messages and consumes them.
import { runInBrowser } from './browser-page.ts'
import { withScene } from './cluster-scene.ts'
import { accept, option } from './verdict.ts'

await accept(12, 'the SDK in a browser', async (verdict) => {
  await withScene('line-12', {}, async ({ cluster }) => {
    const messages = option('messages', 1_000)
    const result = await runInBrowser(cluster.node(1).http, messages)
    verdict.check('the bundle holds no Node module', result.nodeModules.length === 0)
    verdict.check(`${messages} are confirmed`, result.confirmed === messages, result.confirmed)
    verdict.check('and consumed', result.received === messages, result.received)
    verdict.check('with equal bytes, in order', result.isEqual)
    verdict.log(`  ${Math.round(result.milliseconds)} ms in the page`)
  })
})
