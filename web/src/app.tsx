// The frame around all views: who asks, where one is, and how things are with the service.
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { WhoAmI } from "./base/model";
import { parse_route, take_token, type Route } from "./base/route";
import { ClusterView } from "./cluster/cluster";
import { JobView } from "./job/job";
import { JobsView } from "./jobs/jobs";
import { SubmitView } from "./jobs/submit";
import { Api, Refusal } from "./live/api";
import { SessionContext, type Session } from "./live/hooks";
import { Live } from "./live/live";
import { Banner } from "./parts/banner";
import { ThemeSwitch } from "./parts/theme";
import { TimeView } from "./time/time";
import { TokenForm } from "./parts/token_form";
import { WhatIfView } from "./what_if/what_if";

type Entry =
  | { state: "asking" }
  | { state: "token"; why: string }
  | { state: "away"; trouble: string }
  | { state: "in"; session: Session };

const again_after = 2000;

export function App(props: { first_token: string; keep_token: (token: string) => void }) {
  const [entry, set_entry] = useState<Entry>({ state: "asking" });
  const [token, set_token] = useState(props.first_token);
  const [attempt, set_attempt] = useState(0);
  const route = useRoute((fresh) => set_token(fresh));

  useEffect(() => {
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const api = new Api((...words) => fetch(...words));
    api.token = token;
    const live = new Live(api);
    const denied = (why: string) => {
      if (over) return;
      live.stop();
      props.keep_token("");
      set_entry({ state: "token", why });
    };
    api.on_denied = () => denied(token === "" ? "" : "This token is not valid, or no longer. Ask for another one.");
    const enter = async () => {
      try {
        const who = await api.get<WhoAmI>("/v1/whoami");
        if (over) return;
        props.keep_token(token);
        live.start();
        set_entry({ state: "in", session: { live, who } });
      } catch (trouble) {
        if (over || (trouble instanceof Refusal && trouble.status === 401)) return;
        set_entry({ state: "away", trouble: trouble instanceof Refusal ? trouble.what : "the answer makes no sense" });
        timer = setTimeout(() => void enter(), again_after);
      }
    };
    if (token === "") denied("");
    else void enter();
    return () => {
      over = true;
      clearTimeout(timer);
      live.stop();
    };
  }, [token, attempt]);

  const take = (given: string) => {
    set_token(given);
    set_attempt((n) => n + 1);
  };
  if (entry.state === "token") return <TokenForm why={entry.why} use={take} />;
  if (entry.state === "asking")
    return (
      <p class="alone" role="status">
        Asking the service…
      </p>
    );
  if (entry.state === "away") {
    return (
      <p class="alone" role="status">
        {entry.trouble}. Trying again each two seconds.
      </p>
    );
  }
  return (
    <SessionContext.Provider value={entry.session}>
      <Frame route={route} who={entry.session.who} leave={() => set_token("")} />
    </SessionContext.Provider>
  );
}

// The route of the address; a token pasted into the address of an open page is taken as well.
function useRoute(new_token: (token: string) => void): Route {
  const [route, set] = useState<Route>(() => parse_route(location.hash));
  useEffect(() => {
    const moved = () => {
      const { token } = take_token(location.hash);
      if (token !== undefined) {
        history.replaceState(null, "", location.pathname + "#/cluster");
        new_token(token);
      }
      set(parse_route(location.hash));
    };
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return route;
}

const places = [
  { view: "cluster", href: "#/cluster", name: "Cluster" },
  { view: "jobs", href: "#/jobs/running", name: "Jobs" },
  { view: "time", href: "#/time", name: "Time" },
  { view: "what-if", href: "#/what-if", name: "What if" },
];

function place_of(route: Route): string {
  return route.view === "job" || route.view === "submit" ? "jobs" : route.view;
}

function Frame(props: { route: Route; who: WhoAmI; leave: () => void }) {
  const main = useRef<HTMLElement>(null);
  const here = place_of(props.route);
  useTitleAndFocus(props.route, main);
  const skip = useCallback((event: Event) => {
    event.preventDefault();
    main.current?.focus();
  }, []);
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href="#/cluster">
          <img src="icon.svg" alt="" width="22" height="22" />
          Gangline
        </a>
        <nav aria-label="Views">
          {places.map((place) => (
            <a key={place.view} href={place.href} aria-current={place.view === here ? "page" : undefined}>
              {place.name}
            </a>
          ))}
        </nav>
        <div class="who">
          <span class="muted" title={`token ${props.who.token}, Gangline ${props.who.version}`}>
            {props.who.login}
            <span class="role">{props.who.role === "read" ? " · may look" : ""}</span>
          </span>
          <ThemeSwitch />
          <button class="quiet" onClick={props.leave} title="Forget the token in this window">
            Leave
          </button>
        </div>
      </header>
      <Banner />
      <main id="main" ref={main} tabIndex={-1}>
        <View route={props.route} />
      </main>
    </>
  );
}

const titles: Record<string, string> = {
  cluster: "Cluster",
  jobs: "Jobs",
  submit: "New job",
  time: "Time",
  "what-if": "What if",
};

// A screen reader is told that another view is there; the first one is left where the browser puts it.
function useTitleAndFocus(route: Route, main: { current: HTMLElement | null }) {
  const first = useRef(true);
  const name = route.view === "job" ? `Job ${route.job}` : titles[route.view]!;
  useEffect(() => {
    document.title = `${name} · Gangline`;
    if (!first.current) {
      main.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    first.current = false;
  }, [name]);
}

function View(props: { route: Route }) {
  const route = props.route;
  const shown = useMemo(() => route, [JSON.stringify(route)]);
  switch (shown.view) {
    case "cluster":
      return <ClusterView node={shown.node} device={shown.device} />;
    case "jobs":
      return <JobsView phase={shown.phase} />;
    case "submit":
      return <SubmitView />;
    case "job":
      return <JobView key={shown.job} job={shown.job} gang={shown.gang} />;
    case "time":
      return <TimeView />;
    case "what-if":
      return <WhatIfView run={shown.run} />;
  }
}
