// A process whose target never comes back from one input: its watchdog has to end it.
import { Watchdog } from '../watchdog.ts'

const watchdog = new Watchdog(process.argv[2] ?? '', 64, 300)
watchdog.begins(Uint8Array.of(1, 2, 3))
// The thread of the watchdog needs the main thread once, to start.
setTimeout(() => {
  for (;;);
}, 50)
