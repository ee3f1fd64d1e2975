/** A node whose every call is in the audit log. One place: a call cannot be reached but through here. */
import type { FractalError } from '../../base/index.ts';
import { droppable } from '../../query/index.ts';
import type { NodeApi } from '../api.ts';
import { DOORS, type AuditedDoor } from './doors.ts';
import { CallFacts, type Identity } from './facts.ts';
import { begunOrClosed, type Act, type Detail, type Recorder, type Via } from './recorder.ts';

/** What a node must offer to be audited. */
export interface Auditable extends NodeApi {
  /** The same node for one call, which tells its facts. */
  forCall(facts: CallFacts): Auditable;
  /** Who asks. Throws when they are not let in. */
  identity(): Promise<Identity>;
}

export interface AuditedBy {
  readonly recorder: Recorder;
  readonly via: Via;
  /** What the caller says of themselves, for those who are not let in. */
  readonly claimed?: string | undefined;
}

type Call = keyof NodeApi;
type AnyDoor = AuditedDoor<Call>;
type AnyArgs = Parameters<AnyDoor['resource']>;
type Method = (...args: readonly unknown[]) => unknown;

/** `lawDiff` → `law-diff` */
const actionOf = (call: string): string => call.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export function audited<N extends Auditable>(node: N, by: AuditedBy): N {
  return new Proxy(node, {
    get(target, name) {
      // Private parts belong to the node itself: its methods never run on the proxy.
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (!Object.hasOwn(DOORS, name)) return value.bind(target) as unknown;
      const call = name as Call;
      const door = DOORS[call];
      if ('unaudited' in door) return unaudited(target, call, by);
      return new AuditedCall(target, call, door, by).method();
    },
  });
}

/** Not an entry, but whoever is kept out is one. */
function unaudited(node: Auditable, call: Call, by: AuditedBy): Method {
  if (call === 'close') return (): unknown => node.close();
  return async (...args) => {
    const inner = node.forCall(new CallFacts());
    await letIn(inner, by);
    return await run(inner, call, args);
  };
}

const run = (node: NodeApi, call: Call, args: readonly unknown[]): unknown =>
  (node[call] as Method).apply(node, [...args]);

async function letIn(node: Auditable, { recorder, via, claimed }: AuditedBy): Promise<Identity> {
  let identity: Identity;
  try {
    identity = await node.identity();
  } catch (error) {
    await recorder.keptOut(error, claimed, via);
    throw error;
  }
  await recorder.cameIn(identity, via);
  return identity;
}

/** One call of a node, with its entries. */
class AuditedCall {
  readonly #node: Auditable;
  readonly #call: Call;
  readonly #door: AnyDoor;
  readonly #by: AuditedBy;

  constructor(node: Auditable, call: Call, door: AnyDoor, by: AuditedBy) {
    this.#node = node;
    this.#call = call;
    this.#door = door;
    this.#by = by;
  }

  method(): Method {
    switch (this.#door.shape as 'answer' | 'batches' | 'events') {
      case 'answer':
        return (...args) => this.#answer(args);
      case 'batches':
        return (...args) => this.#batches(args);
      case 'events':
        return (...args) => this.#events(args);
    }
  }

  async #begin(args: readonly unknown[]): Promise<{ facts: CallFacts; node: Auditable; act: Act }> {
    const { recorder, via } = this.#by;
    const facts = new CallFacts();
    const node = this.#node.forCall(facts);
    const identity = await letIn(node, this.#by);
    const typed = args as unknown as AnyArgs;
    const { category } = this.#door;
    const kind = { category, action: actionOf(this.#call), resource: this.#door.resource(...typed) };
    const act = recorder.begin(identity, kind, via, this.#door.asked?.(recorder, ...typed) ?? {});
    if (this.#door.changes) await act.begun;
    return { facts, node, act };
  }

  async #answer(args: readonly unknown[]): Promise<unknown> {
    const { facts, node, act } = await this.#begin(args);
    let answer: unknown;
    try {
      answer = await run(node, this.#call, args);
    } catch (error) {
      throw await act.failed(error, facts.detail);
    }
    await this.#end(act, this.#outcome([answer], facts));
    return answer;
  }

  async #end(act: Act, detail: Detail): Promise<void> {
    if (this.#door.changes) return await act.done(detail);
    // Nothing is answered before it is written down who asked.
    await act.begun;
    act.doneLater(detail);
  }

  #outcome(items: readonly unknown[], facts: CallFacts): Detail {
    const told = this.#door.outcome?.(
      items as Parameters<NonNullable<AnyDoor['outcome']>>[0],
      this.#by.recorder,
    );
    return { ...facts.detail, ...told };
  }

  async #batches(args: readonly unknown[]): Promise<AsyncIterable<unknown>> {
    const { facts, node, act } = await this.#begin(args);
    try {
      const batches = (await run(node, this.#call, args)) as AsyncGenerator<unknown>;
      await begunOrClosed(act, batches);
      // What is dropped before it is read holds a connection too.
      return droppable(this.#through(batches, act, facts, false), () => {
        void batches.return(undefined);
        act.doneLater({ ...facts.detail, whole: false });
      });
    } catch (error) {
      throw await act.failed(error, facts.detail);
    }
  }

  async *#events(args: readonly unknown[]): AsyncGenerator<unknown> {
    const { facts, node, act } = await this.#begin(args);
    await act.begun;
    yield* this.#through(run(node, this.#call, args) as AsyncIterable<unknown>, act, facts, true);
  }

  /** Hands items on; when the last one was, or whoever read has left, the end is written down. */
  async *#through(
    items: AsyncIterable<unknown>,
    act: Act,
    facts: CallFacts,
    keep: boolean,
  ): AsyncGenerator<unknown, void, undefined> {
    const ends = this.#door.ends as ((item: unknown) => boolean) | undefined;
    const seen = new SeenEvents(this.#door.counted as ((item: unknown) => string | undefined) | undefined);
    let failure: FractalError | undefined;
    let isWhole = false;
    try {
      for await (const item of items) {
        if (keep) seen.add(item);
        isWhole = ends?.(item) === true;
        yield item;
      }
      isWhole = true;
    } catch (error) {
      failure = await act.failed(error, { ...this.#outcome(seen.last, facts), ...seen.counts });
      throw failure;
    } finally {
      if (failure === undefined)
        await this.#end(act, { ...this.#outcome(seen.last, facts), ...seen.counts, whole: isWhole });
    }
  }
}

/** Of events the last one, and how many of each kind there were: never all of them. */
class SeenEvents {
  last: readonly unknown[] = [];
  readonly #kindOf: ((item: unknown) => string | undefined) | undefined;
  readonly #counts: Record<string, number> = {};

  constructor(kindOf: ((item: unknown) => string | undefined) | undefined) {
    this.#kindOf = kindOf;
  }

  add(item: unknown): void {
    this.last = [item];
    const kind = this.#kindOf?.(item);
    if (kind !== undefined) this.#counts[kind] = (this.#counts[kind] ?? 0) + 1;
  }

  get counts(): Detail {
    return this.#kindOf === undefined ? {} : { files: this.#counts };
  }
}
