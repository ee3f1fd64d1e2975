/** Programs of others to test with: a Python with pinned packages, and the JDBC driver. Both are kept in .cache/peers. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const CACHE = path.resolve('.cache/peers');
const REQUIREMENTS = 'test/peers/requirements.txt';
const JDBC = 'org.apache.arrow:flight-sql-jdbc-driver:18.3.0';
const PATIENCE_MS = 280_000;

const quiet = (command: string, argv: readonly string[]): void =>
  void execFileSync(command, argv, { stdio: 'ignore', timeout: PATIENCE_MS });

/** The interpreter, or why there is none. FRACTAL_PYTHON names one that has the packages already. */
export function pythonPeer(): { readonly python: string } | { readonly missing: string } {
  const named = process.env['FRACTAL_PYTHON'];
  if (named !== undefined) return { python: named };
  const folder = path.join(CACHE, 'venv');
  const python = path.join(folder, 'bin/python');
  const mark = path.join(folder, 'requirements.txt');
  const wanted = readFileSync(REQUIREMENTS, 'utf8');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return { python };
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(CACHE, { recursive: true });
    quiet('python3', ['-m', 'venv', folder]);
    quiet(python, ['-m', 'pip', 'install', '-q', '-r', REQUIREMENTS]);
    writeFileSync(mark, wanted);
    return { python };
  } catch (error) {
    return {
      missing: `python3 with ${REQUIREMENTS} cannot be set up: ${(error as Error).message.split('\n')[0]}`,
    };
  }
}

/** The driver's file, or why there is none. Needs a Java runtime of 11 or newer, and Maven to fetch the driver once. */
export function jdbcPeer(): { readonly jar: string } | { readonly missing: string } {
  const [, artifact, version] = JDBC.split(':');
  const folder = path.join(CACHE, 'jdbc');
  const jar = path.join(folder, `${artifact}-${version}.jar`);
  try {
    quiet('java', ['-version']);
    if (!existsSync(jar))
      quiet('mvn', ['-q', 'dependency:copy', `-Dartifact=${JDBC}`, `-DoutputDirectory=${folder}`]);
    return { jar };
  } catch (error) {
    return { missing: `java with ${JDBC} cannot be set up: ${(error as Error).message.split('\n')[0]}` };
  }
}
