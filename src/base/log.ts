/** Structured lines for operators, on standard error. No row data, no document text, no secrets. */
export type LogLevel = 'info' | 'warn' | 'error';

export interface Log {
  (level: LogLevel, message: string, fields?: Readonly<Record<string, string | number | boolean>>): void;
}

export const silentLog: Log = () => undefined;
