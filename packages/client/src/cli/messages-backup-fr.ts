// French messages about backups. No-break spaces as in messages-fr.ts.
import type { BackupCatalogue } from './catalogue-backup.ts'

/** Spread into the catalogue. */
export const frenchBackup: BackupCatalogue = {
  errorSourceUnusable: ({ path }) => `ce qui est à sauvegarder n’est pas là, ou ne peut être lu : ${path}`,
  hintSourceUnusable: () => 'vérifiez qu’il existe, que son disque est monté, et à qui il appartient',
  errorSourceEmpty: ({ path }) => `ce que la sauvegarde a de ${path} n’y est plus`,
  hintSourceEmpty: () =>
    'son disque est-il monté, et le programme qui l’écrit a-t-il réussi ? S’il doit être vide : --allow-empty. Rien n’a changé dans la sauvegarde',
  errorBackupRunning: ({ name }) => `une sauvegarde vers ${name} est déjà en cours`,
  hintBackupRunning: () => 'laissez-la finir ; la suivante reprend ce qu’elle laisse',
  errorHookFailed: ({ text, detail }) => `la commande a échoué : ${text} (${detail})`,
  hintHookFailed: () =>
    'lancez-la à la main ; un échec de --before arrête la sauvegarde, un échec de --after ne la défait pas',
  backupNext: ({ seconds }) => `Prochaine fois dans ${seconds} s ; Ctrl-C arrête.`,
  backupBegun: ({ name, relay }) => `Une sauvegarde nommée ${name} commence chez ${relay}.`,
  backupVersion: ({ sequence, put, moved, removed }) =>
    `Version ${sequence} : ${put} nouveaux ou modifiés, ${moved} déplacés, ${removed} disparus.`,
  backupOthers: ({ count, files }) =>
    `${files} ${count > 1 ? 'choses sont laissées' : 'chose est laissée'} de côté : sockets, tubes, périphériques, dossiers nommés .grenier.`,
  problemSourceUnmounted: ({ path }) =>
    `${path} : un disque y était monté et ne l’est plus ; ce que la sauvegarde en a reste`,
  problemContentDiffers: ({ path }) => `${path} : la source a même taille et même date, mais d’autres octets`,
  backupChecked: ({ name, count, files, bytes, compared, problems }) =>
    `${name} : ${files} ${count > 1 ? 'fichiers restaurés' : 'fichier restauré'} (${bytes}), comparaisons à la source : ${compared}, problèmes : ${problems}.`,
  helpBackupSample: () => 'pour check : combien de fichiers sont restaurés et comparés (5%)',
  backupNone: () =>
    'Cet appareil ne sauvegarde rien. « grenier backup DOSSIER --vault NOM --once » commence.',
  backupForgotten: ({ name }) =>
    `${name} n’est plus sauvegardé par cet appareil. Ce qui a été sauvegardé reste chez le relais.`,
  backupListed: ({ name, path }) => `${name}  ${path === '' ? '(entrée standard)' : path}`,
  backupListedVersion: ({ when, sequence, count, files, bytes, problems }) =>
    `  ${when}  ${sequence}  ${files} ${count > 1 ? 'fichiers' : 'fichier'}, ${bytes}${problems > 0 ? `, problèmes : ${problems}` : ''}`,
  statusBackup: ({ listed }) => `sauvegarde : ${listed}`,
  statusBackupNone: () => '  pas encore de version',
  statusBackupRunning: () => '  une sauvegarde est en cours',
  statusBackupRun: ({ when, code }) =>
    `  dernière fois : ${when}, code de sortie ${code}${code === 0 ? ' (fait)' : ''}`,
  helpBackupName: () => 'pour list et check : une seule sauvegarde',
  helpBackup: () =>
    'sauvegarder un dossier, à sens unique : rien n’y est jamais écrit, et chaque fois est une version ; ou les lister',
  helpBackupVault: () => 'le coffre qui la garde ; la première fois le crée',
  helpBackupOnce: () => 'une seule fois, pour cron et les minuteurs',
  helpBackupEvery: () => 'sans --once : recommencer après cette durée (1h)',
  helpBackupExclude: () => 'laisser de côté ce que dit ce motif, en plus de .grenierignore (répétable)',
  helpBackupOneFileSystem: () => 'laisser de côté ce qui est monté dessous',
  helpBackupCaches: () => 'garder aussi le contenu des dossiers qui ont un CACHEDIR.TAG',
  helpBackupStdin: () => 'garder ce qui vient de l’entrée standard, comme un fichier de ce nom',
  helpBackupEmpty: () => 'une source vide n’est pas une erreur',
  helpBackupBefore: () => 'lancer d’abord cette commande ; si elle échoue, rien n’est sauvegardé',
  helpBackupAfter: () => 'lancer cette commande à la fin, avec GRENIER_EXIT_CODE dans son environnement',
  helpBackupKeep: () => 'garder toute version plus récente (30d)',
  helpBackupDaily: () => 'garder la dernière version de chacun d’autant de jours',
  helpBackupWeekly: () => 'garder la dernière version de chacune d’autant de semaines',
  helpBackupMonthly: () => 'garder la dernière version de chacun d’autant de mois',
  helpBackupYearly: () => 'garder la dernière version de chacune d’autant d’années',
}
