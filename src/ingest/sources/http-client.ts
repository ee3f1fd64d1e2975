/**
 * Port: one request, one answer. No redirects, no retries, no pauses: those are decided above it, where they can be
 * tested, and every address passes the policy there before it comes here.
 */
export interface HttpRequest {
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case; of a repeated header the values joined. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** As it came over the network, still packed. Rejects with `http.network` or `http.timeout` when it ends early. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives the answer up; the connection is closed. Nothing happens when the body was read to its end. */
  close(): void;
}

export interface HttpClient {
  /** Rejects with `http.network`, `http.timeout`, `http.name`, `http.tls` or `network.address`. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** Closes the connections that are kept. */
  close(): void;
}
