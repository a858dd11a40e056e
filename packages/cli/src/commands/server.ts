// `holdfast server`: one node, as a process of its own.
import { loadConfiguration, type RawSettings, runServer } from '@holdfast/server'

/** @throws HoldfastError when the node cannot start */
export async function server(flags: RawSettings): Promise<void> {
  // biome-ignore lint/style/noProcessEnv: the one place where the environment is read.
  const environment = process.env
  const configuration = loadConfiguration({ flags, environment })
  await runServer(configuration, {
    on: (event, listener) => process.on(event, listener),
    exit: (code) => process.exit(code)
  })
}
