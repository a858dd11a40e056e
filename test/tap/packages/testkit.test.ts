// The tests of packages/testkit, in one process.
import { filesTogether, runTogether } from '../together.ts'

await runTogether(filesTogether('testkit'))
