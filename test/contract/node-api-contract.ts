/**
 * What every NodeApi must do, whoever implements it: the node itself, a node behind its socket, the double in memory.
 * The harness says which file and statements to use; the suite says what must come back.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FractalError } from '../../src/base/index.ts';
import type { ImportEvent, ImportResult, NodeApi } from '../../src/node/index.ts';
import { readRows } from '../../src/server/index.ts';

export interface NodeApiHarness {
  readonly node: NodeApi;
  /** A file that imports with at least one provision, not imported yet. */
  readonly goodFile: string;
  /** A file that is refused. */
  readonly badFile: string;
  /** Words that find something once `goodFile` is in. */
  readonly searchQuery: string;
  /** A statement whose answer spans several batches. */
  readonly longSql: string;
  readonly cleanUp: () => Promise<void>;
}

const MANY = 1000;

/** Everything an iterable yields. */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const item of source) out.push(item);
  return out;
}

export async function collectRows(bytes: AsyncIterable<Uint8Array>): Promise<unknown[][]> {
  const out: unknown[][] = [];
  for await (const row of (await readRows(bytes)).rows) out.push([...row]);
  return out;
}

async function importAll(
  node: NodeApi,
  paths: string[],
): Promise<{ events: ImportEvent[]; results: ImportResult[] }> {
  const events: ImportEvent[] = [];
  for await (const event of node.import({ paths })) events.push(event);
  return { events, results: events.flatMap((event) => (event.type === 'result' ? [event.result] : [])) };
}

/** A FractalError of one of the kinds; anything else fails the test with what came instead. */
const ofKind =
  (...kinds: FractalError['kind'][]) =>
  (error: unknown): true => {
    assert.ok(error instanceof FractalError, `not a FractalError: ${String(error)}`);
    assert.ok(kinds.includes(error.kind), `kind ${error.kind} (${error.code})`);
    assert.match(error.code, /^[a-z0-9_]+(\.[a-z0-9_]+)*$/);
    assert.notEqual(error.message, '');
    assert.notEqual(error.cure, '');
    return true;
  };

export function nodeApiContract(name: string, open: () => Promise<NodeApiHarness>): void {
  describe(`NodeApi contract: ${name}`, () => {
    let harness: NodeApiHarness;
    let node: NodeApi;
    before(async () => {
      harness = await open();
      node = harness.node;
    });
    after(() => harness.cleanUp());

    it('imports a good file and tells progress that never goes back', async () => {
      const { events, results } = await importAll(node, [harness.goodFile]);
      assert.equal(results.length, 1);
      const [result] = results;
      assert.equal(result?.status, 'added');
      assert.ok((result?.sections ?? 0) > 0);
      assert.equal(result?.source, harness.goodFile);
      assert.equal(result?.error, undefined);
      let done = 0;
      for (const event of events)
        if (event.type === 'progress') {
          assert.ok(event.done >= done && event.done <= event.total, `${event.done} of ${event.total}`);
          assert.ok(event.bytes_done <= event.bytes_total);
          done = event.done;
        }
    });

    it('imports the same file again without change', async () => {
      const { results } = await importAll(node, [harness.goodFile]);
      assert.deepEqual(
        results.map((result) => result.status),
        ['unchanged'],
      );
    });

    it('keeps the good part when one file is refused, and says why', async () => {
      const { results } = await importAll(node, [harness.badFile, harness.goodFile]);
      const byPath = new Map(results.map((result) => [result.source, result]));
      assert.equal(byPath.get(harness.goodFile)?.status, 'unchanged');
      const refused = byPath.get(harness.badFile);
      assert.equal(refused?.status, 'rejected');
      assert.equal(refused?.error?.kind, 'bad_input');
      assert.notEqual(refused?.error?.cure, '');
    });

    it('refuses a path that is not there', async () => {
      const missing = `${harness.goodFile}.is-not-there`;
      await assert.rejects(
        async () => {
          const { results } = await importAll(node, [missing]);
          const error = results[0]?.error;
          if (error !== undefined) throw FractalError.fromProblem(error);
        },
        ofKind('not_found', 'bad_input'),
      );
    });

    it('takes an import as a job that goes on by itself, and tells of it', async () => {
      const { id } = await node.submitImport({ paths: [harness.badFile, harness.goodFile] });
      await collect(node.followJob(id));
      const job = await node.job(id);
      assert.deepEqual(
        [job.state, job.files_done, job.files_total, job.unchanged, job.rejected],
        ['done', 2, 2, 1, 1],
      );
      assert.equal(job.bytes_done, job.bytes_total);
      assert.deepEqual(
        job.faults.map((fault) => [fault.source, fault.state, fault.error.kind]),
        [[harness.badFile, 'rejected', 'bad_input']],
      );
      assert.equal((await node.jobs())[0]?.id, id);
      // Not mended, it is rejected again.
      await node.retryJob(id, [job.faults[0]?.item ?? 0]);
      await collect(node.followJob(id));
      assert.equal((await node.job(id)).rejected, 1);
    });

    it('refuses what cannot be done with a job', async () => {
      const { id } = await node.submitImport({ paths: [harness.goodFile] });
      await collect(node.followJob(id));
      const changes = [
        (job: number) => node.pauseJob(job),
        (job: number) => node.resumeJob(job),
        (job: number) => node.cancelJob(job),
      ];
      for (const change of changes) await assert.rejects(change(id), ofKind('bad_input'));
      const others = [(job: number) => node.job(job), (job: number) => node.retryJob(job)];
      for (const ask of [...changes, ...others]) await assert.rejects(ask(999_999), ofKind('not_found'));
      await assert.rejects(() => collect(node.followJob(999_999)), ofKind('not_found'));
    });

    it('watches a folder until told not to', async () => {
      const folder = path.dirname(harness.badFile);
      const watch = await node.watch({ path: folder, kept: true });
      assert.deepEqual([watch.path, watch.kept], [folder, true]);
      assert.deepEqual(
        (await node.watches()).map((one) => one.path),
        [folder],
      );
      await node.unwatch(folder);
      assert.deepEqual(await node.watches(), []);
      await assert.rejects(node.unwatch(folder), ofKind('not_found'));
    });

    it('finds what was imported, best first', async () => {
      const answer = await node.search({ query: harness.searchQuery, k: 3 });
      assert.equal(answer.query, harness.searchQuery);
      assert.match(answer.at, /^\d{4}-\d\d-\d\d$/);
      assert.ok(answer.hits.length > 0 && answer.hits.length <= 3);
      assert.deepEqual(
        answer.hits.map((hit) => hit.rank),
        answer.hits.map((_, index) => index + 1),
      );
      const scores = answer.hits.map((hit) => hit.score);
      assert.deepEqual(
        scores,
        scores.toSorted((a, b) => b - a),
      );
      for (const hit of answer.hits)
        assert.ok(hit.citation !== '' && hit.section_id !== '' && hit.text !== '');
    });

    it('answers with claims whose quotes stand in the provision, and ends with the whole', async () => {
      const events = await collect(node.ask({ question: harness.searchQuery, model: 'extractive' }));
      const answer = events.at(-1);
      assert.ok(answer?.type === 'answer');
      assert.equal(events[0]?.type, 'passages');
      assert.deepEqual(
        events.flatMap((event) => (event.type === 'claim' ? [event.claim] : [])),
        answer.answer.claims,
      );
      assert.notEqual(answer.answer.inference_id, '');
      for (const { citations } of answer.answer.claims) {
        assert.ok(citations.length > 0);
        for (const { quote, start, end } of citations) assert.equal(end - start, quote.length);
      }
      await assert.rejects(() => collect(node.ask({ question: ' ' })), ofKind('bad_input'));
    });

    it('checks sites, and knows no site that is not there', async () => {
      const checks = await node.checkAll({ at: '2026-01-01' });
      for (const { site_id: site, ...listed } of checks) {
        const found = await node.check({ site, at: '2026-01-01' });
        assert.deepEqual(
          [found.status, found.score, found.gaps.length],
          [listed.status, listed.score, listed.gaps],
        );
        assert.equal(found.as_of, '2026-01-01');
      }
      await assert.rejects(node.check({ site: 'no/such site?' }), ofKind('not_found'));
    });

    it('labels narratives with scores, in the order asked, and refuses a taxonomy that is not there', async () => {
      const texts = ['An employee fell from a roof.', 'A worker was struck by a beam & died.'];
      const { results } = await node.classify({ texts });
      assert.deepEqual(
        results.map(({ index, taxonomy, incident }) => ({ index, taxonomy, incident })),
        texts.map((_, index) => ({ index, taxonomy: 'event', incident: null })),
      );
      for (const { labels, verdict, threshold, inference_id: id } of results) {
        assert.ok(Math.abs(labels.reduce((sum, { score }) => sum + score, 0) - 1) < 1e-6);
        assert.ok(labels.every(({ score }, i) => score <= (labels[i - 1]?.score ?? 1)));
        assert.equal(verdict, (labels[0]?.score ?? 0) >= (threshold ?? 2) ? labels[0]?.category : 'unsure');
        assert.notEqual(id, '');
      }
      await assert.rejects(node.classify({ texts, taxonomy: 'no-such' }), ofKind('not_found'));
    });

    it('lists documents of law and their versions, and compares a version with itself', async () => {
      const [document] = await node.lawDocuments();
      assert.ok(document !== undefined && document.versions > 0);
      const { document: found, versions } = await node.lawVersions(document.document_id);
      assert.equal(found.citation, document.citation);
      const [version] = versions;
      assert.ok(version !== undefined && version.provisions > 0);
      const day = version.in_force_from ?? '2026-01-01';
      const diff = await node.lawDiff({ document: document.document_id, from: day, to: day, all: true });
      assert.deepEqual(diff.from, diff.to);
      assert.deepEqual(diff.changes, []);
      assert.notDeepEqual(diff.notes, []);
    });

    it('lists the obligations of a document', async () => {
      const [document] = await node.lawDocuments();
      assert.ok(document !== undefined);
      const filters = { addressee: 'nobody & "such"', topic: 'training', modality: 'must' } as const;
      const found = await node.lawObligations({ of: document.document_id, ...filters });
      assert.equal(found.document.citation, document.citation);
      assert.deepEqual([found.total, found.obligations, found.section], [0, [], null]);
    });

    it('says what is near when there is no such document', async () => {
      const document = 'no such act & none = "like" it';
      await assert.rejects(node.lawVersions(document), ofKind('not_found'));
      await assert.rejects(node.lawDiff({ document }), ofKind('not_found'));
      await assert.rejects(node.lawShow({ citation: document }), ofKind('not_found'));
      await assert.rejects(node.lawObligations({ of: document }), ofKind('not_found'));
    });

    it('answers SQL as an Arrow stream', async () => {
      const bytes = await node.sql({ sql: 'select 42 as answer' });
      const { columns, rows } = await readRows(bytes);
      assert.deepEqual(
        columns.map((column) => column.name),
        ['answer'],
      );
      const all = [];
      for await (const row of rows) all.push(row);
      assert.deepEqual(all, [[42]]);
    });

    it('streams an answer of several batches whole', async () => {
      assert.ok((await collectRows(await node.sql({ sql: harness.longSql }))).length > MANY);
    });

    it('binds parameters', async () => {
      const rows = await collectRows(await node.sql({ sql: 'select $1 as answer', params: ['x'] }));
      assert.deepEqual(rows, [['x']]);
    });

    it('lets the reader stop early and works on', async () => {
      for await (const chunk of await node.sql({ sql: harness.longSql })) {
        assert.ok(chunk.byteLength > 0);
        break;
      }
      assert.deepEqual(await collectRows(await node.sql({ sql: 'select 42 as answer' })), [[42]]);
    });

    it('refuses SQL that is none before the first byte', async () => {
      await assert.rejects(node.sql({ sql: 'selec 42' }), ofKind('bad_input', 'usage'));
      await assert.rejects(node.explain({ sql: 'selec 42' }), ofKind('bad_input', 'usage'));
    });

    it('explains', async () => {
      assert.notEqual((await node.explain({ sql: 'select 42 as answer' })).trim(), '');
    });

    it('indexes again what it holds, and finds it as before', async () => {
      const before = await node.search({ query: harness.searchQuery });
      const events = await collect(node.reindex());
      assert.ok(events.every((event) => event.done <= event.total));
      assert.equal(events.at(-1)?.done, events.at(-1)?.total);
      const after = await node.search({ query: harness.searchQuery });
      assert.deepEqual(
        after.hits.map((hit) => hit.section_id),
        before.hits.map((hit) => hit.section_id),
      );
    });

    it('stops when asked', async () => {
      const before = AbortSignal.abort();
      await assert.rejects(async () => collectRows(await node.sql({ sql: harness.longSql }, before)));
      const abort = new AbortController();
      await assert.rejects(async () => {
        for await (const chunk of await node.sql({ sql: harness.longSql }, abort.signal))
          if (chunk.byteLength > 0) abort.abort();
        // A short answer may be over before the cancellation is seen: the signal itself still tells.
        abort.signal.throwIfAborted();
      });
    });

    it('lists what runs and what was slow, and cancels nothing that does not run', async () => {
      // One that was left may still be on its way out.
      for (const query of await node.queries()) assert.ok(query.id > 0 && query.sql !== '');
      assert.ok(Array.isArray(await node.slowQueries()));
      await assert.rejects(node.cancelQuery(1), ofKind('not_found'));
    });

    it('lists login sessions, and ends none that is not there', async () => {
      assert.deepEqual(await node.sessions({ action: 'list' }), { sessions: [], ended: 0 });
      assert.deepEqual(await node.sessions({ action: 'revoke-all' }), { sessions: [], ended: 0 });
      await assert.rejects(node.sessions({ action: 'revoke', id: 'none' }), ofKind('not_found'));
    });

    it('decides about nothing that it does not know', async () => {
      const request = { inference_id: 'none', decision: 'accept', reason: 'right' } as const;
      await assert.rejects(node.decide(request), ofKind('not_found'));
    });

    it('shows, checks and signs its audit log; what it has not is not found', async () => {
      assert.ok((await node.verifyAudit()).ok);
      const { size, note } = await node.checkpointAudit();
      assert.ok(size > 0 && note !== '');
      assert.ok(Array.isArray((await node.audit({ limit: 5 })).entries));
      await assert.rejects(node.audit({ since: 'yesterday' }), ofKind('bad_input'));
      await assert.rejects(node.proveAudit(999_999_999), ofKind('not_found'));
      for (const id of ['999999999', 'none']) {
        await assert.rejects(node.replayAudit({ id, input: { question: 'x' } }), ofKind('not_found'));
        await assert.rejects(node.proveReport({ id, report: {} }), ofKind('not_found'));
      }
      const growth = await node.proveGrowth({ from: 1 });
      assert.ok(growth.from === 1 && growth.to >= 1);
      for (const bad of [{ from: 0 }, { from: 1, to: 999_999_999 }, { from: 2, to: 1 }])
        await assert.rejects(node.proveGrowth(bad), ofKind('bad_input'));
      assert.ok(Array.isArray((await node.exportAudit({ from: 0, end: size, limit: 5 })).lines));
      await assert.rejects(node.exportAudit({ from: 0, end: size, limit: 0 }), ofKind('bad_input'));
      assert.deepEqual(await node.auditRetention({ action: 'show' }), { retention: {}, holds: [] });
      const release = { action: 'release', id: 'CASE-1', reason: 'over' } as const;
      await assert.rejects(node.auditRetention(release), ofKind('not_found'));
      assert.deepEqual((await node.auditReplicas({ action: 'list' })).replicas, []);
      const origin = 'fractal.audit/00000000-0000-0000-0000-000000000000';
      await assert.rejects(node.auditReplicas({ action: 'verify', origin }), ofKind('not_found'));
    });

    it('lists its models, shows one, pins it, and knows no others', async () => {
      const [first] = await node.models();
      assert.ok(first !== undefined && first.in_use && first.kind === 'embedding');
      const shown = await node.model(first.id);
      assert.deepEqual([shown.name, shown.pinned], [first.name, false]);
      assert.ok(shown.files.every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256)));
      assert.equal((await node.manageModel({ action: 'pin', name: first.name })).pinned, true);
      assert.equal((await node.model(first.name)).pinned, true);
      assert.equal((await node.manageModel({ action: 'unpin', name: first.name })).pinned, false);
      await assert.rejects(node.model('none'), ofKind('not_found'));
      await assert.rejects(node.manageModel({ action: 'use', name: 'none' }), ofKind('not_found'));
      await assert.rejects(
        collect(node.pullModel({ name: 'none', from: 'nowhere' })),
        ofKind('not_found', 'bad_input'),
      );
    });

    it('says what it is', async () => {
      const status = await node.status();
      assert.equal(status.mode, 'single-user');
      assert.notEqual(status.node.id, '');
      assert.ok(status.memory.rss_bytes > 0);
      assert.ok(status.tables.every((table) => table.rows >= 0));
      assert.ok(status.search.sections > 0);
    });

    it('tests itself; a check that fails says the cure', async () => {
      const checks = await node.doctor();
      assert.ok(checks.length > 0);
      for (const check of checks) assert.ok(check.ok ? check.cure === '' : check.cure !== '', check.name);
    });
  });
}
