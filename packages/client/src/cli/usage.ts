// `grenier usage`: what the account of this device takes at each relay, against its quota.
import { deviceLogin, logInAt } from '../engine/relay-login.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import { heaviestExitCode } from './exit-code.ts'
import type { Invocation } from './invocation.ts'
import { formatBytes } from './quantities.ts'

/** Asks each relay. One that is out of reach does not keep the others from being told. @throws ClientError `home-missing` */
export async function usage(invocation: Invocation): Promise<ExitCode> {
  const { output, platform, homeDirectory } = invocation
  const home = openHome(homeDirectory)
  if (home.relays.length === 0)
    throw new ClientError('home-missing', 'no account here', {
      data: { path: home.directory, what: 'account' },
    })
  const codes: ExitCode[] = [0]
  for (const relay of home.relays) {
    try {
      const session = await logInAt(platform(), relay, deviceLogin(home))
      const facts = await session.account().finally(() => session.close())
      output.line({ event: 'usage', relay, ...facts })
      const said = (bytes: number): string => formatBytes(bytes, output.language)
      const { plan, usedBytes, quotaBytes } = facts
      output.result(output.words.usageAt({ relay, plan, used: said(usedBytes), quota: said(quotaBytes) }))
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      output.note(output.words.usageOf({ relay }))
      codes.push(output.failure(error))
    }
  }
  return heaviestExitCode(codes)
}
