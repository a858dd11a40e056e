// The tests of all packages that have no file in packages/, in one process.
import { filesOfOtherPackages, runTogether } from './together.ts'

await runTogether(filesOfOtherPackages())
