// `holdfast dev`: a cluster on this machine until Ctrl-C.
import { DevelopmentCluster, jsonReport, peopleReport } from '@holdfast/server/terminal'
import type { Terminal } from '../terminal.ts'

export interface DevCommandOptions {
  readonly nodes: number
  readonly data: string
  readonly portOffset: number
  readonly restart?: boolean
  readonly json?: boolean
}

/** `launcher`: program and first arguments that run `holdfast`. */
export async function dev(
  options: DevCommandOptions,
  launcher: readonly string[],
  terminal: Terminal
): Promise<void> {
  const isJson = options.json === true
  const print = (line: string): void => terminal.print(line)
  const cluster = new DevelopmentCluster({
    nodes: options.nodes,
    data: options.data,
    portOffset: options.portOffset,
    restart: options.restart === true,
    launcher,
    report: isJson ? jsonReport(print) : peopleReport(print, () => terminal.timeOfDay()),
    isWatching: !isJson
  })
  let stops = 0
  const stopListening = terminal.onStop(() => {
    if (++stops === 1) void cluster.stop()
    else cluster.kill()
  })
  try {
    await cluster.run()
  } finally {
    stopListening()
  }
}
