/** A page in a real Chromium without a window, steered by its own protocol over a pipe of WebSocket. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];

/** The browser that FRACTAL_CHROMIUM names, or the first that is installed. */
export function chromium(): string | undefined {
  const named = process.env['FRACTAL_CHROMIUM'];
  return [...(named === undefined ? [] : [named]), ...NAMES].find((name) => {
    try {
      execFileSync(name, ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

type Answer = Record<string, unknown>;

export class Browser {
  readonly #process: ChildProcess;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly events: { readonly method: string; readonly params: Answer }[] = [];
  #last = 0;
  #session: string | undefined;

  private constructor(child: ChildProcess, socket: WebSocket) {
    this.#process = child;
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const told = JSON.parse(String(data)) as {
        id?: number;
        method?: string;
        params?: Answer;
        result?: Answer;
      };
      if (told.id === undefined) this.events.push({ method: told.method ?? '', params: told.params ?? {} });
      else this.#waiting.get(told.id)?.(told.result ?? told);
    });
  }

  static async start(name: string, profile: string): Promise<Browser> {
    const child = spawn(
      name,
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--remote-debugging-port=0',
        `--user-data-dir=${profile}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    assert.ok(child.stderr);
    for await (const line of createInterface(child.stderr)) {
      const [, address] = /DevTools listening on (ws:\S+)/.exec(line) ?? [];
      if (address === undefined) continue;
      child.stderr.resume();
      const socket = new WebSocket(address);
      await once(socket, 'open');
      return new Browser(child, socket);
    }
    throw new Error('the browser did not start');
  }

  async send(method: string, params: Answer = {}): Promise<Answer> {
    const id = ++this.#last;
    const answer = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    const to = this.#session === undefined ? {} : { sessionId: this.#session };
    this.#socket.send(JSON.stringify({ id, method, params, ...to }));
    return await answer;
  }

  async open(url: string): Promise<void> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    this.#session = String(sessionId);
    for (const domain of ['Page', 'Runtime', 'DOM', 'Log', 'Network', 'Accessibility'])
      await this.send(`${domain}.enable`);
    await this.send('Page.navigate', { url });
    await this.until('document.readyState === "complete"');
  }

  /** The value of an expression in the page. */
  async value(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    assert.equal(exceptionDetails, undefined, JSON.stringify(exceptionDetails));
    return (result as { value?: unknown }).value;
  }

  async until(expression: string): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      if ((await this.value(expression)) === true) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    assert.fail(`it never came to ${expression}`);
  }

  async choose(selector: string, file: string): Promise<void> {
    const { root } = await this.send('DOM.getDocument');
    const { nodeId } = await this.send('DOM.querySelector', {
      nodeId: (root as { nodeId: number }).nodeId,
      selector,
    });
    await this.send('DOM.setFileInputFiles', { nodeId, files: [file] });
  }

  async picture(width: number, isDark: boolean): Promise<Buffer> {
    await this.send('Emulation.setDeviceMetricsOverride', {
      width,
      height: 900,
      deviceScaleFactor: 1,
      mobile: false,
    });
    const features = [{ name: 'prefers-color-scheme', value: isDark ? 'dark' : 'light' }];
    await this.send('Emulation.setEmulatedMedia', { features });
    const { data } = await this.send('Page.captureScreenshot', { captureBeyondViewport: true });
    return Buffer.from(String(data), 'base64');
  }

  async close(): Promise<void> {
    const exit = this.#process.exitCode === null ? once(this.#process, 'exit') : undefined;
    this.#session = undefined;
    await this.send('Browser.close');
    this.#socket.close();
    await exit;
  }
}
