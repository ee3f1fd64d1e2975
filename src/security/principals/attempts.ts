/**
 * Wrong passwords, counted by the name that was said, whether or not there is such a user, and by where it came from.
 * Above a bound no password is looked at for a while, be it right or wrong.
 */
import { isIPv6 } from 'node:net';
import { deniedError, sha256, type Clock, type Limits } from '../../base/index.ts';

export interface Lockout {
  readonly of: 'user' | 'address';
  /** The name that was said, or the address. */
  readonly who: string;
}

interface Failures {
  count: number;
  /** When they are forgotten, by the steady clock. */
  until: number;
}

const MINUTE_MS = 60_000;

export class PasswordAttempts {
  readonly #clock: Clock;
  readonly #limits: Limits;
  /** By hash, so that long names take no room; the one that failed longest ago first. */
  readonly #failures = new Map<string, Failures>();

  constructor(clock: Clock, limits: Limits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Throws `auth.locked` when there were too many; in the same words for every reason. */
  check(name: string, address: string | undefined): void {
    const now = this.#clock.monotonic();
    const left = this.#counted(name, address).map(({ lockout, most }) => {
      const found = this.#failures.get(keyOf(lockout));
      return found !== undefined && found.count >= most ? found.until - now : 0;
    });
    const longest = Math.max(...left);
    if (longest > 0)
      throw deniedError(
        'auth.locked',
        'too many wrong passwords were shown',
        `Try again in ${Math.ceil(longest / MINUTE_MS)} min, or come in with a token.`,
      );
  }

  /** Whom this failure locks out; mostly nobody. */
  failed(name: string, address: string | undefined): Lockout[] {
    const now = this.#clock.monotonic();
    const { login_window_ms: window, login_tracked: tracked } = this.#limits;
    return this.#counted(name, address).flatMap(({ lockout, most }) => {
      const key = keyOf(lockout);
      const found = this.#failures.get(key);
      const failures = found !== undefined && found.until > now ? found : { count: 0, until: now + window };
      failures.count++;
      if (failures.count >= most) failures.until = now + window;
      this.#failures.delete(key);
      this.#failures.set(key, failures);
      const [oldest] = this.#failures.keys();
      if (this.#failures.size > tracked && oldest !== undefined) this.#failures.delete(oldest);
      return failures.count === most ? [lockout] : [];
    });
  }

  /** What failed before under this name was theirs. The address is not forgiven: others may guess from there. */
  succeeded(name: string): void {
    this.#failures.delete(keyOf({ of: 'user', who: name }));
  }

  #counted(
    name: string,
    address: string | undefined,
  ): { readonly lockout: Lockout; readonly most: number }[] {
    const { login_failures: perUser, login_failures_address: perAddress } = this.#limits;
    return [
      { lockout: { of: 'user', who: name }, most: perUser },
      ...(address === undefined
        ? []
        : [{ lockout: { of: 'address', who: networkOf(address) } as const, most: perAddress }]),
    ];
  }
}

const keyOf = ({ of, who }: Lockout): string => sha256(`${of}\0${who}`);

/** What one caller has: an address of version 4, the first half of one of version 6. */
export function networkOf(address: string): string {
  const [bare = ''] = address.split('%');
  const [, mapped] = /^::ffff:([\d.]+)$/i.exec(bare) ?? [];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(bare)) return bare;
  const [head = '', tail] = bare.toLowerCase().split('::');
  const groups = (text = ''): string[] => text.split(':').filter((group) => group !== '');
  const [first, last] = [groups(head), groups(tail)];
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  return [...first, ...Array<string>(Math.max(0, zeros)).fill('0'), ...last]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
