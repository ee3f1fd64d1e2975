/** Nodes with users and a policy of the test's own, behind a real Flight port. */
import { mkdtemp, rm, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DEFAULT_LIMITS, ManualClock, SeededRandom, silentLog } from '../../src/base/index.ts';
import { FlightClient, FlightSqlClient } from '../../src/flight/index.ts';
import { SYSTEM, initNode, openNode, type FractalNode, type NodeApi } from '../../src/node/index.ts';
import type { Principal } from '../../src/query/index.ts';
import { listenFlight } from '../../src/server/index.ts';
import { NOON } from '../security/kit.ts';

export interface Governed {
  readonly node: FractalNode;
  /** The node as its administrator sees it, once there are users. */
  readonly root: NodeApi;
  readonly clock: ManualClock;
  /** Whoever shows nothing. */
  connect(): Promise<FlightSqlClient>;
  /** With a token made for the user. */
  as(user: string): Promise<FlightSqlClient>;
  readonly token: (user: string) => string;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Rules {
  readonly attributes: object;
  readonly roles: Readonly<Record<string, object>>;
  readonly denials?: readonly object[];
}

/** Some attacks never end by themselves. */
const PATIENCE_MS = 2000;

const ADMIN = {
  doc: 'users',
  grants: [{ id: 'admin', actions: ['administer', 'impersonate'], tables: ['*'] }],
};

/** The clock stands still and chance is always the same: two such nodes differ only in what is done to them. */
export async function governed(
  rules: Rules,
  users: readonly Principal[],
  before: (node: FractalNode) => Promise<void> = async () => undefined,
  patience = PATIENCE_MS,
): Promise<Governed> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-test-'));
  const dataDir = path.join(folder, 'node');
  const clock = new ManualClock(NOON);
  const options = { dataDir, log: silentLog, outside: { ...SYSTEM, clock, random: new SeededRandom(7) } };
  await initNode({ ...options, name: 'test' });
  const policy = {
    format: 'fractal.policy/1',
    version: 'test',
    denials: [],
    ...rules,
    roles: { ...rules.roles, admin: ADMIN },
  };
  await writeFile(path.join(dataDir, 'policy.json'), JSON.stringify(policy));
  const file = path.join(dataDir, 'fractal.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(
    file,
    JSON.stringify({ ...config, policy: 'policy.json', limits: { sql_timeout_max_ms: patience } }),
  );

  const node = await openNode(options);
  await before(node);
  const limits = { ...DEFAULT_LIMITS, shutdown_ms: 500 };
  const door = await node.flight();
  const listening = await listenFlight({
    ...door,
    host: '127.0.0.1',
    port: 0,
    limits,
    log: silentLog,
    clock,
    random: new SeededRandom(8),
  });
  const clients: FlightClient[] = [];
  const connect = async (): Promise<FlightSqlClient> => {
    const client = await FlightClient.connect(listening.url, { limits });
    clients.push(client);
    return new FlightSqlClient(client);
  };
  let root: NodeApi = node;
  if (users.length > 0) {
    const { token } = await node.users({ action: 'add', id: 'root', roles: ['admin'] });
    root = node.as({ credentials: { token: token ?? '' } });
  }
  const tokens = new Map<string, string>();
  for (const { id, roles, attributes = {} } of users) {
    const { token } = await root.users({ action: 'add', id, roles, attributes });
    tokens.set(id, token ?? '');
  }
  return {
    node,
    root,
    clock,
    connect,
    token: (user) => tokens.get(user) ?? '',
    as: async (user) => {
      const client = await connect();
      client.flight.useToken(`Bearer ${tokens.get(user) ?? ''}`);
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.close();
      await listening.stop();
      await node.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
