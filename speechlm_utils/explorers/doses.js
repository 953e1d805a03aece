const [OWN, BESIDE] = ["#0072b2", "#d55e00"];

export default {
  render({ model, el }) {
    const [doses, measures, tokens, clip] = ["doses", "measures", "tokens", "clip"].map((name) => model.get(name));
    const choice = make("select", { onchange: () => draw() },
      ...tokens.map(({ name, about }, i) => make("option", { value: i }, `${name} (${about})`)));
    const slider = make("input", { type: "range", min: 0, max: doses.length - 1, value: 0, step: 1, oninput: () => draw() });
    const [said, table] = [make("p", { role: "status" }), make("table", { class: "doses" })];
    const player = make("audio", { controls: true, loop: true });
    el.append(make("p", {}, make("label", {}, "token: ", choice)), make("p", {}, make("label", {}, "dose: ", slider)), said,
      make("p", {}, player), make("p", {}, `You hear ${clip.what} “${clip.text}” (${clip.id}). Play, then move the slider. `
        + `The curves are means over ${clip.n} clips with 95 % intervals: changes from dose 0.`), scroll(table, "What moves with the dose"));

    const spread = measures.map((_, k) => {
      const values = tokens.flatMap(({ rows }) => rows[k].curve.filter(Boolean).flat());
      return [Math.min(0, ...values), Math.max(0, ...values)];
    });
    const write = (one) => one ? `${signed(one[0], 1)} [${signed(one[1], 1)}, ${signed(one[2], 1)}]` : "not measured";
    const sketch = (k, rows, place) => {
      const [width, height, [low, high]] = [220, 64, spread[k]];
      const x = (i) => 8 + (doses[i] * (width - 16)) / 100;
      const y = (value) => height - 6 - ((value - low) / (high - low || 1)) * (height - 12);
      const trace = (row, color, dashes) => {
        const known = row.curve.map((one, i) => [one, i]).filter(([one]) => one);
        const band = [...known.map(([one, i]) => `${x(i)},${y(one[1])}`), ...known.reverse().map(([one, i]) => `${x(i)},${y(one[2])}`)];
        const middle = known.map(([one, i]) => `${x(i)},${y(one[0])}`);
        return [make("polyline", { points: band.join(" "), fill: color, "fill-opacity": 0.18, stroke: "none" }),
          make("polyline", { points: middle.join(" "), fill: "none", stroke: color, "stroke-width": 2, "stroke-dasharray": dashes })];
      };
      const [own, beside] = rows;
      const label = `${measures[k].name} over the dose: ${own.curve.map((one, i) => `${doses[i]} % ${one ? signed(one[0], 1) : "unknown"}`).join(", ")}`;
      return make("svg", { viewBox: `0 0 ${width} ${height}`, width, role: "img", "aria-label": label },
        make("line", { x1: 0, x2: width, y1: y(0), y2: y(0), stroke: "currentColor", "stroke-width": 0.5 }),
        ...(beside ? trace(beside, BESIDE, "5 4") : []), ...trace(own, OWN),
        own.curve[place] && make("circle", { cx: x(place), cy: y(own.curve[place][0]), r: 5, fill: OWN, stroke: "currentColor" }));
    };

    const draw = () => {
      const [token, place] = [tokens[Number(choice.value)], Number(slider.value)];
      const beside = tokens.find(({ name }) => name === token.beside);
      const moved = measures.filter((_, k) => ["rises", "falls"].includes(token.rows[k].says));
      said.textContent = `${token.name} written into ${doses[place]} % of the frames; `
        + `${moved.length} of ${measures.length} measures move with its dose`;
      slider.setAttribute("aria-valuetext", `${doses[place]} %`);
      player.setAttribute("aria-label", `${clip.text}, ${token.name} in ${doses[place]} % of the frames`);
      follow(player, token.sounds[place]);
      const head = ["measured", "over the dose", `at ${doses[place]} %`, "slope, per 100 %", "verdict"];
      if (beside) head.push("less its control");
      const key = (color, dashes) => make("svg", { viewBox: "0 0 30 8", width: 30, "aria-hidden": "true" },
        make("line", { x1: 0, x2: 30, y1: 4, y2: 4, stroke: color, "stroke-width": 3, "stroke-dasharray": dashes }));
      table.replaceChildren(
        make("caption", {}, key(OWN), ` ${token.name} `,
          ...(beside ? [key(BESIDE, "5 4"), ` ${beside.name}, its control, not selected`] : [])),
        make("tr", {}, ...head.map((name) => make("th", { scope: "col" }, name))),
        ...measures.map(({ name, unit }, k) => {
          const [row, other] = [token.rows[k], beside?.rows[k]];
          const cells = [sketch(k, [row, other], place), write(row.curve[place]), write(row.slope), row.says];
          if (beside) cells.push(row.less);
          return make("tr", {}, make("th", { scope: "row" }, `${name} (${unit})`), ...cells.map((cell) => make("td", {}, cell)));
        }));
    };
    draw();
  },
};
