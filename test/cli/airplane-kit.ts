/**
 * Loaded before the program (`node --import`): notes every connection that is opened to anything but this machine, and
 * lets none through. What leaves no note here, but goes past Node, is what the cut namespace is for.
 */
import { appendFileSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';

const file = process.env['FRACTAL_OUTSIDE'];
const require = createRequire(import.meta.url);
const net = require('node:net') as { Socket: { prototype: { connect: (...given: unknown[]) => unknown } } };
const dns = require('node:dns') as Record<string, unknown> & { promises: Record<string, unknown> };
const dgram = require('node:dgram') as { Socket: { prototype: { send: unknown; connect: unknown } } };

const LOCAL = /^(?:127\.|::1$|localhost$)/;

function outside(what: string): never {
  if (file !== undefined) appendFileSync(file, `${what}\n`);
  throw new Error(`outside: ${what}`);
}

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (this: unknown, ...given: unknown[]): unknown {
  const [first] = (Array.isArray(given[0]) ? given[0] : given) as unknown[];
  const options = (typeof first === 'object' && first !== null ? first : {}) as {
    path?: string;
    host?: string;
  };
  const host = options.host ?? (typeof given[1] === 'string' ? given[1] : 'localhost');
  const isPath = options.path !== undefined || (typeof first === 'string' && !/^\d+$/.test(first));
  if (!isPath && !LOCAL.test(host)) outside(`connect ${host}`);
  return connect.apply(this, given);
};
for (const names of [dns, dns.promises])
  for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6', 'resolveAny']) {
    const real = names[name] as (...given: unknown[]) => unknown;
    names[name] = (host: string, ...given: unknown[]): unknown =>
      LOCAL.test(host) ? real.call(names, host, ...given) : outside(`${name} ${host}`);
  }
dgram.Socket.prototype.send = dgram.Socket.prototype.connect = () => outside('datagram');
syncBuiltinESMExports();
