// The tests of packages/amqp, in one process.
import { filesTogether, runTogether } from '../together.ts'

await runTogether(filesTogether('amqp'))
