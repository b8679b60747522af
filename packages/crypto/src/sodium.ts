// libsodium, loaded once: the one file that knows the library is WebAssembly and asynchronous to start.
import sodium from 'libsodium-wrappers'

await sodium.ready

export { sodium }
