// A what-if as the words of `gang simulate`. Pure.
export interface WhatIf {
  policies: string[];
  scale_arrivals: string;
  add: string;
  remove: string;
  swap: string;
  power_limit: string;
  backtest: boolean;
}

export const empty_what_if: WhatIf = {
  policies: [],
  scale_arrivals: "",
  add: "",
  remove: "",
  swap: "",
  power_limit: "",
  backtest: true,
};

/** In the order of docs/guide/simulate.md: those that need no oracle. */
export const policies = [
  "easy",
  "fifo",
  "conservative",
  "fair",
  "ageing",
  "gang",
  "predicted",
  "best_fit",
  "fgd",
  "shortest",
  "smallest",
];

function list(words: string): string[] {
  return words.split(/[\s,]+/).filter((word) => word !== "");
}

/** Options of `gang simulate`, each one word of the command line. */
export function options(what: WhatIf): string[] {
  const words: string[] = [];
  if (what.backtest) words.push("--backtest");
  if (what.policies.length > 0) words.push("--policy", what.policies.join(","));
  if (what.scale_arrivals.trim() !== "") words.push("--scale-arrivals", what.scale_arrivals.trim());
  for (const node of list(what.add)) words.push("--add", node);
  for (const node of list(what.remove)) words.push("--remove", node);
  for (const swap of list(what.swap)) words.push("--gpu-model-swap", swap);
  if (what.power_limit.trim() !== "") words.push("--power-limit", what.power_limit.trim());
  return words;
}

/** The command for a shell. */
export function command(what: WhatIf): string {
  return ["gang", "simulate", ...options(what).map(shell_word)].join(" ");
}

function shell_word(word: string): string {
  return /^[\w.,:=\/+-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`;
}
