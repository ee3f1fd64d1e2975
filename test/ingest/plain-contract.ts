/** What a document reader of any format promises about its events. The XML suite asks for more. */
import assert from 'node:assert/strict';
import type { ReadEvent } from '../../src/ingest/index.ts';

export function checkDocuments(events: readonly ReadEvent[]): void {
  let eids: Set<string> | undefined;
  const ids = new Set<string>();
  for (const event of events)
    switch (event.type) {
      case 'document':
        assert.equal(eids, undefined, 'a document begins inside another');
        assert.ok(!ids.has(event.head.documentId));
        assert.notEqual(event.head.title, '');
        assert.match(event.head.jurisdiction, /^[A-Z]{2}$/);
        ids.add(event.head.documentId);
        eids = new Set();
        break;
      case 'section': {
        const { eid, parentEid, text, heading, citation } = event.section;
        assert.ok(eids !== undefined);
        assert.ok(!eids.has(eid), `${eid} twice`);
        assert.ok(parentEid === undefined || eids.has(parentEid), `${eid} before its parent`);
        assert.match(eid, /^\S+$/);
        assert.notEqual(citation, '');
        assert.notEqual(heading, '');
        for (const line of text.split('\n'))
          assert.ok(!/^ | $| {2}|[\r\v\f]/.test(line), `white space in ${eid}`);
        eids.add(eid);
        break;
      }
      case 'note':
      case 'warning':
        assert.ok(eids !== undefined);
        break;
      case 'end':
        assert.ok(eids !== undefined && eids.size > 0);
        eids = undefined;
    }
  assert.ok(eids === undefined && ids.size > 0);
}
