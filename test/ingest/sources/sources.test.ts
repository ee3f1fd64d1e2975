/**
 * Sources on a real node, against a publisher that replays real files: documents, versions, standing sources. Time passes
 * only where the test says so.
 */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { nodeFileSystem, silentLog, sha256 } from '../../../src/base/index.ts';
import { SourceTimer, Sources } from '../../../src/ingest/index.ts';
import type { FileResult } from '../../../src/ingest/index.ts';
import { testNode, type TestNode } from '../../node/kit.ts';
import { ECFR_SECTION, CLML_INSTRUMENT, realSamples } from '../samples.ts';
import { formexAct } from '../eurlex-samples.ts';
import { Publisher, file, never, rangedFile, readerOf, rerouted, status, type Answer } from './publisher.ts';

const OPERATOR = 'local-operator';
const OPTIONS = { kind: undefined, jurisdiction: undefined, inForceFrom: undefined, principal: OPERATOR };
const ERROR_PAGE: Answer = file('<!doctype html><html><body><p>Service unavailable</p></body></html>', {
  'content-type': 'text/html',
});
const json = (value: unknown): Answer => file(JSON.stringify(value), { 'content-type': 'application/json' });

interface Bench {
  readonly t: TestNode;
  readonly p: Publisher;
  readonly sources: Sources;
  readonly one: (word: string, more?: { versions?: boolean; sha256?: string }) => Promise<FileResult[]>;
  readonly run: (name: string) => Promise<FileResult[]>;
}

async function collect(results: AsyncIterable<FileResult>): Promise<FileResult[]> {
  const all: FileResult[] = [];
  for await (const result of results) all.push(result);
  return all;
}

async function bench(work: (bench: Bench) => Promise<void>, enabled = true): Promise<void> {
  await using t = await testNode();
  await using p = await new Publisher().start();
  const client = rerouted(p);
  const folder = path.join(t.dataDir, 'fetch');
  const reader = readerOf(p, { client, folder, settings: { enabled } });
  const { store, importer } = t.node.parts;
  const { clock } = p;
  const sources = new Sources({ ...reader, store, importer, fs: nodeFileSystem, clock });
  await work({
    t,
    p,
    sources,
    one: (word, more = {}) =>
      collect(
        sources.import(
          { word, versions: more.versions ?? false, sha256: more.sha256, allowNetwork: false },
          OPTIONS,
          never,
        ),
      ),
    run: (name) => collect(sources.run(name, OPERATOR, false, never)),
  });
  // Nothing is left of what was taken in or refused.
  assert.deepEqual(
    (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.file')),
    [],
  );
  client.close();
}

const statuses = (results: readonly FileResult[]): string[] =>
  results.map((result) => result.error?.code ?? result.status);

/** A section of the eCFR that reads otherwise in each version. */
const section = (word: string): Uint8Array =>
  new TextEncoder().encode(new TextDecoder().decode(ECFR_SECTION.bytes).replace('Keep a record', word));
const ECFR = '/api/versioner/v1';
const versionsOf = (...days: string[]): Answer =>
  json({ content_versions: days.map((date) => ({ date, type: 'section' })), meta: { total_pages: 1 } });
const LIST = `${ECFR}/versions/title-29.json?part=9999&section=9999.12`;
const full = (day: string): string => `${ECFR}/full/${day}/title-29.xml?part=9999&section=9999.12`;

describe('one document', () => {
  it('is fetched, taken in, and where it came from is recorded', () =>
    bench(async ({ p, t, one }) => {
      p.on(`www.ecfr.gov${LIST}`, versionsOf('2020-01-01', '2024-01-01'));
      p.on(
        `www.ecfr.gov${full('2024-01-01')}`,
        rangedFile(
          () => section('Keep it'),
          () => '"v1"',
        ),
      );
      const [result] = await one('ecfr:29/9999.12');
      assert.equal(result?.status, 'added');
      assert.equal(result?.source, `https://www.ecfr.gov${full('2024-01-01')}`);
      assert.deepEqual(
        await t.rows('select document_id, in_force_from::varchar f, dated_by, source_name from law.versions'),
        [
          {
            document_id: 'us/cfr/29/9999.12',
            f: '2024-01-01',
            dated_by: 'caller',
            source_name: 'title-29-9999.12-2024-01-01.xml',
          },
        ],
      );
      assert.deepEqual(
        await t.rows('select feed, url, etag, source_sha256, status, tries from node.fetches'),
        [
          {
            feed: '',
            url: `https://www.ecfr.gov${full('2024-01-01')}`,
            etag: '"v1"',
            source_sha256: sha256(section('Keep it')),
            status: 'added',
            tries: 0,
          },
        ],
      );
      assert.deepEqual(statuses(await one('ecfr:29/9999.12')), ['unchanged']);
      assert.equal(p.asked.at(-1)?.headers['if-none-match'], '"v1"');
    }));

  it('of which all versions are asked for comes in all that are missing', () =>
    bench(async ({ p, t, one, sources }) => {
      const days = ['2018-01-01', '2020-01-01', '2024-01-01'];
      p.on(`www.ecfr.gov${LIST}`, versionsOf(...days));
      for (const day of days) p.on(`www.ecfr.gov${full(day)}`, file(section(day)));
      assert.deepEqual(statuses(await one('ecfr:29/9999.12@2020-06-01')), ['added']);
      const listed = await sources.versions('ecfr:29/9999.12', false, never);
      assert.deepEqual(
        listed.map((one) => one.here),
        [false, true, false],
      );
      assert.deepEqual(statuses(await one('ecfr:29/9999.12', { versions: true })), ['updated', 'updated']);
      assert.deepEqual(await one('ecfr:29/9999.12', { versions: true }), []);
      const dates = await t.rows(
        'select in_force_from::varchar f, in_force_to::varchar e from law.versions order by 1',
      );
      assert.deepEqual(dates, [
        { f: '2018-01-01', e: '2020-01-01' },
        { f: '2020-01-01', e: '2024-01-01' },
        { f: '2024-01-01', e: null },
      ]);
    }));

  it('of the EU comes as XHTML where its Formex cannot be had', () =>
    bench(async ({ p, t, one }) => {
      const CELEX = 'publications.europa.eu/resource/celex/31999L0096';
      p.on(CELEX, status(300), file(formexAct('20010203')));
      assert.deepEqual(statuses(await one('eu:31999L0096')), ['added']);
      assert.deepEqual(
        p.asked.map(({ headers }) => headers.accept),
        ['application/xml;type=fmx4', 'application/xhtml+xml'],
      );
      assert.equal(p.asked[0]?.headers['accept-language'], 'eng');
      assert.equal((await t.rows('from law.versions')).length, 1);
    }));

  for (const sample of realSamples('uk-clml/sampleXML/uksi_20051643_en.xml'))
    it('of legislation.gov.uk, as it really is', () =>
      bench(async ({ p, t, one }) => {
        p.on('www.legislation.gov.uk/uksi/2005/1643/data.xml', file(sample.bytes));
        const [result] = await one('https://www.legislation.gov.uk/uksi/2005/1643/contents');
        assert.equal(result?.status, 'added');
        assert.ok((result?.sections ?? 0) > 10);
        assert.deepEqual(await t.rows('select document_id from law.documents'), [
          { document_id: 'uk/uksi/2005/1643' },
        ]);
      }));

  it('that turns out to be an error page is refused with the reason', () =>
    bench(async ({ p, t, one }) => {
      p.on('www.legislation.gov.uk/uksi/2005/1643/data.xml', ERROR_PAGE);
      p.on('law.example/act.xml', ERROR_PAGE).on('law.example/page', ERROR_PAGE);
      p.on('law.example/act', file('<html><body>x</body></html>', { 'content-type': 'application/xml' }));
      for (const word of ['uk:uksi/2005/1643', 'https://law.example/act.xml', 'https://law.example/act']) {
        const [result] = await one(word);
        assert.equal(result?.error?.code, 'http.not_document', word);
        assert.match(result?.error?.message ?? '', /web page/);
      }
      // A page that was asked for as a page is one.
      assert.deepEqual(statuses(await one('https://law.example/page')), ['added']);
      assert.equal((await t.rows('from law.versions')).length, 1);
    }));

  it('is refused unless it has the hash that was given', () =>
    bench(async ({ p, t, one }) => {
      p.on('law.example/act.xml', file(CLML_INSTRUMENT.bytes));
      const wrong = await one('https://law.example/act.xml', { sha256: '0'.repeat(64) });
      assert.deepEqual(
        wrong.map((result) => [result.error?.code, result.error?.kind]),
        [['http.sha256', 'integrity']],
      );
      assert.equal((await t.rows('from law.versions')).length, 0);
      const right = await one('https://law.example/act.xml', {
        sha256: sha256(CLML_INSTRUMENT.bytes).toUpperCase(),
      });
      assert.deepEqual(statuses(right), ['added']);
    }));

  it('that no reader takes is recorded as refused, with its address', () =>
    bench(async ({ p, t, one }) => {
      p.on('law.example/a.xml?key=secret', file('<Recipe/>'));
      const [result] = await one('https://law.example/a.xml?key=secret');
      assert.equal(result?.error?.code, 'format.unknown');
      assert.equal(result?.source, 'https://law.example/a.xml?…');
      assert.equal(result?.error?.place?.source, 'https://law.example/a.xml?…');
      const rows = JSON.stringify([
        await t.rows('select url, item from node.fetches'),
        await t.rows('select source_name from node.sources'),
      ]);
      assert.match(rows, /law\.example/);
      assert.doesNotMatch(rows, /secret/);
    }));

  it('is not fetched while the network is off', () =>
    bench(async ({ p, one, sources }) => {
      for (const task of [() => one('ecfr:40/262'), () => sources.versions('ecfr:40/262', false, never)])
        await assert.rejects(task(), { code: 'network.disabled', kind: 'denied' });
      assert.equal(p.connections, 0);
      const allowed = {
        word: 'https://law.example/none.xml',
        versions: false,
        sha256: undefined,
        allowNetwork: true,
      };
      assert.deepEqual(statuses(await collect(sources.import(allowed, OPTIONS, never))), ['http.absent']);
      assert.equal(p.connections, 1);
    }, false));
});

const SOURCE = {
  name: 'ladders',
  source: 'ecfr:29/9999.12',
  everyS: 3600,
  kind: undefined,
  jurisdiction: undefined,
  since: undefined,
};
const HOUR = 3_600_000;

describe('a standing source', () => {
  it('brings the text of now first, then each new version once', () =>
    bench(async ({ p, t, sources, run }) => {
      p.on(`www.ecfr.gov${LIST}`, versionsOf('2018-01-01', '2020-01-01'));
      for (const day of ['2018-01-01', '2020-01-01', '2024-01-01', '2024-05-01'])
        p.on(`www.ecfr.gov${full(day)}`, file(section(day)));
      await sources.add(SOURCE, OPERATOR);
      assert.deepEqual(statuses(await run('ladders')), ['added']);
      assert.equal((await sources.list('ladders'))[0]?.cursor, '2020-01-01');
      assert.deepEqual(await run('ladders'), []);
      p.on(`www.ecfr.gov${LIST}`, versionsOf('2018-01-01', '2020-01-01', '2024-01-01', '2024-05-01'));
      assert.deepEqual(statuses(await run('ladders')), ['updated', 'updated']);
      const [feed] = await sources.list();
      assert.equal(feed?.cursor, '2024-05-01');
      assert.equal(feed?.documents, 3);
      assert.equal(p.times(full('2018-01-01')), 0);
      assert.equal((await t.rows('from law.versions')).length, 3);
    }));

  it('passes over nothing: the cursor waits for what is not in', () =>
    bench(async ({ p, sources, run }) => {
      const days = ['2018-01-01', '2020-01-01', '2024-01-01'];
      p.on(`www.ecfr.gov${LIST}`, versionsOf(...days));
      for (const day of days) p.on(`www.ecfr.gov${full(day)}`, file(section(day)));
      p.on(`www.ecfr.gov${full('2020-01-01')}`, status(503));
      await sources.add({ ...SOURCE, since: '2017-01-01' }, OPERATOR);
      assert.deepEqual(statuses(await run('ladders')), ['added', 'http.busy', 'updated']);
      const [feed] = await sources.list('ladders');
      assert.equal(feed?.cursor, '2018-01-01');
      assert.equal(feed?.errorCode, 'http.busy');
      p.on(`www.ecfr.gov${full('2020-01-01')}`, file(section('2020')));
      assert.deepEqual(statuses(await run('ladders')), ['updated']);
      assert.equal((await sources.list('ladders'))[0]?.errorCode, undefined);
      assert.equal(p.times(full('2024-01-01')), 1);
    }));

  it('gives up what is refused again and again, and says so', () =>
    bench(async ({ p, sources, run }) => {
      const feed = (n: number): Answer =>
        file(
          `<feed>${['bad', 'good'].map((id, i) => `<entry><id>${id}</id><updated>2024-01-0${i + 1}T00:00:00Z</updated><link href="https://law.example/${id}.xml"/></entry>`).join('')}<!-- ${n} --></feed>`,
        );
      p.on('law.example/feed', feed(0)).on('law.example/bad.xml', file('<Recipe/>'));
      p.on('law.example/good.xml', file(CLML_INSTRUMENT.bytes));
      await sources.add({ ...SOURCE, source: 'feed:https://law.example/feed' }, OPERATOR);
      assert.deepEqual(statuses(await run('ladders')), ['format.unknown', 'added']);
      assert.equal((await sources.list())[0]?.cursor, undefined);
      for (let n = 2; n <= 5; n++) assert.deepEqual(statuses(await run('ladders')), ['format.unknown']);
      assert.deepEqual(await run('ladders'), []);
      const [state] = await sources.list();
      assert.deepEqual([state?.cursor, state?.documents, state?.refused], ['2024-01-01T00:00:00.000Z', 1, 1]);
    }));

  it('of one file takes it in again when it changed', () =>
    bench(async ({ p, t, sources, run }) => {
      let version = 1;
      p.on(
        'law.example/act.xml',
        rangedFile(
          () => section(`Keep ${version}`),
          () => `"v${version}"`,
        ),
      );
      await sources.add({ ...SOURCE, source: 'https://law.example/act.xml' }, OPERATOR);
      assert.deepEqual(statuses(await run('ladders')), ['added']);
      assert.deepEqual(statuses(await run('ladders')), ['unchanged']);
      version = 2;
      assert.deepEqual(statuses(await run('ladders')), ['updated']);
      assert.equal((await t.rows('from node.fetches')).length, 1);
      assert.deepEqual(p.paths(), ['/robots.txt', '/act.xml', '/act.xml', '/act.xml']);
    }));

  it('follows robots.txt, for nobody asked for the very page', () =>
    bench(async ({ p, sources, run, one }) => {
      p.on('law.example/robots.txt', file('User-agent: *\nDisallow: /', { 'content-type': 'text/plain' }));
      p.on('law.example/act.xml', file(CLML_INSTRUMENT.bytes));
      await sources.add({ ...SOURCE, source: 'https://law.example/act.xml' }, OPERATOR);
      assert.deepEqual(statuses(await run('ladders')), ['http.robots']);
      assert.deepEqual(statuses(await one('https://law.example/act.xml')), ['added']);
    }));

  it('whose list cannot be read tells it and runs again when it is due', () =>
    bench(async ({ p, sources, run }) => {
      p.on(`www.ecfr.gov${LIST}`, ERROR_PAGE);
      await sources.add(SOURCE, OPERATOR);
      assert.deepEqual(
        (await sources.due()).map((feed) => feed.name),
        ['ladders'],
      );
      await assert.rejects(run('ladders'), { code: 'source.answer' });
      assert.equal((await sources.list())[0]?.errorCode, 'source.answer');
      assert.deepEqual(await sources.due(), []);
      p.clock.advance(HOUR);
      assert.equal((await sources.due()).length, 1);
    }));

  it('runs by itself while a node serves, when it is due', () =>
    bench(async ({ t, p, sources }) => {
      p.on(`www.ecfr.gov${LIST}`, versionsOf('2024-01-01'));
      p.on(`www.ecfr.gov${full('2024-01-01')}`, file(section('x')));
      await sources.add(SOURCE, OPERATOR);
      const limits = { ...t.node.parts.limits, source_tick_ms: 10 };
      const lines: string[] = [];
      const log = (_level: string, message: string, fields?: object): void => {
        lines.push(`${message} ${JSON.stringify(fields)}`);
      };
      const timer = new SourceTimer({ sources, limits, log, principal: OPERATOR });
      timer.start();
      while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      await timer.stop();
      assert.deepEqual(lines, ['source {"name":"ladders","added":1,"updated":0,"unchanged":0,"rejected":0}']);
      assert.deepEqual(await sources.due(), []);
    }));

  it('has a name, an interval and a place among few', () =>
    bench(async ({ sources }) => {
      await sources.add(SOURCE, OPERATOR);
      for (const [change, code] of [
        [{}, 'source.exists'],
        [{ name: 'Two Words' }, 'source.feed_name'],
        [{ name: 'b', everyS: 899 }, 'source.every'],
        [{ name: 'b', everyS: NaN }, 'source.every'],
        [{ name: 'b', source: 'ecfr:x' }, 'source.name'],
      ] as const)
        await assert.rejects(sources.add({ ...SOURCE, ...change }, OPERATOR), { code });
      await sources.remove('ladders', OPERATOR);
      await assert.rejects(sources.remove('ladders', OPERATOR), {
        code: 'source.unknown',
        kind: 'not_found',
      });
      await assert.rejects(collect(sources.run('ladders', OPERATOR, false, never)), {
        code: 'source.unknown',
      });
    }));

  it('stops between documents when asked, and goes on next time', () =>
    bench(async ({ p, sources, run }) => {
      const days = ['2018-01-01', '2020-01-01', '2024-01-01'];
      p.on(`www.ecfr.gov${LIST}`, versionsOf(...days));
      for (const day of days) p.on(`www.ecfr.gov${full(day)}`, file(section(day)));
      await sources.add({ ...SOURCE, since: '2017-01-01' }, OPERATOR);
      const abort = new AbortController();
      await assert.rejects(async () => {
        for await (const result of sources.run('ladders', OPERATOR, false, abort.signal))
          if (result.status === 'added') abort.abort();
      });
      assert.equal((await sources.list())[0]?.cursor, '2018-01-01');
      assert.deepEqual(statuses(await run('ladders')), ['updated', 'updated']);
    }));
});

it('the timer of a node whose network is off does nothing', () =>
  bench(async ({ t, p, sources }) => {
    await sources.add(SOURCE, OPERATOR);
    t.node.startSources();
    const timer = new SourceTimer({
      sources,
      limits: t.node.parts.limits,
      log: silentLog,
      principal: OPERATOR,
    });
    timer.start();
    await timer.stop();
    assert.equal(p.connections, 0);
  }, false));
