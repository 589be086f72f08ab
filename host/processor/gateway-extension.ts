/**
 * The private extension in which a set-up reply tells the backup's own VID (G9), for clients that know
 * it: 2 bytes, under the enterprise number that is kept for examples (RFC 5612). A client that gets no answer
 * sends users' packets with that VID in the TEID's upper half, and the lower half as it is (`gateway-backup.ts`).
 */
import type { PrivateExtension } from '../protocol/gtp-value.ts';

export const BACKUP_ENTERPRISE = 32473;

export function backupExtension(vid: number): PrivateExtension {
  const value = Buffer.alloc(2);
  value.writeUInt16BE(vid, 0);
  return { enterprise: BACKUP_ENTERPRISE, value };
}

/** Undefined where the extension is another's. */
export function readBackupExtension(extension: PrivateExtension | undefined): number | undefined {
  if (extension?.enterprise !== BACKUP_ENTERPRISE || extension.value.length !== 2) return undefined;
  return extension.value.readUInt16BE(0);
}
