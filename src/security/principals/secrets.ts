/** Passwords and tokens: what is stored cannot be turned back, and comparing takes the same time for every answer. */
import { scrypt, timingSafeEqual } from 'node:crypto';
import { badInputError, sha256, unavailableError, type Limits, type Random } from '../../base/index.ts';

/** Cost 2^15, 32 MiB, about 60 ms: OWASP's setting for scrypt with one lane and half its memory twice. */
const COST_LOG2 = 15;
const BLOCK = 8;
const LANES = 1;
const HASH_BYTES = 32;
const SALT_BYTES = 16;
const TOKEN_BYTES = 32;
const PASSWORD_CHARS_MIN = 12;
const PASSWORD_CHARS_MAX = 256;
const FORM = /^scrypt\$(\d{2})\$(\d{1,2})\$(\d)\$([\w-]{22})\$([\w-]{43})$/;

export function checkPassword(password: string): void {
  const { length } = password;
  if (length < PASSWORD_CHARS_MIN || length > PASSWORD_CHARS_MAX)
    throw badInputError(
      'user.password',
      `a password has ${PASSWORD_CHARS_MIN} to ${PASSWORD_CHARS_MAX} characters`,
      'Use a few words that do not belong together.',
    );
}

/** Works on passwords, a bounded number at one time: each takes 32 MiB and a thread. */
export class Passwords {
  readonly #random: Random;
  readonly #limits: Limits;
  #running = 0;

  constructor(random: Random, limits: Limits) {
    this.#random = random;
    this.#limits = limits;
  }

  async hash(password: string): Promise<string> {
    const salt = Buffer.from(this.#random.bytes(SALT_BYTES));
    const hash = await this.#derive(password, salt, COST_LOG2, BLOCK, LANES);
    return `scrypt$${COST_LOG2}$${BLOCK}$${LANES}$${salt.toString('base64url')}$${hash.toString('base64url')}`;
  }

  /** With no stored hash the same work is done: the time must not tell whether the name exists. */
  async matches(password: string, stored: string | undefined): Promise<boolean> {
    const match = stored === undefined ? null : FORM.exec(stored);
    const [, cost = COST_LOG2, block = BLOCK, lanes = LANES, salt = '', hash = ''] = match ?? [];
    const found = await this.#derive(
      password.slice(0, PASSWORD_CHARS_MAX),
      Buffer.from(salt, 'base64url'),
      Math.min(Number(cost), COST_LOG2 + 2),
      Number(block),
      Number(lanes),
    );
    const wanted = Buffer.from(hash, 'base64url');
    return wanted.length === found.length && timingSafeEqual(wanted, found);
  }

  async #derive(password: string, salt: Buffer, costLog2: number, r: number, p: number): Promise<Buffer> {
    if (this.#running >= this.#limits.password_checks)
      throw unavailableError('auth.busy', 'too many passwords are being checked', 'Try again in a second.');
    this.#running++;
    try {
      return await new Promise((resolve, reject) => {
        const options = { N: 2 ** costLog2, r, p, maxmem: 256 * 1024 * 1024 };
        scrypt(password.normalize('NFKC'), salt, HASH_BYTES, options, (error, key) => {
          if (error === null) resolve(key);
          else reject(error);
        });
      });
    } finally {
      this.#running--;
    }
  }
}

/** `fractal_ID_SECRET`: the id finds the row, the secret is compared by its hash. */
const TOKEN = /^fractal_([0-9a-f-]{36})_([\w-]{43})$/;

/** 256 random bits need no slow hash. */
export function makeToken(id: string, random: Random): { readonly token: string; readonly hash: string } {
  const secret = Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url');
  return { token: `fractal_${id}_${secret}`, hash: sha256(secret) };
}

export function readToken(token: string): { readonly id: string; readonly hash: string } | undefined {
  const [, id, secret] = TOKEN.exec(token) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, hash: sha256(secret) };
}

/** Compares two hashes in the same time whatever they are. */
export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
