// The tests of all packages that have no file here, in one process.
import { filesOfOtherPackages, runTogether } from '../batches/together.ts'

await runTogether(filesOfOtherPackages())
