// The process of one node: from settings to the exit code. `holdfast server` calls it.
import { composeNode } from './compose.ts'
import type { Configuration } from './config-schema.ts'
import { BoundedSink, createLogger } from './logger.ts'
import { startNode } from './node.ts'
import { drainOnSignals, exitOnUnexpected, exitWith, type ProcessPort } from './shutdown.ts'

const stderrDescriptor = 2

/**
 * Runs a node until it ends, and then ends the process. Resolves once the node listens.
 * @throws HoldfastError when it cannot start
 */
export async function runServer(configuration: Configuration, target: ProcessPort): Promise<void> {
  const sink = new BoundedSink(stderrDescriptor)
  const logger = createLogger(configuration.logLevel, { peer: configuration.peer }, sink)
  exitOnUnexpected(target, logger)
  const node = await startNode(configuration, composeNode(configuration, logger.log), logger.log)
  drainOnSignals(target, node, logger.log)
  void node.ended.then(({ code }) => exitWith(target, logger, code))
}
