/** JSON Schemas of external tables. */
import type { ObjectSchema } from './json-schema.ts';

export const EXTERNAL_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    action: { type: 'string', enum: ['list', 'add', 'refresh', 'remove'] },
    name: { type: 'string', description: 'name of the table; for every action but list' },
    source: {
      type: 'string',
      description: "for add: the whole path of a file of the node's machine, or a pattern; local socket only",
    },
  },
  required: ['action'],
  additionalProperties: false,
};

const COLUMN: ObjectSchema = {
  type: 'object',
  properties: { name: { type: 'string' }, type: { type: 'string', description: 'DuckDB type' } },
  required: ['name', 'type'],
};

export const EXTERNAL_ANSWER: ObjectSchema = {
  type: 'object',
  properties: {
    tables: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string', description: 'SQL reads it as ext.<name>' },
          source: { type: 'string', description: 'path or pattern' },
          format: { type: 'string', enum: ['parquet', 'csv', 'json'] },
          files: { type: 'integer', description: 'files' },
          bytes: { type: 'integer', description: 'bytes of the files' },
          columns: { type: 'array', items: COLUMN },
          state: {
            type: 'string',
            enum: ['ok', 'changed', 'missing'],
            description: 'whether the files are what they were when it was registered',
          },
        },
        required: ['name', 'source', 'format', 'files', 'bytes', 'columns', 'state'],
      },
    },
  },
  required: ['tables'],
};
