// Runs several commands of `grenier` in one process, one after the other: `node several.mjs '[["ls","a"],…]'`. Between two of them a line `--- N` on
// stdout gives the exit code of the one before.
import { main } from '../../packages/client/dist/bundle/main.js'

const commands = JSON.parse(process.argv[2] ?? '[]')
for (const argv of commands) {
  await main(argv)
  process.stdout.write(`--- ${process.exitCode}\n`)
}
