// The process that orphans.test.ts kills: starts a cluster of one node and a blank server beside
// it, restarts the node by its command, says the pids of all as one line of JSON, and waits.
import { type ClusterNode, ClusterProcess } from '@holdfast/testkit'

process.once('disconnect', () => process.exit(1))
const cluster = await ClusterProcess.start({ data: process.argv[2] ?? '', nodes: 1 })
const [node] = cluster.nodes as readonly [ClusterNode]
await cluster.kill(node.id)
cluster.restart(node.id)
const blank = cluster.startBlank(100, 1)
await cluster.waitReady(60_000, [node.id])
const pids = [cluster.developmentPid, cluster.node(node.id).pid, blank.pid]
process.stdout.write(`${JSON.stringify({ pids })}\n`)
