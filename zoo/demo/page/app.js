// Start the page: its tabs, and the worker that runs the networks.

import { startDrawing } from "./draw.js";
import { Engine } from "./engine.js";
import { startEnlarging } from "./enlarge.js";
import { $ } from "./helpers.js";
import { startWandering } from "./wander.js";

const TABS = ["enlarge", "draw", "wander"];

function choose(name, focus = false) {
  for (const each of TABS) {
    const tab = $(`tab-${each}`);
    tab.setAttribute("aria-selected", each === name);
    tab.tabIndex = each === name ? 0 : -1;
    $(each).hidden = each !== name;
  }
  if (focus) $(`tab-${name}`).focus();
  history.replaceState(null, "", `#${name}`);
}

for (const [number, name] of TABS.entries()) {
  $(`tab-${name}`).addEventListener("click", () => choose(name));
  $(`tab-${name}`).addEventListener("keydown", (event) => {
    const next = { ArrowRight: number + 1, ArrowLeft: number - 1, Home: 0, End: TABS.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose(TABS[(next + TABS.length) % TABS.length], true);
  });
}
addEventListener("hashchange", () => choose(TABS.find((each) => `#${each}` === location.hash) ?? TABS[0]));
choose(TABS.find((each) => `#${each}` === location.hash) ?? TABS[0]);

try {
  const [models, runtime] = await Promise.all(
    ["models/models.json", "runtime/runtime.json"].map(async (address) => (await fetch(address)).json()),
  );
  $("runtime-version").textContent = `${runtime.name} ${runtime.version}`;
  const engine = new Engine();
  startEnlarging(engine, models.enlarging);
  startDrawing(engine, models.autoencoders, models.classifier);
  startWandering(engine, models.generators);
} catch (error) {
  $("notice").textContent = `The page is not whole: ${error.message}. Build it again with python -m zoo demo.`;
  $("notice").hidden = false;
}
