import { mkdirSync, rmSync } from 'node:fs'
import * as c from '@grenier/client'
import { certifyDevice, identityFromEntropy, makeDevice, publicDevice, publicIdentity, systemRandom } from '@grenier/crypto'
import { parseRelayUrl } from '@grenier/protocol'
const [relay, source, target, base] = process.argv.slice(2)
const identity = identityFromEntropy(systemRandom.bytes(32))
const pool = c.threadedWorkerPool()
const platform: c.Platform = { clock: c.systemClock, random: systemRandom, pool, dial: (u) => c.dialWebSocket(parseRelayUrl(u)), fileSystem: async (f) => c.openRealFileSystem(f), state: async (d) => { mkdirSync(d, { recursive: true }); return c.LevelStateStore.open(d) }, watch: () => ({ ready: Promise.resolve(), close: async () => {} }) }
const home = (n: string) => { rmSync(`${base}/${n}`, { recursive: true, force: true }); const device = makeDevice(systemRandom); return c.makeHome(`${base}/${n}`, { deviceName: n, device, identity: { keys: publicIdentity(identity), certificate: certifyDevice(identity, publicDevice(device)) }, relays: [relay!] }) }
const ctx = (h: c.Home): c.EngineContext => ({ home: h, platform, signal: new AbortController().signal, report: (e) => { if (e.event === 'problem' || e.event === 'conflict' || e.event === 'void') console.log(JSON.stringify(e)) } })
const a = home('a'), b = home('b')
rmSync(target!, { recursive: true, force: true }); mkdirSync(target!, { recursive: true })
await c.openAccount(ctx(a), { relay: relay!, invite: undefined, identity })
let t = performance.now(); const lap = (s: string) => { console.log(s, Math.round(performance.now() - t), 'ms', Math.round(process.memoryUsage().rss / 1e6), 'MB'); t = performance.now() }
const ea = await c.addFolder(ctx(a), { path: source!, name: 'x', relay: relay! }); lap('added')
console.log(await ea.run({ once: true })); lap('sent')
console.log(await ea.run({ once: true })); lap('again')
const { code } = await ea.invite({ role: 'writer', expiresMs: 1e6 })
const eb = await c.joinFolder(ctx(b), { path: target!, code }); lap('joined')
console.log(await eb.run({ once: true })); lap('fetched')
await ea.close(); await eb.close(); await pool.close()
