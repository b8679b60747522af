import { randomBytes } from 'node:crypto'
import { systemRandom } from '@grenier/crypto'
import { Ingest } from '../packages/client/src/content/ingest.ts'
import { PackWriter } from '../packages/client/src/content/pack-writer.ts'
import { threadedWorkerPool } from '../packages/client/src/content/worker-pool-threads.ts'
const key = new Uint8Array(32).fill(7)
const keys = { chunkIdKey: key, chunkerKey: key }
const mib = 1 << 20
const total = 256
const block = new Uint8Array(randomBytes(64 * mib))
const stamp = { dev: 1n, ino: 1n, ctimeNs: 1n, mtimeNs: 1n, sizeBytes: total * mib, mode: 0o644 }
const fileSystem = { openForReading: () => Promise.resolve({ stamp, stampNow: () => Promise.resolve(stamp), close: () => Promise.resolve(), read: (o: number, n: number) => { const b = block.slice(o % (60*mib), o % (60*mib) + Math.min(n, total*mib - o)); b[0] = o & 255; b[1] = o>>8; b[2]=o>>16; b[3] = o >> 24; return Promise.resolve(b) } }) } as never
for (let i = 0; i < 3; i++) {
  const pool = threadedWorkerPool(Number(process.argv[2] ?? 2))
  let peak = 0
  const writer = new PackWriter({ pool, random: systemRandom, sealing: () => ({ key, binding: key, epoch: 0 }), emit: () => { peak = Math.max(peak, process.memoryUsage().rss); return Promise.resolve() } })
  const reading = new Ingest({ fileSystem, pool, keys, writer, known: () => false })
  const w0 = performance.now(); const c0 = process.cpuUsage(); await Promise.all([0,1,2,3].map(() => pool.cut({ keys, pieces: [{ bytes: block.slice(0, 4*mib), last: true, list: false }] }))); const d0 = process.cpuUsage(c0); console.log('start', (performance.now() - w0).toFixed(0), (d0.user + d0.system) / 1000)
  const c = process.cpuUsage(); const r = process.resourceUsage(); const t = performance.now(); const el = performance.eventLoopUtilization()
  for await (const _ of reading.read([{ id: 'a', path: 'x', expected: undefined } as never])) ;
  await writer.finish()
  const d = process.cpuUsage(c); const q = process.resourceUsage(); const w = performance.now() - t
  console.log('wall', w.toFixed(0), (total / w * 1000).toFixed(0), 'MiB/s; cpu user', (d.user / 1000 / total).toFixed(2), 'sys', (d.system / 1000 / total).toFixed(2), 'ms/MiB; faults/MiB', ((q.minorPageFault - r.minorPageFault) / total).toFixed(0), 'peak', (peak / mib).toFixed(0), 'main busy', performance.eventLoopUtilization(el).active.toFixed(0))
  await pool.close()
}
