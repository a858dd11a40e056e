// The public names of @holdfast/bench: the acceptance scripts run workloads as the command does.
export { type BenchRequest, runBench } from './bench.ts'
export { type Job, type JobResult, Samples } from './job.ts'
export { type Figures, figuresOf, otherCoresMax, renderFigures } from './measure.ts'
