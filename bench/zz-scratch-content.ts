import { randomBytes } from 'node:crypto'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { chunkIdOf, packIdOf, sealContainer, plainCapacity } from '@grenier/crypto'
import { cutPoints, fileChunkSizes, gearTable } from '../packages/client/src/content/chunker.ts'
const key = new Uint8Array(32).fill(7)
const gear = gearTable(key)
const data = new Uint8Array(randomBytes(32 << 20))
const time = (name: string, mib: number, f: () => void, n = 3) => {
  f()
  let best = Infinity
  for (let i = 0; i < n; i++) { const c = process.cpuUsage(); f(); const d = process.cpuUsage(c); best = Math.min(best, (d.user + d.system) / 1e6) }
  console.log(name, (mib / best).toFixed(0), 'MiB/s cpu', (best*1000).toFixed(1), 'ms')
}
let lens: number[] = []
time('chunker', 32, () => { lens = cutPoints(data, { gear, sizes: fileChunkSizes, last: true }).lengths })
console.log(lens.length, 32*1024/lens.length)
time('hash', 32, () => { let s = 0; for (const l of lens) { chunkIdOf(key, data.subarray(s, s + l)); s += l } })
time('zstd', 32, () => { let s = 0; for (const l of lens) { zstdCompressSync(data.subarray(s, s + l), { params: { [constants.ZSTD_c_compressionLevel]: 3 } }); s += l } })
time('zstd pledged', 32, () => { let s = 0; for (const l of lens) { zstdCompressSync(data.subarray(s, s + l), { pledgedSrcSize: l, params: { [constants.ZSTD_c_compressionLevel]: 3 } } as never); s += l } })
const plain = data.subarray(0, plainCapacity(4 << 20))
time('seal', 4, () => { sealContainer({ type: 'pack', key, binding: key, epoch: 0, salt: key, plain: [plain], storedBytes: 4 << 20 }) }, 5)
time('sha', 4, () => { packIdOf(plain) }, 5)
const text = new TextEncoder().encode('The quick brown fox '.repeat(300)).slice(0, 4096)
for (let i = 0; i < 4096; i += 7) text[i] = data[i]!
for (const size of [100, 1000, 4096]) {
  const t = text.slice(0, size)
  time(`small zstd ${size}`, 1, () => { for (let i = 0; i < 1000; i++) zstdCompressSync(t, { params: { [constants.ZSTD_c_compressionLevel]: 3 } }) })
  time(`small zstd pledged ${size}`, 1, () => { for (let i = 0; i < 1000; i++) zstdCompressSync(t, { pledgedSrcSize: size, params: { [constants.ZSTD_c_compressionLevel]: 3 } } as never) })
  time(`small zstd pledged chunksize ${size}`, 1, () => { for (let i = 0; i < 1000; i++) zstdCompressSync(t, { pledgedSrcSize: size, chunkSize: size + 64, params: { [constants.ZSTD_c_compressionLevel]: 3 } } as never) })
  time(`small hash ${size}`, 1, () => { for (let i = 0; i < 1000; i++) chunkIdOf(key, t) })
  const z = zstdCompressSync(t)
  time(`small unzstd ${size}`, 1, () => { for (let i = 0; i < 1000; i++) zstdDecompressSync(z, { maxOutputLength: size }) })
}
const big = new TextEncoder().encode('The quick brown fox '.repeat(20000)).slice(0, 256<<10)
for (let i = 0; i < big.length; i += 9) big[i] = data[i]! & 127
for (const f of [zstdCompressSync(big), zstdCompressSync(big, { pledgedSrcSize: big.length } as never), zstdCompressSync(text, { pledgedSrcSize: text.length } as never), zstdCompressSync(text)]) console.log(f.subarray(0, 16), f.length, f.buffer.byteLength)
time('big zstd', 0.25, () => { zstdCompressSync(big) })
time('big zstd pledged', 0.25, () => { zstdCompressSync(big, { pledgedSrcSize: big.length } as never) })
time('big zstd pledged chunk', 0.25, () => { zstdCompressSync(big, { pledgedSrcSize: big.length, chunkSize: 256<<10 } as never) })
