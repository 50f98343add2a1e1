import "uplot/dist/uPlot.min.css";
import "./style/colours.css";
import "./style/controls.css";
import "./style/parts.css";
import "./style/base.css";
import "./style/cluster.css";
import "./style/jobs.css";
import "./style/job.css";
import "./style/log.css";
import "./style/time.css";
import { render } from "preact";
import { App } from "./app";
import { take_token } from "./base/route";

const token_key = "gangline-token";

// The token leaves the address before anything else happens, so that it stays in no history and no screenshot.
function token_of_address(): string {
  const { token, rest } = take_token(location.hash);
  if (token !== undefined) {
    sessionStorage.setItem(token_key, token);
    history.replaceState(null, "", location.pathname + (rest || "#/cluster"));
  }
  return sessionStorage.getItem(token_key) ?? "";
}

function keep_token(token: string) {
  if (token === "") sessionStorage.removeItem(token_key);
  else sessionStorage.setItem(token_key, token);
}

const root = document.getElementById("app")!;
root.textContent = "";
render(<App first_token={token_of_address()} keep_token={keep_token} />, root);
