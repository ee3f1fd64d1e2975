/**
 * Adds to package-lock.json the platform packages that the registry in use could not show when the lock was written.
 *
 * Why: npm leaves out an optional package it cannot find, and `npm ci` then refuses the lock on every machine. The
 * exact version comes from the parent's own pin; the integrity is filled in when the lock is next written from a
 * registry that has the package.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface LockEntry {
  version?: string;
  cpu?: string[];
  os?: string[];
  libc?: string[];
  license?: string;
  optional?: boolean;
  optionalDependencies?: Record<string, string>;
}
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, LockEntry> };
const OS = ['linux', 'darwin', 'win32', 'win'];

for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] !== undefined) continue;
    const words = name.split(/[-/]/);
    const at = words.findIndex((word) => OS.includes(word));
    const [os, cpu, libc] = words.slice(at);
    if (at < 0 || os === undefined || cpu === undefined || !/^\d/.test(version)) {
      process.stderr.write(`complete-lock: cannot tell the platform of ${name}@${version}\n`);
      process.exit(1);
    }
    lock.packages[key] = {
      version,
      cpu: [cpu],
      license: 'MIT',
      optional: true,
      os: [os === 'win' ? 'win32' : os],
      ...(libc === 'musl' ? { libc: ['musl'] } : libc === 'gnu' ? { libc: ['glibc'] } : {}),
    };
    process.stdout.write(`added ${key}@${version}\n`);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
