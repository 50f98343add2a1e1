// Each view has an address in the fragment: #/cluster, #/job/7/3.
export type Route =
  | { view: "cluster"; node?: number; device?: number }
  | { view: "jobs"; phase: "waiting" | "running" | "ended" }
  | { view: "submit" }
  | { view: "job"; job: number; gang?: number }
  | { view: "time" }
  | { view: "what-if"; run?: number };

function number(word: string | undefined): number | undefined {
  return word !== undefined && /^\d{1,15}$/.test(word) ? Number(word) : undefined;
}

/** Any fragment has a view: what names none shows the cluster. */
export function parse_route(fragment: string): Route {
  const words = fragment
    .replace(/^#?\/?/, "")
    .split("?")[0]!
    .split("/");
  switch (words[0]) {
    case "jobs":
      if (words[1] === "new") return { view: "submit" };
      return { view: "jobs", phase: words[1] === "waiting" || words[1] === "ended" ? words[1] : "running" };
    case "job": {
      const job = number(words[1]);
      if (job === undefined) return { view: "jobs", phase: "running" };
      return { view: "job", job, gang: number(words[2]) };
    }
    case "time":
      return { view: "time" };
    case "what-if":
      return { view: "what-if", run: number(words[1]) };
    default:
      return { view: "cluster", node: number(words[1]), device: number(words[2]) };
  }
}

export function address(route: Route): string {
  switch (route.view) {
    case "cluster":
      return route.device === undefined ? "#/cluster" : `#/cluster/${route.node}/${route.device}`;
    case "jobs":
      return `#/jobs/${route.phase}`;
    case "submit":
      return "#/jobs/new";
    case "job":
      return route.gang === undefined ? `#/job/${route.job}` : `#/job/${route.job}/${route.gang}`;
    case "what-if":
      return route.run === undefined ? "#/what-if" : `#/what-if/${route.run}`;
    default:
      return `#/${route.view}`;
  }
}

/** The token that an address carries, and the address without it. */
export function take_token(fragment: string): { token?: string; rest: string } {
  const found = /^#(?:.*&)?token=([^&]*)/.exec(fragment);
  if (!found) return { rest: fragment };
  try {
    return { token: decodeURIComponent(found[1]!), rest: "" };
  } catch {
    return { token: found[1]!, rest: "" };
  }
}
