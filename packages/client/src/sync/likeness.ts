// Which names some file system may take for one: equal under case folding and Unicode normalization.

/**
 * A key that is equal for two names that a case-insensitive or normalizing file system may take for one. Coarser than any of
 * them (full case folding by way of upper case, canonical composition): who needs to know about one, looks closer.
 */
export function likenessOf(name: string): string {
  // Most names are ASCII, where all of this comes to lower case.
  if (/^[\0-\x7f]*$/.test(name)) return name.toLowerCase()
  return name.normalize('NFD').toUpperCase().toLowerCase().normalize('NFC')
}
