// The configuration of one of the three Syncthing devices: no discovery, no relays, no watcher; one folder.

export type DeviceName = 'here' | 'server' | 'there'

/** One device. */
export interface Device {
  readonly name: DeviceName
  readonly id: string
  /** Where it keeps its own. */
  readonly home: string
  readonly folder: string
  readonly port: number
  readonly apiPort: number
  /** The port under which the others reach it. */
  readonly dialled: number
}

const password = 'a password of the bench'
const off = [
  'globalAnnounceEnabled',
  'localAnnounceEnabled',
  'relaysEnabled',
  'natEnabled',
  'crashReportingEnabled',
  'startBrowser',
  'setLowPriority',
]

/** The XML that Syncthing reads. The version is that of its 1.19; later ones bring it up to date themselves. */
export function configOf(name: DeviceName, devices: Readonly<Record<DeviceName, Device>>): string {
  const own = devices[name]
  const isServer = name === 'server'
  const peers = isServer ? [devices.here, devices.there] : [devices.server]
  const known = [own, ...peers].map((device) => {
    const address = device.name === 'server' && !isServer ? `tcp://127.0.0.1:${device.dialled}` : 'dynamic'
    return `<device id="${device.id}" name="${device.name}" compression="metadata"><address>${address}</address></device>`
  })
  const sharing = [own, ...peers].map((device) => {
    const secret = device.name === 'server' && !isServer ? password : ''
    return `<device id="${device.id}"><encryptionPassword>${secret}</encryptionPassword></device>`
  })
  const type = isServer ? 'receiveencrypted' : 'sendreceive'
  return `<configuration version="36">
<folder id="bench" label="bench" path="${own.folder}" type="${type}" rescanIntervalS="0" fsWatcherEnabled="false">
${sharing.join('\n')}
<disableFsync>false</disableFsync>
</folder>
${known.join('\n')}
<gui enabled="true" tls="false"><address>127.0.0.1:${own.apiPort}</address><apikey>bench</apikey></gui>
<options>
<listenAddress>tcp://127.0.0.1:${own.port}</listenAddress>
${off.map((option) => `<${option}>false</${option}>`).join('\n')}
<urAccepted>-1</urAccepted><autoUpgradeIntervalH>0</autoUpgradeIntervalH><reconnectionIntervalS>5</reconnectionIntervalS>
</options>
</configuration>
`
}
