/** The client against a real server: politeness, bounds, and addresses that must not be asked. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { LookupFunction } from 'node:net';
import { DEFAULT_LIMITS } from '../../../src/base/index.ts';
import { NetworkPolicy, NodeHttpClient } from '../../../src/ingest/index.ts';
import { isPublicAddress } from '../../../src/ingest/sources/addresses.ts';
import { WebListings } from '../../../src/ingest/sources/listings.ts';
import { CA, Publisher, file, never, readerOf, rerouted, status, type Reader } from './publisher.ts';

const read = async (reader: Reader, url: URL, robots = false): Promise<string> =>
  await new WebListings(reader.web, reader.limits).text({ url, headers: {}, robots }, never);

const code = (wanted: string) => ({ code: wanted });

describe('one request', () => {
  it('says who asks and whom to write to', async () => {
    await using p = await new Publisher().start();
    p.on('/a', file('text'));
    assert.equal(await read(readerOf(p), p.url('/a', 'https')), 'text');
    assert.equal(p.asked[0]?.headers['user-agent'], 'Fractal/test (mailto:esh@example.org)');
  });

  it('follows Retry-After, in seconds and as a date, then goes on', async () => {
    await using p = await new Publisher().start();
    const date = new Date(p.clock.now() + 60_000).toUTCString();
    p.on('/a', status(429, { 'retry-after': '7' }), status(503, { 'retry-after': date }), file('in the end'));
    assert.equal(await read(readerOf(p), p.url('/a')), 'in the end');
    const [first = 0, second = 0, third = 0] = p.asked.map((one) => one.at);
    assert.ok(second - first >= 7000, `${second - first}`);
    assert.ok(third - first >= 60_000, `${third - first}`);
  });

  it('does not wait for ever because a server says so', async () => {
    await using p = await new Publisher().start();
    p.on('/a', status(429, { 'retry-after': '86400' }));
    await assert.rejects(read(readerOf(p), p.url('/a')), code('http.wait'));
    assert.equal(p.asked.length, 1);
  });

  it('tries again after 503 and a broken connection, with growing pauses, and not for ever', async () => {
    await using p = await new Publisher().start();
    p.on('/a', status(503), (_request, response) => response.destroy(), file('there'));
    p.on('/b', status(500));
    const reader = readerOf(p);
    assert.equal(await read(reader, p.url('/a')), 'there');
    reader.pauses.length = 0;
    await assert.rejects(read(reader, p.url('/b')), code('http.busy'));
    assert.equal(p.times('/b'), reader.limits.fetch_tries);
    const retries = reader.pauses.filter((ms) => ms > 0);
    assert.ok((retries.at(-1) ?? 0) > (retries[0] ?? 0) * 2, String(retries));
  });

  it('does not try again what will not change', async () => {
    await using p = await new Publisher().start();
    p.on('/gone', status(410)).on('/no', status(403)).on('/odd', status(202));
    const reader = readerOf(p);
    await assert.rejects(read(reader, p.url('/missing')), code('http.absent'));
    await assert.rejects(read(reader, p.url('/gone')), code('http.absent'));
    await assert.rejects(read(reader, p.url('/no')), code('http.denied'));
    await assert.rejects(read(reader, p.url('/odd')), code('http.status'));
    assert.equal(p.asked.length, 4);
  });

  it('leaves a pause between two requests to a host, and asks it one thing at a time', async () => {
    await using p = await new Publisher().start();
    let open = 0;
    let most = 0;
    p.on('/a', (_request, response) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        response.end('x');
      }, 15);
    });
    const reader = readerOf(p);
    await Promise.all(Array.from({ length: 4 }, () => read(reader, p.url('/a'))));
    assert.equal(most, 1);
    const times = p.asked.map((one) => one.at);
    for (let i = 1; i < times.length; i++)
      assert.ok((times[i] ?? 0) - (times[i - 1] ?? 0) >= reader.limits.fetch_host_pause_ms, String(times));
    assert.equal(p.connections, 1);
  });

  it('ends a silent connection and a drip that never ends', async () => {
    await using p = await new Publisher().start();
    p.on('/silent', (_request, response) => void response.writeHead(200).write('x'));
    p.on('/drip', (_request, response) => {
      const timer = setInterval(() => response.write('x'), 10);
      response.on('close', () => clearInterval(timer));
    });
    const reader = readerOf(p, { limits: { fetch_idle_ms: 120, fetch_time_ms: 400, fetch_tries: 2 } });
    await assert.rejects(read(reader, p.url('/silent')), (error: { code: string }) =>
      /^http\.(network|timeout)$/.test(error.code),
    );
    assert.equal(p.times('/silent'), 2);
    await assert.rejects(read(reader, p.url('/drip')), code('http.slow'));
    assert.equal(p.times('/drip'), 1);
  });

  it('refuses an endless list', async () => {
    await using p = await new Publisher().start();
    p.on('/a', (_request, response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(65_536, 'x')));
      };
      response.on('drain', more);
      more();
    });
    const reader = readerOf(p, { limits: { fetch_listing_bytes: 300_000 } });
    await assert.rejects(read(reader, p.url('/a')), code('http.listing_bytes'));
  });

  it('stops when asked', async () => {
    await using p = await new Publisher().start();
    p.on('/a', (_request, response) => void response.writeHead(200).write('x'));
    const abort = new AbortController();
    const { web } = readerOf(p);
    const reading = web.get(
      () => Promise.resolve({ url: p.url('/a'), headers: {}, robots: false }),
      async (answer) => {
        for await (const chunk of answer.body) if (chunk.length > 0) abort.abort(new RangeError('enough'));
      },
      abort.signal,
    );
    await assert.rejects(reading, { message: 'enough' });
    assert.equal(p.asked.length, 1);
  });

  it('refuses a server that cannot prove who it is', async () => {
    await using p = await new Publisher().start();
    p.on('/a', file('text'));
    const policy = new NetworkPolicy({ enabled: true, hosts: [], loopback: true });
    const client = new NodeHttpClient({ policy, limits: DEFAULT_LIMITS, ca: undefined });
    await assert.rejects(read(readerOf(p, { client }), p.url('/a', 'https')), code('http.tls'));
    assert.equal(p.asked.length, 0);
  });

  it('shows no query of an unknown host in an error', async () => {
    await using p = await new Publisher().start();
    await assert.rejects(read(readerOf(p), p.url('/a?key=secret')), (error: Error) => {
      assert.doesNotMatch(JSON.stringify(error) + error.message, /secret/);
      return true;
    });
  });
});

describe('redirects', () => {
  it('are followed, a few of them, and loops end', async () => {
    await using p = await new Publisher().start();
    p.on('/a', status(302, { location: '/b' })).on('/b', status(308, { location: p.url('/c').href }));
    p.on('/c', file('there')).on('/loop', status(301, { location: '/loop' }));
    const reader = readerOf(p);
    assert.equal(await read(reader, p.url('/a')), 'there');
    await assert.rejects(read(reader, p.url('/loop')), code('http.redirects'));
    assert.equal(p.times('/loop'), 6);
  });

  it('never lead inside, to a file, or from https to http', async () => {
    await using p = await new Publisher().start();
    const targets = {
      '/1': 'http://127.0.0.1/',
      '/2': 'https://169.254.169.254/latest/meta-data/',
      '/3': 'file:///etc/passwd',
      '/4': 'https://[::1]/',
      '/5': 'https://[::ffff:10.0.0.1]/',
      '/6': 'https://10.1.2.3/',
      '/7': 'http://other.example/',
      '/8': `https://localhost:${p.port('https')}/secret`,
      '/9': 'https://2130706433/',
      '/10': 'https://user:word@law.example/',
      '/11': 'https://0x7f.1/',
    };
    for (const [target, location] of Object.entries(targets)) p.on(target, status(302, { location }));
    const client = rerouted(p);
    // As it is configured outside of tests, and with loopback allowed: a public host never leads there.
    for (const loopback of [false, true]) {
      const reader = readerOf(p, { client, settings: { loopback } });
      for (const target of Object.keys(targets))
        await assert.rejects(
          read(reader, new URL(`https://law.example${target}`)),
          (error: { code: string }) => /^(network\.address|http\.scheme|http\.credentials)$/.test(error.code),
          target,
        );
    }
    assert.equal(p.times('/secret'), 0);
    client.close();
  });

  it('from https to http on the same host are asked by https', async () => {
    await using p = await new Publisher().start();
    p.on('law.example/a', status(303, { location: 'http://law.example/b' })).on(
      'law.example/b',
      file('there'),
    );
    const client = rerouted(p);
    assert.equal(await read(readerOf(p, { client }), new URL('https://law.example/a')), 'there');
    client.close();
  });
});

describe('addresses', () => {
  it('that are not public are not asked, whatever their name', async () => {
    await using p = await new Publisher().start();
    p.on('/a', file('secret'));
    const policy = new NetworkPolicy({ enabled: true, hosts: [] });
    const client = new NodeHttpClient({ policy, limits: DEFAULT_LIMITS, ca: CA });
    const reader = readerOf(p, { client, settings: { loopback: false } });
    for (const host of ['localhost', '127.0.0.1', '[::1]', '0.0.0.0'])
      await assert.rejects(
        read(reader, new URL(`https://${host}:${p.port('https')}/a`)),
        code('network.address'),
      );
    assert.equal(p.connections, 0);
  });

  it('are checked when the connection is made: a name that turns inside is refused', async () => {
    await using p = await new Publisher().start();
    p.on('/a', file('secret'));
    for (const answers of [
      ['127.0.0.1'],
      ['169.254.169.254'],
      ['93.184.215.14', '127.0.0.1'],
      ['::ffff:127.0.0.1'],
      ['fd00::1'],
    ]) {
      const lookup: LookupFunction = (_host, _options, done) =>
        done(
          null,
          answers.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
      const policy = new NetworkPolicy({ enabled: true, hosts: [] });
      const client = new NodeHttpClient({ policy, limits: DEFAULT_LIMITS, ca: CA, lookup });
      const reader = readerOf(p, { client, settings: { loopback: false } });
      await assert.rejects(
        read(reader, new URL(`https://law.example:${p.port('https')}/a`)),
        code('network.address'),
        answers.join(),
      );
    }
    assert.equal(p.connections, 0);
  });

  it('are public or not', () => {
    for (const address of ['93.184.215.14', '1.1.1.1', '2606:4700:4700::1111'])
      assert.ok(isPublicAddress(address), address);
    for (const address of '0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 127.255.0.1 169.254.169.254 172.31.255.255 192.168.1.1 198.18.0.1 224.0.0.1 255.255.255.255 ::1 :: ::ffff:1.1.1.1 ::1.2.3.4 64:ff9b::102:304 fc00::1 fe80::1 ff02::1 2001::1 2001:db8::1 2002:7f00:1::1 name'.split(
      ' ',
    ))
      assert.ok(!isPublicAddress(address), address);
  });

  it('of hosts that are not listed are not asked', async () => {
    await using p = await new Publisher().start();
    p.on('/a', file('x'));
    const client = rerouted(p);
    const reader = readerOf(p, { client, settings: { hosts: ['www.ecfr.gov', '*.europa.eu'] } });
    assert.equal(await read(reader, new URL('https://www.ecfr.gov/a')), 'x');
    assert.equal(await read(reader, new URL('https://publications.europa.eu/a')), 'x');
    for (const host of ['law.example', 'ecfr.gov', 'xeuropa.eu', 'www.ecfr.gov.evil.example'])
      await assert.rejects(read(reader, new URL(`https://${host}/a`)), code('network.host'));
    client.close();
  });
});

describe('robots.txt', () => {
  const rules = 'User-agent: *\nDisallow: /private\nAllow: /private/open$\nCrawl-delay: 3\n';

  it('is asked for once and followed', async () => {
    await using p = await new Publisher().start();
    p.on('/robots.txt', file(rules, { 'content-type': 'text/plain' })).on('/a', file('a'));
    p.on('/private/open', file('open'));
    const reader = readerOf(p);
    assert.equal(await read(reader, p.url('/a'), true), 'a');
    assert.equal(await read(reader, p.url('/private/open'), true), 'open');
    await assert.rejects(read(reader, p.url('/private/b'), true), code('http.robots'));
    assert.deepEqual(p.paths(), ['/robots.txt', '/a', '/private/open']);
    const [, a = 0, open = 0] = p.asked.map((one) => one.at);
    assert.ok(open - a >= 3000, 'the crawl delay');
  });

  it('that is not there forbids nothing, that cannot be read forbids all', async () => {
    await using p = await new Publisher().start();
    p.on('/a', file('a'));
    assert.equal(await read(readerOf(p), p.url('/a'), true), 'a');
    p.on('/robots.txt', status(500));
    await assert.rejects(read(readerOf(p), p.url('/a'), true), code('http.robots'));
    assert.equal(p.times('/a'), 1);
  });

  it('with a group of our own counts instead of the one for all', async () => {
    await using p = await new Publisher().start();
    p.on('/robots.txt', file(`${rules}\nUser-Agent: other\nUser-agent: Fractal\nDisallow: /*.xml$\n`));
    p.on('/private/b', file('b')).on('/c.xml', file('c')).on('/c.xml.gz', file('gz'));
    const reader = readerOf(p);
    assert.equal(await read(reader, p.url('/private/b'), true), 'b');
    assert.equal(await read(reader, p.url('/c.xml.gz'), true), 'gz');
    await assert.rejects(read(reader, p.url('/c.xml'), true), code('http.robots'));
  });

  it('of any size and shape takes no time', async () => {
    await using p = await new Publisher().start();
    p.on('/robots.txt', file(`User-agent: *\nDisallow: /${'*a'.repeat(60_000)}b$\n${'x'.repeat(900_000)}`));
    p.on(`/${'a'.repeat(4000)}`, file('a'));
    assert.equal(await read(readerOf(p), p.url(`/${'a'.repeat(4000)}`), true), 'a');
  });
});

it('no other file of the product can open a connection', () => {
  const opens =
    /from 'node:(?:http|https|http2|net|tls|dns|dgram)[/\w]*'|from 'undici'|[^.#\w](?<!async )fetch\((?!request, env)|new WebSocket/;
  const found = globSync('src/**/*.ts')
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => opens.test(readFileSync(name, 'utf8')));
  assert.deepEqual(found.sort(), [
    // The endpoint of a model: loopback, and hosts that the configuration names.
    'src/ai/endpoint-generator.ts',
    // The Flight protocol: a server, and a client that no part of the product uses yet.
    'src/flight/client-certificates.ts',
    'src/flight/grpc-call.ts',
    'src/flight/grpc-client.ts',
    'src/flight/grpc-server.ts',
    // Lists of addresses only.
    'src/ingest/sources/addresses.ts',
    'src/ingest/sources/node-http-client.ts',
    // Tells kinds of addresses apart.
    'src/security/principals/attempts.ts',
    // Reads and checks a certificate; opens nothing.
    'src/server/certificate.ts',
    // Doors of the node itself, and the way to them: loopback and a local socket.
    'src/server/listen.ts',
    'src/server/remote-node.ts',
  ]);
  const uses = globSync('src/**/*.ts').filter(
    (name) =>
      !/^src[/\\]flight[/\\]/.test(name) &&
      /\b(?:FlightClient|GrpcClient)\b/.test(readFileSync(name, 'utf8')),
  );
  assert.deepEqual(uses, []);
});

it('a list that comes packed though it was not asked for is refused', async () => {
  await using p = await new Publisher().start();
  p.on('/a', file(gzipSync('x'), { 'content-encoding': 'gzip' }));
  await assert.rejects(read(readerOf(p), p.url('/a')), code('source.answer'));
});
