// What befalls clusters that each test starts for itself, in one process.
import { filesOfOwnClusters, runTogether } from './together.ts'

await runTogether(filesOfOwnClusters())
