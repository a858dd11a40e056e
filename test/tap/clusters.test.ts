// What befalls clusters that each test starts for itself, in one process.
import { filesOfClusters, runTogether } from './together.ts'

await runTogether(filesOfClusters())
