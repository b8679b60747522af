// `grenier-relay serve`: starts, says where, runs until told to stop.
import { systemClock } from '../core/clock.ts'
import { lineLog } from '../core/event-log.ts'
import { startRelay } from '../server/start-relay.ts'
import type { MessageKey } from './messages.ts'
import type { Output } from './output.ts'
import { serveConfig, type ServeConfig, type ServeFlags } from './serve-config.ts'

const registrationKeys = {
  open: 'registrationOpen',
  invite: 'registrationInvite',
  closed: 'registrationClosed',
} as const satisfies Record<ServeConfig['registration'], MessageKey>

/** Runs a relay until SIGTERM or SIGINT. @throws RelayError when it does not start */
export async function serve(output: Output, flags: ServeFlags): Promise<void> {
  const config = serveConfig(flags, process.env)
  const log = lineLog(
    (line) => process.stderr.write(line),
    () => systemClock.now(),
  )
  const relay = await startRelay({ ...config, log })
  // Only now: until it is ready there is nothing to finish, and a signal ends the process at once.
  const stopAsked = signalled()
  const byDefault = config.registrationByDefault ? output.say('byDefault') : ''
  output.note(registrationKeys[config.registration], {
    default: byDefault,
    folder: config.dataFolder,
  })
  if (config.tls === 'self') output.note('pin')
  if (!relay.administered) output.note('adminOff')
  output.data({ event: 'ready', url: relay.url }, output.say('ready', { url: relay.url }))
  await stopAsked
  output.note('stopping')
  await relay.stop()
}

// The second signal ends the process at once: whoever sends it has waited long enough.
async function signalled(): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = (): void => {
      process.once('SIGINT', () => process.exit(130))
      process.once('SIGTERM', () => process.exit(143))
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
      resolve()
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
}
