// The tests of packages/broker, in one process.
import { filesTogether, runTogether } from '../batches/together.ts'

await runTogether(filesTogether('broker'))
