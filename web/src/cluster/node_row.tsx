// One node: what it has in all, and a tile for each of its devices.
import { Component } from "preact";
import { clock, count, cpus_in, exact, many, power, size } from "../base/format";
import type { NodeView, PlacedNode } from "../base/model";
import { plain } from "../base/text";
import { device_views, links_of, out_of_service } from "./standing";
import { Tile } from "./tile";

interface Props {
  view: NodeView;
  names: Map<number, string>;
}
interface State {
  pointed: number | null;
  /** It was on the screen, or near it. */
  seen: boolean;
}

/** A node of more devices takes the whole width. */
const most_in_half_a_row = 4;
/** Rows further from the screen than this are not drawn anew when readings change. */
const near_screen = "400px";

export class NodeRow extends Component<Props, State> {
  override state: State = { pointed: null, seen: false };
  private on_screen = true;
  private element: HTMLElement | null = null;
  private watcher: IntersectionObserver | undefined;
  private behind = false;

  override componentDidMount() {
    this.watcher = new IntersectionObserver(
      (entries) => {
        this.on_screen = entries[entries.length - 1]!.isIntersecting;
        if (this.on_screen && !this.state.seen) this.setState({ seen: true });
        if (this.on_screen && this.behind) this.forceUpdate();
      },
      { rootMargin: near_screen },
    );
    if (this.element) this.watcher.observe(this.element);
  }

  override componentWillUnmount() {
    this.watcher?.disconnect();
  }

  override shouldComponentUpdate(next: Props, state: State) {
    const same_state = state.pointed === this.state.pointed && state.seen === this.state.seen;
    if (next.view === this.props.view && next.names === this.props.names && same_state) return false;
    this.behind = !this.on_screen;
    return this.on_screen;
  }

  private point = (index: number | null) => this.setState({ pointed: index });

  override render({ view, names }: Props, { pointed, seen }: State) {
    this.behind = false;
    const devices = device_views(view);
    const near = new Map(pointed === null ? [] : links_of(view, pointed).map((each) => [each.device, each.words]));
    const heading = `node-${view.id}`;
    return (
      <section
        class={`node${devices.length > most_in_half_a_row ? " wide" : ""}${view.node.up === false ? " down" : ""}`}
        ref={(element) => void (this.element = element)}
        aria-labelledby={heading}
      >
        <NodeHead view={view} heading={heading} />
        {devices.length > 0 && (
          <ul class="tiles">
            {devices.map((each) => (
              <Tile
                key={each.index}
                view={each}
                names={names}
                seen={seen}
                near={near.get(each.index) ?? ""}
                point={this.point}
              />
            ))}
          </ul>
        )}
        {view.placed && <Placed placed={view.placed} tiles={devices.length > 0} />}
        <Notes view={view} />
      </section>
    );
  }
}

function NodeHead(props: { view: NodeView; heading: string }) {
  const { view } = props;
  const { node } = view;
  const cpus = cpus_in(node.cpus) || (node.counted ?? 0);
  const taken = cpus_in(view.cpus_taken) || (view.counted_taken ?? 0);
  const packages = view.sample?.packages?.map((each) => each.power).filter((watts) => watts !== undefined) ?? [];
  return (
    <header class="node-head">
      <h2 id={props.heading}>{node.name}</h2>
      {node.up === false && <span class="tag bad">not reachable</span>}
      {view.placed && (
        <span class={`tag${out_of_service.test(view.placed.state) ? " bad" : ""}`}>{view.placed.state}</span>
      )}
      {(node.place?.length ?? 0) > 0 && <span class="muted">{node.place!.join(" / ")}</span>}
      <span class="node-facts">
        {cpus > 0 && (
          <span title={node.cpu_model}>
            {count(taken)} of {many(cpus, "CPU")}
          </span>
        )}
        {node.memory ? (
          <span>
            {size(view.memory_taken ?? 0)} of {size(node.memory)} memory
          </span>
        ) : null}
        {packages.length > 0 && <span>CPUs {power(packages.reduce((sum, watts) => sum + watts!, 0))}</span>}
        {node.driver && <span class="wide-only">driver {node.driver}</span>}
        {node.until !== undefined && (
          <span title={exact(node.until)}>leaves {clock(node.until, Date.now() * 1000)}</span>
        )}
      </span>
    </header>
  );
}

// A node on which another system places: what that says of it.
function Placed(props: { placed: PlacedNode; tiles: boolean }) {
  const { placed } = props;
  return (
    <div class="placed">
      {!props.tiles &&
        (placed.devices ?? []).map((kind) => (
          <span key={kind.model ?? ""} class="placed-kind">
            <span>{kind.model || "devices"}</span>
            <span class="pips" role="img" aria-label={`${kind.held} of ${kind.count} held`}>
              {Array.from({ length: Math.min(kind.count, 64) }, (_, i) => (
                <span key={i} class={i < kind.held ? "held" : ""} />
              ))}
            </span>
            <span class="muted">
              {kind.held} of {kind.count} held
            </span>
          </span>
        ))}
      <span class="muted">
        {placed.cpus_held ? `${count(placed.cpus_held)} CPUs held · ` : ""}
        {placed.memory_held ? `${size(placed.memory_held)} held · ` : ""}
        {many(placed.partitions?.length ?? 0, "partition")}
        {placed.partitions?.length
          ? `: ${placed.partitions.map((each) => each.name + (each.up === false ? " (down)" : "")).join(", ")}`
          : ""}
      </span>
    </div>
  );
}

function Notes(props: { view: NodeView }) {
  const notes = [...(props.view.node.notes ?? []).map((note) => plain(note)), ...(props.view.set_aside ?? [])];
  const ports = props.view.node.ports ?? [];
  if (notes.length === 0 && ports.length === 0) return null;
  return (
    <ul class="node-notes">
      {ports.map((port, i) => {
        const sample = props.view.sample?.ports?.[i];
        return (
          <li key={`${port.card}/${port.port}`} class="muted">
            {port.layer || "port"} {port.card}/{port.port} {sample?.state?.toLowerCase() ?? "–"} {sample?.rate ?? ""}
          </li>
        );
      })}
      {notes.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
}
