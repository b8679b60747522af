// Makes text from files, names and the network safe to print: a name must not move the cursor, colour the terminal or turn the line round.

/** C0, DEL and C1 controls; marks that change the direction of text; line and paragraph separators; halves of a pair. */
const unprintable =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu

/** The same text with what a terminal would act on written out: `\x1b`, `\u202e`; a byte that is no UTF-8 as `\xff`. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => {
    const code = character.charCodeAt(0)
    // In memory a byte that does not decode is a lone surrogate U+DC80..U+DCFF.
    if (code >= 0xdc80 && code <= 0xdcff) return hex('x', code - 0xdc00, 2)
    return code <= 0xff ? hex('x', code, 2) : hex('u', code, 4)
  })
}

function hex(kind: string, code: number, digits: number): string {
  return `\\${kind}${code.toString(16).padStart(digits, '0')}`
}
