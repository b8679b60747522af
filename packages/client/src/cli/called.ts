// Whether what somebody typed is what something is called.

/** What looks the same is the same: two keyboards write an accent in two ways. */
export function isSameName(name: string | undefined, text: string): boolean {
  return name?.normalize('NFC') === text.normalize('NFC')
}

/** Whether a vault is meant: by its name, or by its id. */
export function isCalled(
  { name, vault }: { readonly name: string; readonly vault: string },
  text: string,
): boolean {
  return vault === text || isSameName(name, text)
}
