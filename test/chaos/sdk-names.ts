// Short names of the client libraries that have the shape of the SDK here (test/amqp).

const files: Readonly<Record<string, string>> = {
  amqplib: 'amqplib-sdk.js',
  'rabbitmq-client': 'rabbitmq-client-sdk.js',
  cloudamqp: 'cloudamqp-sdk.js'
}

/** The libraries that talk AMQP to one node at a time. */
export const amqpLibraries: readonly string[] = Object.keys(files)

/** What to load for a name; other names are those of modules. */
export function moduleOf(name: string): string {
  const file = files[name]
  return file === undefined ? name : new URL(`../amqp/${file}`, import.meta.url).href
}
