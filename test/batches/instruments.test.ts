// What campaigns and other tests are made of, and what they measure with, in one process.
import { filesOfInstruments, runTogether } from './together.ts'

await runTogether(filesOfInstruments)
