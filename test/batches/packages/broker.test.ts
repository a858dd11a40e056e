// The tests of packages/broker, in one process.
import { filesTogether, runTogether } from '../together.ts'

await runTogether(filesTogether('broker'))
