// The README in both languages: the same commands and options, all of them ours; the same commands to type; links that lead somewhere.
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isCommandName } from '../packages/client/src/cli/key-need.ts'

const english = readFileSync('README.md', 'utf8')
const french = readFileSync('README.fr.md', 'utf8')

/** What the tables name in code, words of a person left out: commands, their subcommands, and options. */
function named(text: string): string[] {
  const rows = text.split('\n').filter((line) => line.startsWith('| `'))
  const codes = rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? ''))
  const words = codes.flatMap((code) => code.split(' ').filter((word) => /^[a-z]+$|^--[a-z-]+$/.test(word)))
  return [...new Set(words)].sort()
}

function commandsOf(text: string): string[] {
  const rows = text.split('\n').filter((line) => line.startsWith('| `'))
  const first = rows.flatMap((row) => row.split(' | ')[0] ?? '')
  return first.flatMap((cell) => [...cell.matchAll(/`([a-z]+)/g)].map(([, command]) => command ?? ''))
}

/** What follows a code block's prompt-less lines, without comments. */
function typed(text: string): string[] {
  const blocks = [...text.matchAll(/```\n([^]*?)```/g)].map(([, block]) => block ?? '')
  return blocks.flatMap((block) =>
    block
      .split('\n')
      .map((line) =>
        line
          .replace(/\s*#.*/, '')
          .split(' ')
          .slice(0, 2)
          .join(' '),
      )
      .filter((line) => line !== ''),
  )
}

test('names the same commands and options in both languages', () => {
  expect(commandsOf(french)).toEqual(commandsOf(english))
  expect(named(french)).toEqual(named(english))
  expect(typed(french)).toEqual(typed(english))
})

test.each([
  ['English', english],
  ['French', french],
])('names only commands that there are, in %s', (_, text) => {
  const unknown = commandsOf(text).filter((command) => !isCommandName(command))
  expect(commandsOf(text).length).toBeGreaterThan(30)
  expect(unknown).toEqual([])
})

test.each([
  ['English', english],
  ['French', french],
])('leads to files that there are, in %s', (_, text) => {
  const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, link]) => link ?? '')
  expect(links.length).toBeGreaterThan(8)
  expect(links.filter((link) => !existsSync(link))).toEqual([])
})
