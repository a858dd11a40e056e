// The public names of @holdfast/transport.
export { formatAddress, type HostPort, isLoopbackHost, parseAddress } from './address.ts'
export { type DialOptions, dialProbe } from './dial.ts'
export { processEpochMax } from './handshake-codec.ts'
export { joinSmallPieces } from './join-small-pieces.ts'
export { defaultTiming, type TransportTiming, transportLimits } from './limits.ts'
export { Transport, type TransportLog, type TransportOptions } from './transport.ts'
