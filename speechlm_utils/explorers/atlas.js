const SIGNS = ["●", "▲", "■", "◆", "★", "✚", "▼", "○"];

export default {
  render({ model, el }) {
    const [axes, classes, tokens] = [model.get("axes"), model.get("classes"), model.get("tokens")];
    const sign = Object.fromEntries(classes.map((one, i) => [one.name, SIGNS[i % SIGNS.length]]));
    const color = Object.fromEntries(classes.map((one) => [one.name, one.color]));
    const menu = (name, options, chosen) => {
      const box = make("select", { onchange: () => draw() },
        ...options.map(([value, text]) => make("option", { value, selected: value === chosen }, text)));
      return [make("label", {}, `${name} `, box), box];
    };
    const named = axes.map(({ key, name }) => [key, name]);
    const [acrossLabel, across] = menu("across:", named, (axes[1] || axes[0]).key);
    const [upLabel, up] = menu("up:", named, (axes[2] || axes[0]).key);
    const [onlyLabel, only] = menu("class:", [["", "all"], ...classes.map(({ name }) => [name, `${sign[name]} ${name}`])], "");
    const plot = make("div", { class: "plot", role: "group", "aria-label": "Tokens as dots; arrow keys move, Enter plays" });
    const said = make("p", { role: "status" });
    const card = make("div", { class: "card", "data-card": true });
    el.append(make("div", { class: "columns" }, acrossLabel, upLabel, onlyLabel), said,
      make("div", { class: "columns" }, plot, card),
      make("p", {}, ...classes.map(({ name }) => make("span", { class: "key" },
        make("span", { class: "sign", style: `--fill:${color[name]}`, "aria-hidden": "true" }, sign[name]), ` ${name}  `))),
      make("p", {}, "Point at a token, or move with the arrow keys, to read its card; click it, or press Enter, to hear it."));

    const show = (token) => {
      card.replaceChildren(make("h3", {}, `${token.name} ${token.sound ? "♪" : "(occurs in none of these clips)"}`),
        ...token.card.map((line) => make("div", {}, line)));
      plot.querySelectorAll("button").forEach((one) => one.classList.toggle("here", one.dataset.token === token.name));
    };

    const draw = () => {
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
        onmouseenter: () => show(token), onfocus: () => show(token),
        onclick: () => { show(token); if (token.sound) play(token.sound); },
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
  },
};
