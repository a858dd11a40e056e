// The names of faults in a history that hurt nobody: they end others, or tell that all is well.

const endings: ReadonlySet<string> = new Set([
  ...['restart', 'resume', 'reconnected', 'disk-free', 'descriptors-free', 'resume-consumer'],
  ...['clock-back', 'disk-well', 'healed']
])

export function isEnding(fault: string): boolean {
  return endings.has(fault)
}
