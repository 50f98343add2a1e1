// Asks for the token, where there is none or it is not valid.
import { useState } from "preact/hooks";

export function TokenForm(props: { why: string; use: (token: string) => void }) {
  const [given, set] = useState("");
  const send = (event: Event) => {
    event.preventDefault();
    if (given.trim() !== "") props.use(given.trim());
  };
  return (
    <main class="token">
      <form onSubmit={send}>
        <h1>
          <img src="icon.svg" alt="" width="28" height="28" /> Gangline
        </h1>
        {props.why !== "" && (
          <p class="bad-text" role="alert">
            {props.why}
          </p>
        )}
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={given}
          onInput={(event) => set(event.currentTarget.value)}
        />
        <p class="muted">
          <code>gang serve</code> prints an address that has one in it; <code>gang token add NAME</code> makes one that
          stays.
        </p>
        <button class="main" type="submit">
          Open
        </button>
      </form>
    </main>
  );
}
