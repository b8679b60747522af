// Which of two forms a count takes.

export function englishForm(count: number, one: string, many: string): string {
  return count === 1 ? one : many
}

/** Nothing is singular in French. */
export function frenchForm(count: number, one: string, many: string): string {
  return count < 2 ? one : many
}
