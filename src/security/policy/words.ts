/** Rules in words, for whoever must answer for them: why rows are shown, and what becomes of columns. */
import type { Attribute, Principal } from '../../query/index.ts';
import { howShown } from './columns.ts';
import type { ColumnRules, Condition, Denial, Grant, Mask, Operand, PolicyDocument } from './document.ts';
import type { ModelColumn } from './model.ts';

/** A rule as it bears on one table and one principal. */
export interface RuleInWords {
  readonly id: string;
  readonly doc: string | null;
  /** Whose rule it is; null for a denial, which is everybody's or names its roles. */
  readonly role: string | null;
  readonly effect: 'shows' | 'denies';
  /** Which rows. */
  readonly rows: string;
  /** When it counts; null for always. */
  readonly when: string | null;
  /** Whether it counts at this moment. */
  readonly counts: boolean;
}

type Asked = Pick<Principal, 'attributes' | 'purpose'>;

export function conditionInWords(condition: Condition | undefined, asked: Asked): string {
  return condition === undefined ? 'all rows' : words(condition, asked);
}

const COMPARED: Readonly<Record<string, string>> = {
  eq: 'is',
  ne: 'is not',
  lt: 'is less than',
  le: 'is at most',
  gt: 'is more than',
  ge: 'is at least',
};

function words(condition: Condition, asked: Asked): string {
  const [[word = '', value] = []] = Object.entries(condition) as [string, unknown][];
  const of = value as readonly Operand[];
  const operand = (one: unknown): string => operandInWords(one as Operand, asked);
  switch (word) {
    case 'all':
    case 'any': {
      const parts = (value as readonly Condition[]).map((one) => {
        const text = words(one, asked);
        return 'all' in one || 'any' in one ? `(${text})` : text;
      });
      return parts.join(word === 'all' ? ' and ' : ' or ');
    }
    case 'not':
      return `not (${words(value as Condition, asked)})`;
    case 'in': {
      const list: unknown = of[1];
      return `${operand(of[0])} is one of ${Array.isArray(list) ? list.join(', ') : operand(list)}`;
    }
    case 'has':
      return `${operand(of[0])} holds ${operand(of[1])}`;
    case 'starts':
      return `${operand(of[0])} begins with ${operand(of[1])}`;
    case 'missing':
      return `${operand(value)} is empty`;
    case 'within':
      return `the moment of asking is within ${operand(value)}`;
    default:
      return `${operand(of[0])} ${COMPARED[word] ?? word} ${operand(of[1])}`;
  }
}

function operandInWords(operand: Operand, { attributes, purpose }: Asked): string {
  if (typeof operand !== 'object') return typeof operand === 'string' ? `"${operand}"` : String(operand);
  if ('column' in operand) return operand.column;
  if ('date' in operand) return operand.date;
  if ('environment' in operand)
    return operand.environment === 'today'
      ? 'the day of asking'
      : `the declared purpose (${purpose ?? 'none is declared'})`;
  const name = operand.principal;
  const value: Attribute | undefined = Object.hasOwn(attributes ?? {}, name) ? attributes?.[name] : undefined;
  const told = typeof value === 'object' ? value.join(', ') || 'none' : String(value ?? 'not set');
  return `their ${name} (${told})`;
}

export function ruleInWords(
  rule: Grant | Denial,
  role: string | null,
  asked: Asked,
  counts: boolean,
): RuleInWords {
  const roles = 'roles' in rule && rule.roles !== undefined ? `, for ${rule.roles.join(', ')}` : '';
  return {
    id: rule.id,
    doc: rule.doc ?? null,
    role,
    effect: role === null ? 'denies' : 'shows',
    rows: conditionInWords(rule.where, asked) + roles,
    when: rule.when === undefined ? null : words(rule.when, asked),
    counts,
  };
}

const MASKED: Readonly<Record<Mask['mask'], string>> = {
  null: 'always empty',
  constant: 'always the same text',
  hash: 'a code in place of the text, the same for the same text',
  partial: 'only its first characters',
  year: 'only the year',
  spans: 'without the people named in it',
};

/** What rules make of a column that they do not all show. */
export function columnInWords(
  column: ModelColumn,
  grants: readonly { readonly id: string; readonly columns: ColumnRules | undefined }[],
  denials: readonly { readonly id: string; readonly columns: readonly string[] | undefined }[],
): string {
  const modes = grants.map(({ id, columns }) => ({ id, mode: howShown(columns, column) }));
  const told = modes.map(({ id, mode }) =>
    mode === 'show'
      ? `as it is by ${id}`
      : mode === 'hide'
        ? `not by ${id}`
        : `${MASKED[mode.mask]} by ${id}`,
  );
  const denied = denials
    .filter(({ columns }) => columns?.includes(column.name) === true)
    .map(({ id }) => `not in the rows of ${id}`);
  return [...told, ...denied].join('; ');
}

/** The rules of some roles with whose they are, in the order of the document. */
export function grantsByRole(
  { roles }: PolicyDocument,
  names: readonly string[],
): { readonly role: string; readonly grant: Grant }[] {
  return [...new Set(names)].flatMap((role) =>
    (Object.hasOwn(roles, role) ? (roles[role]?.grants ?? []) : []).map((grant) => ({ role, grant })),
  );
}
