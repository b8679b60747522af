// The command lines of what searches (`npm run simulate`, `fuzz`, `crash`, `sabotage`, `defences`): options are read from the very table that their help is made
// of, and what is wrong with one is said in a line.
import { parseArgs } from 'node:util'

/** An option: how it is read, and what its help says. Without `does` it is for processes among themselves. */
export interface Option {
  readonly type: 'string' | 'boolean'
  readonly default?: string | boolean
  /** Whether it may be given several times. */
  readonly multiple?: boolean
  /** How its value is written. */
  readonly takes?: string
  readonly does?: string
}

/** A command, as `npm run` knows it. */
export interface Command<T extends Readonly<Record<string, Option>>> {
  readonly name: string
  readonly does: string
  readonly options: T
}

/** What was given. Ends the process where that was `--help`, or nothing that it knows. */
export function optionsOf<const T extends Readonly<Record<string, Option>>>(
  command: Command<T>,
): ReturnType<typeof parseArgs<{ options: T }>>['values'] {
  const given = process.argv.slice(2)
  if (given.includes('--help') || given.includes('-h')) {
    console.log(helpOf(command))
    process.exit(0)
  }
  try {
    return parseArgs<{ options: T }>({ options: command.options }).values
  } catch (error) {
    return refuse(command.name, error instanceof Error ? error.message : String(error))
  }
}

/** What `--help` says. */
export function helpOf({ name, does, options }: Command<Readonly<Record<string, Option>>>): string {
  const lines = Object.entries(options).flatMap(([option, { takes, does: said, default: usual }]) => {
    if (said === undefined) return []
    const isSaid = typeof usual === 'string' && usual !== ''
    const left = `--${option}${takes === undefined ? '' : ` ${takes}`}`
    return [`  ${left.padEnd(20)}${said}${isSaid ? `; ${usual} where it is not given` : ''}`]
  })
  return [`npm run ${name} -- [OPTIONS]`, `  ${does}`, '', ...lines, '  --help, -h          this'].join('\n')
}

/** Says what is wrong with a command line, and ends the process. */
export function refuse(name: string, what: string): never {
  console.error(`error: ${what}\nhint: npm run ${name} -- --help`)
  process.exit(2)
}

/** `30s`, `10m` or `8h` in ms; undefined for anything else. */
export function durationMs(text: string): number | undefined {
  const [, count, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? []
  if (count === undefined) return undefined
  return Number(count) * (unit === 'h' ? 3_600_000 : unit === 'm' ? 60_000 : 1000)
}
