// The part of the old "reflect metadata" proposal that @peculiar/x509's injector asks for when it is loaded, which no engine has.
// Import this before it. Only what is missing is added.

const metadata = new WeakMap<object, Map<unknown, unknown>>()

function getOwnMetadata(key: unknown, target: object): unknown {
  return metadata.get(target)?.get(key)
}

function getMetadata(key: unknown, target: object): unknown {
  for (let at: object | null = target; at !== null; at = prototypeOf(at)) {
    const found = getOwnMetadata(key, at)
    if (found !== undefined) return found
  }
  return undefined
}

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const own = metadata.get(target) ?? new Map<unknown, unknown>()
  own.set(key, value)
  metadata.set(target, own)
}

function prototypeOf(value: object): object | null {
  const found: unknown = Object.getPrototypeOf(value)
  return typeof found === 'object' || typeof found === 'function' ? found : null
}

for (const [name, value] of Object.entries({ getOwnMetadata, getMetadata, defineMetadata }))
  if (!(name in Reflect)) Object.defineProperty(Reflect, name, { value, configurable: true, writable: true })
