// Calls of the service. The token never leaves in an address, only in a header.
import type { Mistake } from "../base/model";

export interface Answer {
  status: number;
  text: string;
}

/** The service said no, or could not be reached (status 0). */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly what: string,
    readonly hint: string,
    readonly mistakes: Mistake[],
  ) {
    super(what);
  }
}

const unreachable = "the service cannot be reached";
const longest_wait = 30_000;

export class Api {
  token = "";
  /** Called where the service does not know the token (any more). */
  on_denied: () => void = () => {};

  constructor(
    private fetch_: typeof fetch,
    private root = "",
  ) {}

  async get<T>(path: string): Promise<T> {
    return JSON.parse(await this.text("GET", path)) as T;
  }

  async post<T>(path: string, body = "", headers: Record<string, string> = {}): Promise<T> {
    const text = await this.text("POST", path, body, headers);
    return (text === "" ? {} : JSON.parse(text)) as T;
  }

  /** The body of a good answer; else a Refusal. */
  async text(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<string> {
    const end = new AbortController();
    const timer = setTimeout(() => end.abort(), longest_wait);
    try {
      const answer = await this.fetch_(this.root + path, {
        method,
        body: method === "GET" ? undefined : body,
        headers: { ...this.headers(), ...headers },
        cache: "no-store",
        signal: end.signal,
      });
      const text = await answer.text();
      if (answer.ok) return text;
      if (answer.status === 401) this.on_denied();
      throw refusal_of(answer.status, text);
    } catch (trouble) {
      if (trouble instanceof Refusal) throw trouble;
      throw new Refusal(0, unreachable, "", []);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The stream of events; it goes on until `signal` ends it. */
  async events(last: string | undefined, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { ...this.headers(), Accept: "text/event-stream" };
    if (last !== undefined) headers["Last-Event-ID"] = last;
    const answer = await this.fetch_(this.root + "/v1/events", { headers, signal, cache: "no-store" });
    if (answer.status === 401) this.on_denied();
    return answer;
  }

  private headers(): Record<string, string> {
    return this.token === "" ? {} : { Authorization: `Bearer ${this.token}` };
  }
}

/** What an answer that is no good says, also where it is not the JSON of an Error. */
export function refusal_of(status: number, text: string): Refusal {
  let said: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) said = parsed as Record<string, unknown>;
  } catch {
    // A proxy's page, say: its status has to do.
  }
  const word = (key: string) => (typeof said[key] === "string" ? (said[key] as string) : "");
  const mistakes = Array.isArray(said.mistakes) ? (said.mistakes as Mistake[]) : [];
  const what = word("what") || (mistakes.length > 0 ? "the job file has mistakes" : `the service answered ${status}`);
  return new Refusal(status, what, word("hint") || word("try"), mistakes);
}
