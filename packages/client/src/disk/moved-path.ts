// Paths that something is known by while what they lead through gets another name.

/** Where a path leads once `from` is called `to`; undefined where it does not lead through there. */
export function movedPath<P extends string>(
  path: P,
  { from, to }: { readonly from: P; readonly to: P },
): P | undefined {
  if (path !== from && !path.startsWith(`${from}/`)) return undefined
  return (to + path.slice(from.length)) as P
}

/** The same of all paths of a set. */
export function movePaths<P extends string>(
  paths: Set<P>,
  { from, to }: { readonly from: P; readonly to: P },
): void {
  for (const path of [...paths]) {
    const moved = movedPath(path, { from, to })
    if (moved === undefined) continue
    paths.delete(path)
    paths.add(moved)
  }
}
