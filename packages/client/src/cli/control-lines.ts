// Lines of text from a socket, each bounded.
import type { Socket } from 'node:net'
import { ControlFault } from './control-fault.ts'
import { lineCharsMax } from './control-message.ts'

/**
 * The lines that come, until the other side ends; a last one without an end is none. Leaving early keeps the socket open.
 * @throws ControlFault for a line that is too long, and the socket's own errors
 */
export async function* readLines(socket: Socket): AsyncGenerator<string> {
  socket.setEncoding('utf8')
  let text = ''
  for await (const piece of socket.iterator({ destroyOnReturn: false })) {
    text += String(piece)
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    yield* lines
    if (text.length > lineCharsMax) throw new ControlFault('a line is too long')
  }
}
