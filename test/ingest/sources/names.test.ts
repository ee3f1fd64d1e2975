/** What short names and addresses mean, and what publishers are asked for them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_LIMITS, FractalError } from '../../../src/base/index.ts';
import { isSourceName, sourceNamed } from '../../../src/ingest/index.ts';
import { WebListings } from '../../../src/ingest/sources/listings.ts';
import type { SourceItem } from '../../../src/ingest/sources/source.ts';
import { realSamples } from '../samples.ts';
import { Publisher, file, never, readerOf, rerouted, status } from './publisher.ts';

const named = (word: string): ReturnType<typeof sourceNamed> => sourceNamed(word, DEFAULT_LIMITS);
const json = (value: unknown): ReturnType<typeof file> =>
  file(JSON.stringify(value), { 'content-type': 'application/json' });
const addresses = (item: SourceItem): string[] =>
  item.requests.map(({ url }) => decodeURIComponent(url.href));

async function listing<T>(publisher: Publisher, work: (listings: WebListings) => Promise<T>): Promise<T> {
  const client = rerouted(publisher);
  const reader = readerOf(publisher, { client });
  try {
    return await work(new WebListings(reader.web, reader.limits));
  } finally {
    client.close();
  }
}

describe('names', () => {
  it('of publishers are recognised in their addresses', () => {
    const cases: Readonly<Record<string, string>> = {
      'ECFR:40/262': 'ecfr:40/262',
      'https://www.ecfr.gov/current/title-40/chapter-I/subchapter-I/part-262': 'ecfr:40/262',
      'https://www.ecfr.gov/current/title-29/section-1910.147': 'ecfr:29/1910.147',
      'https://www.ecfr.gov/on/2024-01-01/title-40/part-262': 'ecfr:40/262@2024-01-01',
      'https://www.ecfr.gov/api/versioner/v1/full/2024-01-01/title-40.xml?part=262': 'ecfr:40/262@2024-01-01',
      'https://www.federalregister.gov/documents/2024/02/12/2024-02757/fire-brigades': 'fr:2024-02757',
      'https://www.federalregister.gov/d/2024-02757': 'fr:2024-02757',
      'https://www.legislation.gov.uk/uksi/2005/1643/contents': 'uk:uksi/2005/1643',
      'http://www.legislation.gov.uk/id/ukpga/1974/37': 'uk:ukpga/1974/37',
      'https://www.legislation.gov.uk/uksi/2005/1643/2013-04-01/data.xml': 'uk:uksi/2005/1643@2013-04-01',
      'https://www.legislation.gov.uk/uksi/2002/2677/made': 'uk:uksi/2002/2677@made',
      'https://eur-lex.europa.eu/legal-content/EN/TXT/?uri=CELEX:32003L0087': 'eu:32003L0087',
      'https://eur-lex.europa.eu/legal-content/EN/TXT/?uri=CELEX%3A02003L0087-20240301':
        'eu:32003L0087@2024-03-01',
      'http://publications.europa.eu/resource/celex/32018R2066': 'eu:32018R2066',
      'eu:02018R2066-20210101': 'eu:32018R2066@2021-01-01',
      'https://law.example/act.xml#part-1': 'https://law.example/act.xml',
      'https://www.ecfr.gov/reader-aids': 'https://www.ecfr.gov/reader-aids',
      'feed:https://law.example/new.atom': 'feed:https://law.example/new.atom',
    };
    for (const [word, meant] of Object.entries(cases)) {
      assert.ok(isSourceName(word), word);
      assert.equal(named(word).word, meant, word);
    }
    for (const word of ['law/act.xml', 'C:\\law\\act.xml', './ecfr', 'file:///etc/passwd', 'ftp://a/b'])
      assert.ok(!isSourceName(word), word);
  });

  it('that are none are refused with the form they should have', () => {
    for (const word of [
      'ecfr:40',
      'ecfr:40/262@yesterday',
      'fr:rule',
      'uk:noise',
      'eu:2003/87/EC',
      'ecfr:../../x',
    ])
      assert.throws(() => named(word), { code: 'source.name', kind: 'bad_input' });
    for (const word of ['https://', 'feed:', 'feed:nowhere'])
      assert.throws(() => named(word), { code: 'http.url' });
  });

  it('never make an address of another host, whatever is written', async () => {
    const listings = {
      json: () => Promise.reject(new RangeError()),
      text: () => Promise.reject(new RangeError()),
    };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('uk:', 'uk:uksi/2005/', 'uk:uksi/2005/1643@', 'eu:', 'eu:32003L0087'),
        fc.string({ unit: fc.constantFrom(...'/@.:?#%-\\ aZ0129'), maxLength: 20 }),
        async (begin, rest) => {
          try {
            const item = await named(begin + rest).one(listings, never);
            for (const { url } of item.requests) {
              assert.match(url.host, /^(?:www\.legislation\.gov\.uk|publications\.europa\.eu)$/);
              assert.doesNotMatch(url.pathname, /\.\./);
            }
          } catch (error) {
            assert.ok(
              error instanceof RangeError || (error instanceof FractalError && error.code === 'source.name'),
            );
          }
        },
      ),
    );
  });
});

describe('the eCFR', () => {
  const versions = '/api/versioner/v1/versions/title-40.json?part=262';
  const day = (date: string): object => ({ date, identifier: '262.1', part: '262', type: 'section' });

  it('lists a version for each day on which something changed, over all pages', async () => {
    await using p = await new Publisher().start();
    p.on(
      `www.ecfr.gov${versions}`,
      json({ content_versions: [day('2024-03-01'), day('2017-01-01')], meta: { total_pages: 2 } }),
    );
    p.on(
      `www.ecfr.gov${versions}&page=2`,
      json({ content_versions: [day('2020-05-05'), day('2024-03-01')], meta: { total_pages: 2 } }),
    );
    await listing(p, async (listings) => {
      const items = await named('ecfr:40/262').list(listings, '', never);
      assert.deepEqual(
        items.map((item) => item.key),
        ['2017-01-01', '2020-05-05', '2024-03-01'],
      );
      assert.deepEqual(
        items.map((item) => item.inForceFrom),
        ['2017-01-01', '2020-05-05', '2024-03-01'],
      );
      const since = await named('ecfr:40/262').list(listings, '2020-05-05', never);
      assert.deepEqual(
        since.map((item) => item.key),
        ['2020-05-05', '2024-03-01'],
      );
      // Between two versions the earlier one applies, from its own day on.
      const then = await named('ecfr:40/262@2021-12-31').one(listings, never);
      assert.equal(then.inForceFrom, '2020-05-05');
      assert.deepEqual(addresses(then), [
        'https://www.ecfr.gov/api/versioner/v1/full/2020-05-05/title-40.xml?part=262',
      ]);
      await assert.rejects(named('ecfr:40/262@2016-12-31').one(listings, never), { code: 'source.version' });
    });
  });

  it('that answers otherwise is told apart from one that has nothing', async () => {
    await using p = await new Publisher().start();
    p.on(`www.ecfr.gov${versions}`, json({ error: 'changed' }), file('<html>'), status(404));
    await listing(p, async (listings) => {
      for (const code of ['source.answer', 'source.answer', 'http.absent'])
        await assert.rejects(named('ecfr:40/262').one(listings, never), { code });
    });
  });
});

describe('the Federal Register', () => {
  const document = (number: string, published: string, more: object = {}): object => ({
    document_number: number,
    publication_date: published,
    full_text_xml_url: `https://www.federalregister.gov/documents/full_text/xml/${published.replaceAll('-', '/')}/${number}.xml`,
    effective_on: null,
    ...more,
  });

  it('gives a document by its number', async () => {
    await using p = await new Publisher().start();
    const fields =
      'fields%5B%5D=document_number&fields%5B%5D=publication_date&fields%5B%5D=effective_on&fields%5B%5D=full_text_xml_url';
    p.on(
      `/api/v1/documents/2024-02757.json?${fields}`,
      json(document('2024-02757', '2024-02-12', { effective_on: '2024-03-13' })),
    );
    await listing(p, async (listings) => {
      const item = await named('fr:2024-02757').one(listings, never);
      assert.equal(item.inForceFrom, '2024-03-13');
      assert.deepEqual(addresses(item), [
        'https://www.federalregister.gov/documents/full_text/xml/2024/02/12/2024-02757.xml',
      ]);
    });
  });

  it('lists rules about a part, page by page, from a day on', async () => {
    await using p = await new Publisher().start();
    const answers = [
      json({
        results: [document('2024-2', '2024-02-01'), document('2024-1', '2024-01-01')],
        next_page_url: 'x',
      }),
      json({
        results: [
          document('2024-3', '2024-03-01'),
          document('94-1', '1994-01-01', { full_text_xml_url: null }),
        ],
      }),
    ];
    const client = rerouted(p);
    const reader = readerOf(p, {
      client: {
        send: (request) => {
          const page = request.url.searchParams.get('page') ?? '1';
          assert.equal(request.url.searchParams.get('conditions[cfr][part]'), '262');
          assert.equal(request.url.searchParams.get('conditions[publication_date][gte]'), '2024-01-01');
          const answer = answers[Number(page) - 1];
          if (answer !== undefined) p.on(request.url.pathname + request.url.search, answer);
          return client.send(request);
        },
        close: () => client.close(),
      },
    });
    const items = await named('fr:40/262').list(
      new WebListings(reader.web, reader.limits),
      '2024-01-01',
      never,
    );
    assert.deepEqual(
      items.map((item) => item.key),
      ['2024-1', '2024-2', '2024-3'],
    );
    client.close();
  });
});

describe('legislation.gov.uk', () => {
  for (const sample of realSamples('uk-clml/sampleXML/anaw-2018-1-historical-2018-01-24.xml'))
    it('names the versions of an act in each of its texts', async () => {
      await using p = await new Publisher().start();
      p.on('www.legislation.gov.uk/anaw/2018/1/data.xml', file(sample.bytes));
      await listing(p, async (listings) => {
        const items = await named('uk:anaw/2018/1').list(listings, '', never);
        assert.deepEqual(
          items.map((item) => item.key),
          ['enacted', '2018-01-24', '2018-03-25', '2019-01-26'],
        );
        assert.deepEqual(items.map(addresses).flat().slice(0, 2), [
          'https://www.legislation.gov.uk/anaw/2018/1/enacted/data.xml',
          'https://www.legislation.gov.uk/anaw/2018/1/2018-01-24/data.xml',
        ]);
        const since = await named('uk:anaw/2018/1').list(listings, '2018-03-25', never);
        assert.deepEqual(
          since.map((item) => item.key),
          ['2018-03-25', '2019-01-26'],
        );
      });
      assert.ok(p.times('/robots.txt') > 0, 'its fair-use policy asks for it');
    });
});

describe('EUR-Lex', () => {
  it('lists the consolidated texts of an act and no other', async () => {
    await using p = await new Publisher().start();
    const binding = (celex: string): object => ({ celex: { type: 'literal', value: celex } });
    const client = rerouted(p);
    const reader = readerOf(p, {
      client: {
        send: (request) => {
          assert.match(request.url.searchParams.get('query') ?? '', /"32003L0087"/);
          const rows = ['02003L0087-20240301', '02003L0087-20180408', '02004L0101-20041113', '32003L0087'];
          p.on(request.url.pathname + request.url.search, json({ results: { bindings: rows.map(binding) } }));
          return client.send(request);
        },
        close: () => client.close(),
      },
    });
    const listings = new WebListings(reader.web, reader.limits);
    const items = await named('eu:32003L0087').list(listings, '', never);
    assert.deepEqual(
      items.map((item) => item.key),
      ['32003L0087', '02003L0087-20180408', '02003L0087-20240301'],
    );
    const then = await named('eu:32003L0087@2020-06-01').one(listings, never);
    assert.deepEqual(addresses(then), [
      'https://publications.europa.eu/resource/celex/02003L0087-20180408',
      'https://publications.europa.eu/resource/celex/02003L0087-20180408',
    ]);
    assert.deepEqual(
      then.requests.map(({ headers }) => headers['accept']),
      ['application/xml;type=fmx4', 'application/xhtml+xml'],
    );
    client.close();
  });
});

describe('feeds', () => {
  const read = async (text: string, since = ''): Promise<readonly SourceItem[]> => {
    await using p = await new Publisher().start();
    p.on('law.example/feed', file(text, { 'content-type': 'application/atom+xml' }));
    return await listing(p, (listings) =>
      named('feed:https://law.example/feed').list(listings, since, never),
    );
  };

  const ATOM = `<feed xmlns="http://www.w3.org/2005/Atom"><id>f</id><link href="/self" rel="self"/>
    <entry><id>b</id><updated>2024-03-01T12:00:00+01:00</updated><link href="/page"/><link rel="alternate" type="application/xml" href="/act.xml"/></entry>
    <entry><id>a</id><updated>2024-01-01T00:00:00Z</updated><link href="http://www.legislation.gov.uk/uksi/2020/1"/><source><id>x</id></source></entry>
    <entry><id>c</id><title>Nothing to fetch</title></entry></feed>`;
  const RSS = `<rss version="2.0"><channel><title>New</title><link>https://law.example/</link>
    <item><guid>1</guid><pubDate>Fri, 01 Mar 2024 11:00:00 GMT</pubDate><link>https://law.example/one.pdf</link></item>
    <item><link><![CDATA[https://law.example/two.xml]]></link></item></channel></rss>`;

  it('in Atom lead to files, known publishers and nowhere', async () => {
    const items = await read(ATOM);
    assert.deepEqual(
      items.map((item) => item.key),
      ['c', 'a 2024-01-01T00:00:00.000Z', 'b 2024-03-01T11:00:00.000Z'],
    );
    assert.deepEqual(items[0]?.requests, []);
    assert.equal(items[1]?.via?.word, 'uk:uksi/2020/1');
    assert.deepEqual(
      items[2]?.requests.map(({ url, robots }) => [url.href, robots]),
      [['https://law.example/act.xml', true]],
    );
    assert.deepEqual(
      (await read(ATOM, '2024-02')).map((item) => item.position),
      ['', '2024-03-01T11:00:00.000Z'],
    );
  });

  it('in RSS do the same', async () => {
    assert.deepEqual(
      (await read(RSS)).map((item) => [item.key, item.name]),
      [
        ['https://law.example/two.xml', 'two.xml'],
        ['1 2024-03-01T11:00:00.000Z', 'one.pdf'],
      ],
    );
  });

  it('that are none, or hostile, are refused', async () => {
    await assert.rejects(read('<html><body>gone</body></html>'), { code: 'source.answer' });
    await assert.rejects(read('<!DOCTYPE a [<!ENTITY x "y">]><feed>&x;</feed>'), { kind: 'bad_input' });
    await assert.rejects(read(`<feed>${'<a>'.repeat(400)}`), { code: 'limit.xml_depth' });
    await assert.rejects(read('<feed><entry>'), { kind: 'bad_input' });
  });

  for (const sample of realSamples('uk-clml/sampleXML/changes-affecting-ukpga-2002-38-feed.xml'))
    it('of legislation.gov.uk that only tell of changes are read, and lead nowhere', async () => {
      const items = await read(new TextDecoder().decode(sample.bytes));
      assert.equal(items.length, 336);
      assert.ok(items.every((item) => item.requests.length === 0 && item.via === undefined));
    });
});
