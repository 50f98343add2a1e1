// Why a gang is over, with the last lines that it wrote.
import type { Ending } from "../base/model";
import { plain } from "../base/text";

export function EndingBox(props: { ending: Ending }) {
  const { ending } = props;
  const detail = plain(ending.detail);
  const lines = plain(ending.last_lines);
  if (ending.cause === "done" || (detail === "" && lines === "")) return null;
  return (
    <section class="ending" aria-label="How it ended">
      {detail !== "" && <p>{detail}</p>}
      {lines !== "" && (
        <>
          <p class="muted">Its last lines{ending.rank === undefined ? "" : `, of rank ${ending.rank}`}:</p>
          <pre>{lines}</pre>
        </>
      )}
    </section>
  );
}
