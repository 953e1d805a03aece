export default {
  render({ model, el }) {
    const [axes, classes, tokens] = [model.get("axes"), model.get("classes"), model.get("tokens")];
    const [clips, start] = [model.get("clips"), model.get("start")];
    const [sign, color] = [signsOf(classes), colorsOf(classes)];
    let kept = null; // a click keeps a card while the pointer goes there
    const menu = (name, options, chosen) => {
      const box = make("select", { onchange: () => draw() },
        ...options.map(([value, text]) => make("option", { value, selected: value === chosen }, text)));
      return [make("label", {}, `${name} `, box), box];
    };
    const named = axes.map(({ key, name }) => [key, name]);
    const [acrossLabel, across] = menu("across:", named, start[0]);
    const [upLabel, up] = menu("up:", named, start[1]);
    const [onlyLabel, only] = menu("class:", [["", "all"], ...classes.map(({ name }) => [name, `${sign[name]} ${name}`])], "");
    const plot = make("div", { class: "plot", role: "group", "aria-label": "Tokens as dots; arrow keys move, Enter plays" });
    const said = make("p", { role: "status" });
    const card = make("div", { class: "card", "data-card": true });
    el.append(make("div", { class: "columns" }, acrossLabel, upLabel, onlyLabel), said,
      make("div", { class: "columns" }, plot, card), keys(classes),
      make("p", {}, "Point at a token, or move with the arrow keys, to read its card; click it, or press Enter, to hear it: "
        + "its card then stays."));

    const list = (token) => make("ul", {}, ...token.moments.map(([place, begin, end]) => {
      const { id, text, sound } = clips[place];
      const at = `${begin.toFixed(1)} s`;
      const go = () => send("timeline", { clip: id, token: token.name });
      return make("li", {},
        make("button", { onclick: () => play(sound, Math.max(begin - 0.15, 0), end + 0.15), "aria-label": `play ${token.name} in ${id} at ${at}` }, `▶ ${at}`),
        ` “${text}” `, find("timeline") && make("button", { onclick: go, "aria-label": `show ${token.name} in ${id}` }, "its clip"));
    }));

    const show = (token) => {
      card.replaceChildren(make("h3", {}, `${token.name} ${token.sound ? "♪" : token.moments?.length ? "" : "(occurs in none of these clips)"}`),
        ...token.card.map((line) => make("div", {}, line)),
        ...(token.moments?.length ? [make("h3", {}, "Moments"), list(token)] : []));
      plot.querySelectorAll("button").forEach((one) => one.classList.toggle("here", one.dataset.token === token.name));
    };

    const draw = () => {
      kept = null;
      const shown = tokens.filter((one) => (!only.value || one.label === only.value)
        && one.values[across.value] != null && one.values[up.value] != null);
      const spread = (key) => {
        const values = tokens.map((one) => one.values[key]).filter((value) => value != null);
        const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
        return (value) => 4 + (92 * (value - low)) / (high - low || 1);
      };
      const [x, y] = [spread(across.value), spread(up.value)];
      shown.sort((a, b) => a.values[across.value] - b.values[across.value]);
      const dots = shown.map((token) => make("button", {
        class: "dot", "data-token": token.name,
        style: `left:${x(token.values[across.value])}%;bottom:${y(token.values[up.value])}%;--fill:${color[token.label]}`,
        "aria-label": `${token.name}, ${token.stance} ${token.label}: ${across.selectedOptions[0].text} `
          + `${signed(token.values[across.value])}, ${up.selectedOptions[0].text} ${signed(token.values[up.value])}`,
        onmouseenter: () => kept ?? show(token),
        onfocus: () => { kept = null; show(token); },
        onclick: () => { kept = token; show(token); if (token.sound) play(token.sound); },
      }, sign[token.label]));
      const name = (key) => axes.find((one) => one.key === key).name;
      plot.replaceChildren(
        make("span", { class: "zero", style: `left:${x(0)}%;top:0;bottom:0` }),
        make("span", { class: "zero", style: `bottom:${y(0)}%;left:0;right:0` }),
        make("span", { class: "axis", style: "right:.4em;bottom:.2em" }, `${name(across.value)} →`),
        make("span", { class: "axis", style: "left:.4em;top:.2em" }, `↑ ${name(up.value)}`), ...dots);
      rove(dots);
      said.textContent = `${shown.length} of ${tokens.length} tokens; the lines are at 0`;
      if (shown.length) show(shown[shown.length - 1]);
      else card.replaceChildren();
    };
    draw();

    el.addEventListener("speechlm", ({ detail }) => { // sent here from a clip
      const seek = () => plot.querySelector(`[data-token="${detail.token}"]`);
      only.value = "";
      draw();
      if (!seek()) { // not measured on these axes
        across.value = up.value = axes[0].key;
        draw();
      }
      seek()?.focus();
      kept = tokens.find(({ name }) => name === detail.token);
      el.scrollIntoView({ block: "nearest" });
    });
  },
};
