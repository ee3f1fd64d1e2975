/** Users and policy, as an administrator sees them. */
import { usageError } from '../base/index.ts';
import {
  authorize,
  authorizeWrite,
  describeQuery,
  isWrite,
  parseSql,
  rewriteQuery,
  type AuthorizedWrite,
  type Principal,
} from '../query/index.ts';
import { qualifiedName } from '../schema/index.ts';
import { runCases, type PrincipalDirectory } from '../security/index.ts';
import { demand, isLocalOperator, type NodePolicy } from './access.ts';
import type { PolicyAnswer, PolicyExplanation, PolicyRequest, UserAnswer, UserRequest } from './api.ts';
import type { NodeParts } from './parts.ts';
import { declaring } from './purpose.ts';

export async function administerUsers(
  directory: PrincipalDirectory,
  policy: NodePolicy,
  by: Principal,
  request: UserRequest,
): Promise<UserAnswer> {
  demand(policy, by, 'administer');
  // Over HTTP only the shape was checked, and it does not know which action needs a name.
  if (request.action !== 'list' && typeof request.id !== 'string')
    throw usageError('user.request', 'the name of the user is missing', 'Say whom it is about.');
  let token: string | undefined;
  switch (request.action) {
    case 'list':
      break;
    case 'add':
      await directory.add(by.id, request.id, request);
      // Without a password a user comes in with a token alone.
      if (request.password === undefined)
        token = await directory.addToken(by.id, request.id, 'first', undefined);
      break;
    case 'set':
      await directory.set(by.id, request.id, request);
      break;
    case 'remove':
      await directory.remove(by.id, request.id);
      break;
    case 'token':
      token = await directory.addToken(by.id, request.id, request.label ?? '', request.days);
      break;
    case 'revoke':
      await directory.revoke(by.id, request.id, request.credential);
      break;
  }
  return { users: await directory.list(), ...(token === undefined ? {} : { token }) };
}

export async function administerPolicy(
  parts: NodeParts,
  directory: PrincipalDirectory,
  policy: NodePolicy,
  by: Principal,
  request: PolicyRequest,
): Promise<PolicyAnswer> {
  // Rules and their conditions are for administrators; what policy does to one's own statement is in `sql --explain`.
  demand(policy, by, 'administer');
  if (request.action === 'show') return { policy: policy.engine.document };
  if (request.action === 'test') {
    const engine = request.document === undefined ? policy.engine : policy.candidate(request.document);
    return { results: runCases(engine, request.cases) };
  }
  if (typeof request.sql !== 'string')
    throw usageError('policy.request', 'a statement is missing', 'Say which one to explain.');
  const { principal: name = by.id, purpose } = request;
  // To be asked about, not to be acted as: what they may declare is checked as if they did.
  const asked = declaring(name === by.id ? by : await directory.named(name), purpose, isLocalOperator(by));
  return { explanation: await explainPolicy(parts, policy, asked, request.sql) };
}

async function explainPolicy(
  { store, limits, federation }: NodeParts,
  policy: NodePolicy,
  principal: Principal,
  sql: string,
): Promise<PolicyExplanation> {
  const statement = await parseSql(store, sql, [], limits);
  const asked = isWrite(statement)
    ? authorizeWrite(statement, principal, policy)
    : { query: authorize(statement, principal, policy) };
  const { query } = asked;
  // A name that is not there for them is an error here as it is when the statement runs.
  await describeQuery(store, query, federation);
  return {
    principal: principal.id,
    roles: principal.roles,
    role_docs: policy.rolesOf(principal),
    purpose: principal.purpose ?? null,
    policy_version: isLocalOperator(principal) ? 'single-user' : policy.engine.document.version,
    sql,
    rewritten: policy.withoutKey(await rewriteQuery(store, query)),
    write: 'kind' in asked ? writeInWords(asked, principal, policy) : null,
    tables: query.tables.map((table) => {
      const name = `${table.schema}.${table.name}`;
      const told = policy.inWords(principal, name);
      return {
        name,
        rules: table.rules,
        why: told.rules,
        where: table.where ?? null,
        masked: table.columns
          .filter((column) => column.shown !== 'plain')
          .map(({ name: column, sql: expression, rules }) => ({
            name: column,
            how: told.columns[column] ?? '',
            sql: policy.withoutKey(expression),
            rules,
          })),
        hidden: table.hidden,
      };
    }),
  };
}

function writeInWords(
  write: AuthorizedWrite,
  principal: Principal,
  policy: NodePolicy,
): NonNullable<PolicyExplanation['write']> {
  const { kind } = write;
  const table = qualifiedName(write.table);
  const { where, columns, rules } = kind === 'insert' ? write.rights.insert : write.rule;
  return {
    kind,
    table,
    rules,
    why: policy.inWords(principal, table, kind).rules,
    where: where === undefined ? null : policy.withoutKey(where),
    columns: write.table.columns
      .filter(({ name, derived }) => derived !== true && columns.includes(name))
      .map(({ name }) => name)
      .filter((name) => kind === 'insert' || (kind === 'update' && !write.table.key.includes(name))),
  };
}
