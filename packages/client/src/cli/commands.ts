// The commands. Each loads what it needs when it is run: all of them together are several hundred modules, and most of the time that a short one
// would take.

export const add = lazily(
  () => import('./add.ts'),
  (module) => module.add,
)
export const adopt = lazily(
  () => import('./adopt.ts'),
  (module) => module.adopt,
)
export const approve = lazily(
  () => import('./approve.ts'),
  (module) => module.approve,
)
export const backup = lazily(
  () => import('./backup.ts'),
  (module) => module.backup,
)
export const backupCheck = lazily(
  () => import('./backup-check.ts'),
  (module) => module.backupCheck,
)
export const backupList = lazily(
  () => import('./backup-list.ts'),
  (module) => module.backupList,
)
export const cat = lazily(
  () => import('./cat.ts'),
  (module) => module.cat,
)
export const conflicts = lazily(
  () => import('./conflicts.ts'),
  (module) => module.conflicts,
)
export const decrypt = lazily(
  () => import('./decrypt.ts'),
  (module) => module.decrypt,
)
export const deleteVault = lazily(
  () => import('./vaults.ts'),
  (module) => module.deleteVault,
)
export const devices = lazily(
  () => import('./devices.ts'),
  (module) => module.devices,
)
export const exportFolder = lazily(
  () => import('./export.ts'),
  (module) => module.exportFolder,
)
export const exportSealedFolder = lazily(
  () => import('./export-sealed.ts'),
  (module) => module.exportSealedFolder,
)
export const forget = lazily(
  () => import('./forget.ts'),
  (module) => module.forget,
)
export const heal = lazily(
  () => import('./heal.ts'),
  (module) => module.heal,
)
export const importFile = lazily(
  () => import('./import.ts'),
  (module) => module.importFile,
)
export const invite = lazily(
  () => import('./invite.ts'),
  (module) => module.invite,
)
export const join = lazily(
  () => import('./join.ts'),
  (module) => module.join,
)
export const keyringOff = lazily(
  () => import('./keyring-set.ts'),
  (module) => module.keyringOff,
)
export const keyringOn = lazily(
  () => import('./keyring-set.ts'),
  (module) => module.keyringOn,
)
export const limit = lazily(
  () => import('./limit.ts'),
  (module) => module.limit,
)
export const lock = lazily(
  () => import('./unlock.ts'),
  (module) => module.lock,
)
export const log = lazily(
  () => import('./log.ts'),
  (module) => module.log,
)
export const ls = lazily(
  () => import('./ls.ts'),
  (module) => module.ls,
)
export const move = lazily(
  () => import('./move.ts'),
  (module) => module.move,
)
export const prune = lazily(
  () => import('./prune.ts'),
  (module) => module.prune,
)
export const recover = lazily(
  () => import('./recover.ts'),
  (module) => module.recover,
)
export const recoveryRenew = lazily(
  () => import('./recovery-renew.ts'),
  (module) => module.recoveryRenew,
)
export const removePassphrase = lazily(
  () => import('./passphrase-set.ts'),
  (module) => module.removePassphrase,
)
export const restore = lazily(
  () => import('./restore.ts'),
  (module) => module.restore,
)
export const retention = lazily(
  () => import('./retention.ts'),
  (module) => module.retention,
)
export const revoke = lazily(
  () => import('./revoke.ts'),
  (module) => module.revoke,
)
export const role = lazily(
  () => import('./revoke.ts'),
  (module) => module.role,
)
export const setPassphrase = lazily(
  () => import('./passphrase-set.ts'),
  (module) => module.setPassphrase,
)
export const setup = lazily(
  () => import('./setup.ts'),
  (module) => module.setup,
)
export const status = lazily(
  () => import('./status.ts'),
  (module) => module.status,
)
export const sync = lazily(
  () => import('./sync.ts'),
  (module) => module.sync,
)
export const unlock = lazily(
  () => import('./unlock.ts'),
  (module) => module.unlock,
)
export const usage = lazily(
  () => import('./usage.ts'),
  (module) => module.usage,
)
export const vaults = lazily(
  () => import('./vaults.ts'),
  (module) => module.vaults,
)
export const verify = lazily(
  () => import('./verify.ts'),
  (module) => module.verify,
)

export const mirrorAdd = lazily(
  () => import('./mirror.ts'),
  (module) => module.mirrorAdd,
)
export const mirrorList = lazily(
  () => import('./mirror.ts'),
  (module) => module.mirrorList,
)
export const mirrorPromote = lazily(
  () => import('./mirror-promote.ts'),
  (module) => module.mirrorPromote,
)
export const mirrorRemove = lazily(
  () => import('./mirror.ts'),
  (module) => module.mirrorRemove,
)

/** A function of a module that is loaded when it is called. */
function lazily<Module, Given extends unknown[], Result>(
  load: () => Promise<Module>,
  pick: (module: Module) => (...given: Given) => Result | Promise<Result>,
): (...given: Given) => Promise<Result> {
  return async (...given) => await pick(await load())(...given)
}
