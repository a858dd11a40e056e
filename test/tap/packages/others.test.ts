// The tests of all packages that have no file here, in one process.
import { filesOfOthers, runTogether } from '../together.ts'

await runTogether(filesOfOthers())
