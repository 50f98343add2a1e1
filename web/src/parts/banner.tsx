// One calm line when what is shown may be old, and why.
import { useEffect, useReducer } from "preact/hooks";
import { clock, span } from "../base/format";
import type { Status } from "../base/model";
import { plain } from "../base/text";
import { useLive, useNow, useSession } from "../live/hooks";
import { status_rule } from "../live/rules";

export function Banner() {
  const { live } = useSession();
  const [, changed] = useReducer((n: number) => n + 1, 0);
  useEffect(() => live.watch_link(() => changed(null as never)), [live]);
  const status = useLive<Status>("/v1/status", status_rule);
  const link = live.link;
  useEffect(() => {
    document.documentElement.classList.toggle("old", link.state === "lost" || link.state === "gone");
  }, [link.state]);
  const trouble = link.state === "live" ? plain(status.value?.trouble) : "";
  return (
    <div class="banner-place" role="status" aria-live="polite">
      {link.state === "lost" && (
        <p class="banner">
          <span>
            The connection is lost. What you see is{" "}
            {live.good_at === 0 ? "old" : `of ${clock(live.good_at * 1000, Date.now() * 1000)}`}.
          </span>
          <Again at={link.again_at} />
          <button class="quiet" onClick={() => live.hurry()}>
            Try now
          </button>
        </p>
      )}
      {link.state === "gone" && (
        <p class="banner">
          The service is not there at the moment. What you see is of {clock(live.good_at * 1000, Date.now() * 1000)}; it
          goes on by itself when the service is back.
        </p>
      )}
      {trouble !== "" && <p class="banner bad">{trouble}</p>}
    </div>
  );
}

// Not read out each second.
function Again(props: { at: number }) {
  const now = useNow(500) / 1000;
  const left = Math.max(0, props.at - now);
  return (
    <span aria-hidden="true">{left < 500 ? "Trying…" : `Trying again in ${span(Math.ceil(left / 1000) * 1e6)}.`}</span>
  );
}
