// What clients of AMQP and of the SDK do and see, file by file, against one cluster.
import { filesOfCluster, runTogether } from '../batches/together.ts'
import { keepCluster, stopCluster } from './shared-cluster.ts'

keepCluster()
await runTogether(filesOfCluster)
await stopCluster()
