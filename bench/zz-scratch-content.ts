import { randomBytes } from 'node:crypto'
import { constants, zstdCompressSync } from 'node:zlib'
import { chunkIdOf } from '@grenier/crypto'
import { cutPoints, fileChunkSizes, gearTable } from '../packages/client/src/content/chunker.ts'
const key = new Uint8Array(32).fill(7)
const gear = gearTable(key)
const data = new Uint8Array(randomBytes(32 << 20))
const time = (name: string, mib: number, f: () => void, n = 6) => {
  f()
  let best = Infinity
  for (let i = 0; i < n; i++) { const c = process.cpuUsage(); f(); const d = process.cpuUsage(c); best = Math.min(best, (d.user + d.system) / 1e6) }
  console.log(name, (mib / best).toFixed(0), 'MiB/s cpu', (best*1000).toFixed(1), 'ms')
}
let lens: number[] = []
time('chunker', 32, () => { lens = cutPoints(data, { gear, sizes: fileChunkSizes, last: true }).lengths })
function scan1(bytes: Uint8Array, start: number, end: number, gear: Int32Array, mask: number): number {
  let rolling = 0
  for (let at = start; at < end; at += 1) {
    rolling = ((rolling << 1) + (gear[bytes[at]!]!)) | 0
    if ((rolling & mask) === 0) return at + 1
  }
  return rolling
}
function scan4(bytes: Uint8Array, start: number, end: number, gear: Int32Array, mask: number): number {
  let rolling = 0
  let at = start
  const stop = end - 3
  for (; at < stop; at += 4) {
    const a = ((rolling << 1) + gear[bytes[at]!]!) | 0
    const b = ((a << 1) + gear[bytes[at+1]!]!) | 0
    const c = ((b << 1) + gear[bytes[at+2]!]!) | 0
    rolling = ((c << 1) + gear[bytes[at+3]!]!) | 0
    if ((a & mask) === 0) return at + 1
    if ((b & mask) === 0) return at + 2
    if ((c & mask) === 0) return at + 3
    if ((rolling & mask) === 0) return at + 4
  }
  return rolling
}
const u32 = new Uint32Array(data.buffer)
function scanW(start: number, end: number, gear: Int32Array, mask: number): number {
  let rolling = 0
  for (let at = start >> 2, stop = end >> 2; at < stop; at += 1) {
    const w = u32[at]!
    const a = ((rolling << 1) + gear[w & 255]!) | 0
    const b = ((a << 1) + gear[(w >>> 8) & 255]!) | 0
    const c = ((b << 1) + gear[(w >>> 16) & 255]!) | 0
    rolling = ((c << 1) + gear[w >>> 24]!) | 0
    if ((a & mask) === 0 || (b & mask) === 0 || (c & mask) === 0 || (rolling & mask) === 0) return at * 4 + 1
  }
  return rolling
}
const mask = -1 // never
time('scan1', 32, () => scan1(data, 0, data.length, gear, mask))
time('scan4', 32, () => scan4(data, 0, data.length, gear, mask))
time('scanW', 32, () => scanW(0, data.length, gear, mask))
const z = (o: object) => () => { let s = 0; for (const l of lens) { zstdCompressSync(data.subarray(s, s + l), { params: { [constants.ZSTD_c_compressionLevel]: 3 }, ...o } as never); s += l } }
time('zstd', 32, z({}))
time('zstd chunk 256k', 32, z({ chunkSize: 256 << 10 }))
time('zstd chunk 1M', 32, z({ chunkSize: 1 << 20 }))
time('zstd chunk 1M+', 32, z({ chunkSize: (1 << 20) + 4096 }))
time('zstd l1 ', 32, z({ params: { [constants.ZSTD_c_compressionLevel]: 1 } }))
time('hash', 32, () => { let s = 0; for (const l of lens) { chunkIdOf(key, data.subarray(s, s + l)); s += l } })
time('copy', 32, () => { for (let i = 0; i < 8; i++) { const x = new Uint8Array(4<<20); x.set(data.subarray(i * (4<<20), (i+1)*(4<<20))) } })
time('slice', 32, () => { for (let i = 0; i < 8; i++) { data.slice(i * (4<<20), (i+1)*(4<<20)) } })
const x = new Uint8Array(4<<20)
time('copy reuse', 32, () => { for (let i = 0; i < 8; i++) { x.set(data.subarray(i * (4<<20), (i+1)*(4<<20))) } })
