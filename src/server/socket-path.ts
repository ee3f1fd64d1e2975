/** Where a node's local socket lies. */
import path from 'node:path';
import { sha256, usageError } from '../base/index.ts';

/** Room for a path in `sockaddr_un`: 108 bytes on Linux, 104 on macOS, one of them the closing zero. */
const SOCKET_PATH_BYTES = 103;

/** `DATA/node.sock`; on Windows a named pipe, which lives outside the file system. */
export function socketPathOf(dataDir: string, platform: NodeJS.Platform = process.platform): string {
  const folder = path.resolve(dataDir);
  return platform === 'win32'
    ? `\\\\.\\pipe\\fractal-${sha256(folder.toLowerCase()).slice(0, 32)}`
    : path.join(folder, 'node.sock');
}

/** The same socket by a name short enough for the operating system. */
export function shortSocketPath(socketPath: string, cwd: string): string {
  if (Buffer.byteLength(socketPath) <= SOCKET_PATH_BYTES) return socketPath;
  const relative = path.relative(cwd, socketPath);
  if (Buffer.byteLength(relative) <= SOCKET_PATH_BYTES) return relative;
  throw usageError(
    'data_dir.path_too_long',
    `the path of the data directory leaves no room for a socket: ${SOCKET_PATH_BYTES} bytes at most`,
    'Choose a shorter --data path, or run the command from inside the data directory.',
  );
}
