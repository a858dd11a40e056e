// A link proxy as a process of its own, so that it can run in the namespace of a node. It takes its
// options as one argument, says when it listens, and ends when nobody listens to it any more.
import { listen, readConfiguration, say } from '../child.ts'
import { LinkProxy, type LinkProxyOptions } from './link-proxy.ts'

const proxy = new LinkProxy(readConfiguration<LinkProxyOptions>())
await proxy.listen()
say({ isListening: true })
const reports = setInterval(() => say({ ...proxy.counts }), 100)
listen(() => {
  clearInterval(reports)
  say({ ...proxy.counts, isDone: true })
  void proxy.close().then(() => process.exit(0))
})
