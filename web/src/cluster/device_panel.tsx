// A closer look at one device: who is on it and kept to it by what, its neighbours, its last hour.
import { celsius, percent, power, size } from "../base/format";
import type { DeviceProcess, GangId, GangView, NodeView, Readings } from "../base/model";
import { address } from "../base/route";
import { plain } from "../base/text";
import { useLive } from "../live/hooks";
import { gang_rule, readings_rule } from "../live/rules";
import { Dialog } from "../parts/dialog";
import { UseCharts } from "../parts/use_charts";
import { device_views, gang_name, links_of, who_words, type DeviceView } from "./standing";

export function DevicePanel(props: { node: NodeView; index: number; close: () => void }) {
  const view = device_views(props.node)[props.index];
  if (!view) return null;
  const { device, sample } = view;
  const words = who_words(view);
  return (
    <Dialog label={`Device ${props.index} of ${props.node.node.name}`} close={props.close} wide>
      <header class="dialog-head">
        <h2>
          {device.model ?? device.kind}{" "}
          <span class="muted">
            device {props.index} of {props.node.node.name}
          </span>
        </h2>
        <button class="quiet" onClick={props.close} aria-label="Close">
          ✕
        </button>
      </header>
      <dl class="facts">
        <Fact name="Busy" value={percent(sample.busy_percent)} />
        <Fact name="Memory" value={`${size(sample.memory_used)} of ${size(device.memory || undefined)}`} />
        <Fact
          name="Power"
          value={`${power(sample.power)}${device.power_limit ? ` of ${power(device.power_limit)}` : ""}`}
        />
        <Fact name="Temperature" value={celsius(sample.temperature_celsius)} />
        {device.numa_node !== undefined && <Fact name="NUMA node" value={String(device.numa_node)} />}
        {device.pci_address && <Fact name="PCI address" value={device.pci_address} />}
        <Fact name="Name" value={device.uid} wide />
      </dl>
      <h3>Who is on it</h3>
      {words !== "" && <p>{words}</p>}
      {(view.use.gangs ?? []).map(([gang, share]) => (
        <Holder key={gang_name(gang)} gang={gang} share={share} />
      ))}
      {view.standing === "held" && view.use.foreign && (
        <p class="warn-text">Also used from outside: {plain(view.use.foreign)}</p>
      )}
      {(view.use.set_aside ?? []).map((words) => (
        <p key={words}>{words}</p>
      ))}
      <Processes processes={sample.processes} />
      <Links view={view} />
      <Use node={props.node.id} index={props.index} />
    </Dialog>
  );
}

function Fact(props: { name: string; value: string; wide?: boolean }) {
  return (
    <div class={props.wide ? "wide-fact" : ""}>
      <dt>{props.name}</dt>
      <dd>{props.value}</dd>
    </div>
  );
}

function Holder(props: { gang: GangId; share: number }) {
  const { gang, share } = props;
  const seen = useLive<GangView>(`/v1/jobs/${gang.job}/gangs/${gang.gang}`, gang_rule(gang.job, gang.gang));
  return (
    <div class="holder">
      <a href={address({ view: "job", job: gang.job, gang: gang.gang })}>gang {gang_name(gang)}</a>
      {share < 1000 ? ` with ${share / 1000} of it` : ""}
      {seen.value?.fences && <Fences fences={seen.value.fences} />}
    </div>
  );
}

export function Fences(props: { fences: NonNullable<GangView["fences"]> }) {
  return (
    <ul class="fences" aria-label="Fences">
      {props.fences.map((fence) => (
        <li key={fence.name} class={fence.holds ? "holds" : "open"}>
          <b>{fence.name}</b> {fence.holds ? "holds" : "does not hold"} <span class="muted">{fence.how}</span>
        </li>
      ))}
    </ul>
  );
}

function Processes(props: { processes: DeviceProcess[] | undefined }) {
  if (props.processes === undefined) return <p class="muted">Which processes use it is not known.</p>;
  if (props.processes.length === 0) return null;
  return (
    <table class="small">
      <thead>
        <tr>
          <th>Process</th>
          <th>User</th>
          <th>Command</th>
          <th class="number">Memory</th>
        </tr>
      </thead>
      <tbody>
        {props.processes.map((each) => (
          <tr key={each.pid}>
            <td>{each.pid}</td>
            <td>{each.user || "–"}</td>
            <td>{plain(each.command) || "–"}</td>
            <td class="number">{size(each.memory)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Links(props: { view: DeviceView }) {
  const near = links_of(props.view.node, props.view.index);
  if (near.length === 0) return null;
  const groups = new Map<string, number[]>();
  for (const each of near) groups.set(each.words, [...(groups.get(each.words) ?? []), each.device]);
  return (
    <>
      <h3>How it reaches the others</h3>
      <ul class="links">
        {[...groups].map(([words, devices]) => (
          <li key={words}>
            <b>{words}</b> {devices.join(", ")}
          </li>
        ))}
      </ul>
    </>
  );
}

function Use(props: { node: number; index: number }) {
  const seen = useLive<Readings>(`/v1/nodes/${props.node}/readings?devices=${props.index}&most=240`, readings_rule);
  if (seen.trouble) return null;
  return (
    <>
      <h3>The last hour</h3>
      <UseCharts readings={seen.value} />
    </>
  );
}
