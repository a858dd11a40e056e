// The process of one node: from settings to the exit code. `holdfast server` calls it.
import { HoldfastError } from '@holdfast/errors'
import { composeNode } from './compose.ts'
import type { Configuration } from './config-schema.ts'
import { tuneEngine } from './engine.ts'
import { BoundedSink, createLogger, type Logger } from './logger.ts'
import { startNode } from './node-host.ts'
import type { RunningNode } from './node-parts.ts'
import { drainOnSignals, exitOnUnexpected, exitWith, type ProcessPort } from './shutdown.ts'

const stderrDescriptor = 2
/** Milliseconds for the last lines of a node that could not start. */
const flushTimeoutMs = 300

/**
 * Runs a node until it ends, and then ends the process. Resolves once the node listens.
 * @throws HoldfastError when it cannot start
 */
export async function runServer(configuration: Configuration, target: ProcessPort): Promise<void> {
  tuneEngine()
  const sink = new BoundedSink(stderrDescriptor)
  const logger = createLogger(configuration.logLevel, { peer: configuration.peer }, sink)
  exitOnUnexpected(target, logger)
  const node = await start(configuration, logger)
  drainOnSignals(target, node, logger.log)
  void node.ended.then(({ code }) => exitWith(target, logger, code))
}

async function start(configuration: Configuration, logger: Logger): Promise<RunningNode> {
  const { log } = logger
  try {
    return await startNode(configuration, composeNode(configuration, log), log)
  } catch (error) {
    const { code, message } = HoldfastError.from(error)
    log('error', 'the node cannot start', { code, reason: message })
    await logger.flush(flushTimeoutMs)
    throw error
  }
}
