// The public names of @holdfast/transport.
export { formatAddress, type HostPort, isLoopbackHost, parseAddress } from './address.ts'
export { type DialOptions, dialProbe } from './dial.ts'
export { processEpochMax } from './handshake-codec.ts'
export { joinSmallPieces } from './join-small-pieces.ts'
export { defaultTiming, type TransportTiming, transportLimits } from './limits.ts'
export { isClientHello, secureServer, type TlsGateOptions } from './tls-gate.ts'
export type { ClientCertificates, TlsMaterial, TlsSource } from './tls-source.ts'
export { Transport, type TransportLog, type TransportOptions } from './transport.ts'
