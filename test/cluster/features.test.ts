// What clients do and see, by AMQP and by the SDK, file by file, against one cluster of three nodes.
import { filesOfCluster, runTogether } from '../tap/together.ts'
import { keepCluster, stopCluster } from './shared-cluster.ts'

keepCluster()
await runTogether(filesOfCluster)
await stopCluster()
