/** The keys of a log: one that signs its checkpoints, one that makes hashes of texts which nobody can try out. */
import { createHmac } from 'node:crypto';
import path from 'node:path';
import type { FileSystem, Random } from '../base/index.ts';
import { originOf } from './outside/entry.ts';
import { COSIGNATURE, makeSecret, printKey, signerOf, type NoteSigner } from './note.ts';

/**
 * Where the secrets lie. This one keeps them in files that only the node's own user reads; a key store, a TPM or a
 * passphrase can stand behind the same port.
 */
export interface AuditKeys {
  readonly signer: NoteSigner;
  /** Cosigns logs of others with the same secret. */
  readonly cosigner: NoteSigner;
  /** HMAC-SHA-256 in hexadecimal. */
  readonly keyed: (text: string | Uint8Array) => string;
  /** The salt of one commitment, by its id, in hexadecimal. Shown in the bundle that opens it, and nowhere else. */
  readonly saltOf: (id: string) => string;
  /** The same as a key for SQL: never shown. */
  readonly hashKey: string;
  /** Whether the secret was made just now. */
  readonly isNew: boolean;
}

const SECRET = 'signing.key';
const HASH_KEY = 'hashing.key';
/** Keys to check with, one a line; for whoever asks. */
export const PUBLIC_KEYS = 'keys.txt';

export { originOf };

export async function openKeys(
  fs: FileSystem,
  folder: string,
  nodeId: string,
  random: Random,
): Promise<AuditKeys> {
  const text = async (name: string, make: () => string): Promise<{ value: string; isNew: boolean }> => {
    const file = path.join(folder, name);
    const isNew = (await fs.stat(file)) === undefined;
    if (isNew) await fs.writeDurable(file, `${make()}\n`);
    return {
      value: Buffer.from(await fs.readFile(file))
        .toString('utf8')
        .trim(),
      isNew,
    };
  };
  const secret = await text(SECRET, () => makeSecret(originOf(nodeId), random));
  const hashKey = await text(HASH_KEY, () => Buffer.from(random.bytes(32)).toString('hex'));
  // A key of its own: what others give is hashed with the other, and shown.
  const saltKey = createHmac('sha256', 'fractal.audit-salt/1').update(hashKey.value).digest();
  const signer = signerOf(secret.value);
  const cosigner = signerOf(secret.value, COSIGNATURE);
  await addKey(fs, path.join(folder, PUBLIC_KEYS), printKey(signer.key));
  return {
    signer,
    cosigner,
    hashKey: hashKey.value,
    isNew: secret.isNew,
    keyed: (value) => createHmac('sha256', hashKey.value).update(value).digest('hex'),
    saltOf: (id) => createHmac('sha256', saltKey).update(id).digest('hex'),
  };
}

/** Keys are added and never taken away: old checkpoints are checked with old keys. */
async function addKey(fs: FileSystem, file: string, key: string): Promise<void> {
  const known = await readKeys(fs, file);
  if (!known.includes(key)) await fs.writeDurable(file, `${[...known, key].join('\n')}\n`);
}

export async function readKeys(fs: FileSystem, file: string): Promise<string[]> {
  if ((await fs.stat(file)) === undefined) return [];
  return Buffer.from(await fs.readFile(file))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
}
