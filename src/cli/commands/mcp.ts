import { answerMcp } from '../../server/index.ts';
import { DEFAULT_LIMITS, usageError } from '../../base/index.ts';
import { withNode, type Run } from '../session.ts';

/** One message a line, as the protocol has it for standard input and output. */
export const runMcp: Run<'mcp'> = async (session) => {
  const { io, signal } = session;
  const options = { version: io.version, limits: DEFAULT_LIMITS };
  await withNode(session, async (node) => {
    const decoder = new TextDecoder();
    let held = '';
    for await (const chunk of io.stdin) {
      const lines = (held + decoder.decode(chunk, { stream: true })).split('\n');
      held = lines.pop() ?? '';
      if (held.length > DEFAULT_LIMITS.http_json_bytes)
        throw usageError('mcp.size', 'a message is too long', 'Send less at a time.');
      for (const line of lines) {
        if (line.trim() === '') continue;
        const answer = await answerMcp(line, node, options, signal);
        if (answer !== undefined) await io.stdout.write(`${JSON.stringify(answer)}\n`);
      }
    }
  });
  return 0;
};
