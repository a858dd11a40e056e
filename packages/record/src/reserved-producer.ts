// Producers that are nodes themselves, and as which no client may publish.

/** How their ids begin: 'internal'. */
export const reservedProducer: Uint8Array = Uint8Array.from('internal', (of) => of.charCodeAt(0))

export function isReservedProducer(id: Uint8Array): boolean {
  return reservedProducer.every((byte, at) => byte === id[at])
}
