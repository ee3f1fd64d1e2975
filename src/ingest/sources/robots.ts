/** robots.txt (RFC 9309): the group for our name, or the one for all; the longest rule that fits decides. */

export interface Robots {
  allows(url: URL): boolean;
  /** `Crawl-delay` in milliseconds, which legislation.gov.uk asks to be followed; 0 when there is none. */
  readonly delayMs: number;
}

interface Rule {
  readonly allow: boolean;
  readonly path: string;
}

export const ALLOW_ALL: Robots = { allows: () => true, delayMs: 0 };
export const ALLOW_NONE: Robots = { allows: () => false, delayMs: 0 };

/** `agent` is our product name, lower case. */
export function parseRobots(text: string, agent: string): Robots {
  const own = new Group();
  const all = new Group();
  let open: Group[] = [];
  let inRules = false;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const [, field = '', value = ''] = /^\s*([a-z-]+)\s*:\s*([^#]*)/i.exec(line) ?? [];
    const name = field.toLowerCase();
    const said = value.trim();
    if (name === 'user-agent') {
      if (inRules) open = [];
      inRules = false;
      if (said === '*') open.push(all);
      else if (said.toLowerCase() === agent) open.push(own);
    } else if (name === 'allow' || name === 'disallow') {
      inRules = true;
      for (const group of open) group.add(name === 'allow', said);
    } else if (name === 'crawl-delay') {
      inRules = true;
      for (const group of open) group.delay(Number(said));
    }
  }
  return own.named ? own : all;
}

class Group implements Robots {
  readonly #rules: Rule[] = [];
  #delayMs = 0;
  named = false;

  add(allow: boolean, path: string): void {
    this.named = true;
    // An empty path is no rule.
    if (path !== '') this.#rules.push({ allow, path });
  }

  delay(seconds: number): void {
    this.named = true;
    if (seconds > 0) this.#delayMs = seconds * 1000;
  }

  get delayMs(): number {
    return this.#delayMs;
  }

  allows(url: URL): boolean {
    const path = url.pathname + url.search;
    if (path === '/robots.txt') return true;
    let best: Rule | undefined;
    for (const rule of this.#rules) {
      if (!fits(rule.path, path)) continue;
      const longer = rule.path.length - (best?.path.length ?? -1);
      if (longer > 0 || (longer === 0 && rule.allow)) best = rule;
    }
    return best?.allow ?? true;
  }
}

/** `*` stands for anything, a last `$` for the end. Greedy from the left, so that no pattern takes long. */
function fits(pattern: string, path: string): boolean {
  const anchored = pattern.endsWith('$');
  const parts = (anchored ? pattern.slice(0, -1) : pattern).split('*');
  const [first = '', ...rest] = parts;
  if (!path.startsWith(first)) return false;
  let at = first.length;
  for (const [i, part] of rest.entries()) {
    if (anchored && i === rest.length - 1) return path.length - part.length >= at && path.endsWith(part);
    const found = path.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return !anchored || at === path.length;
}
