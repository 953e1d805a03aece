export default {
  render({ model, el }) {
    const [Cs, steps, sounds] = [model.get("Cs"), model.get("steps"), model.get("sounds")];
    const said = make("p", { role: "status" });
    const slider = make("input", {
      type: "range", min: 0, max: Cs.length - 1, step: 1, value: model.get("start"), oninput: () => draw(),
    });
    const heading = "C: left a strong penalty, right a weak one ";
    const [curve, layers, classes] = ["div", "div", "div"].map((tag) => make(tag, { class: "columns" }));
    const hint = "Blue bars (+) speak for a class, orange ones (−) against it."
      + (Object.keys(sounds).length ? " Press a bar with ♪ to hear moments of its token." : "");
    el.append(make("label", {}, heading, slider), said, curve, make("h3", {}, "Selected tokens by layer"),
      layers, make("h3", {}, "The strongest coefficients of each class"), make("p", {}, hint), classes);

    const bar = (name, value, share, source) => {
      const style = `--length:${(100 * share).toFixed(1)}%;--fill:${value < 0 ? "#d55e00" : "#0072b2"}`;
      const number = make("span", {}, Number.isInteger(value) ? String(value) : signed(value));
      const parts = [make("span", {}, source ? `♪ ${name}` : name), number];
      return source
        ? make("button", { class: "bar", style, onclick: () => play(source) }, ...parts)
        : make("div", { class: "bar", style }, ...parts);
    };

    const drawCurve = (step) => {
      const [width, height, left, base] = [420, 130, 42, 105];
      const most = Math.max(...steps.map((one) => one.n), 1);
      const [first, last] = [Math.log(Cs[0]), Math.log(Cs[Cs.length - 1])];
      const x = (place) => left + ((Math.log(Cs[place]) - first) / (last - first || 1)) * (width - left - 14);
      const y = (place) => base - (Math.log1p(steps[place].n) / Math.log1p(most)) * (base - 18);
      const points = Cs.map((_, place) => `${x(place)},${y(place)}`).join(" ");
      const note = (x, y, words, anchor) => make("text", { x, y, "text-anchor": anchor }, words);
      const about = `Number of selected tokens over C, from ${steps[0].n} to ${most}`;
      curve.replaceChildren(make("svg", { viewBox: `0 0 ${width} ${height}`, width, role: "img", "aria-label": about },
        make("line", { x1: left, x2: width, y1: base, y2: base, stroke: "currentColor" }),
        make("polyline", { points, fill: "none", stroke: "#8c8c8c", "stroke-width": 2 }),
        make("circle", { cx: x(step), cy: y(step), r: 6, fill: "#d55e00" }),
        note(left - 6, 22, String(most), "end"), note(left - 6, base + 4, "0", "end"),
        note(left, base + 18, String(Cs[0]), "start"), note(width - 2, base + 18, String(Cs[Cs.length - 1]), "end"),
        note((left + width) / 2, base + 18, "C (logarithmic)", "middle")));
    };

    const draw = () => {
      const place = Number(slider.value);
      const step = steps[place];
      said.textContent = `C = ${Cs[place]}: ${step.n} of ${model.get("n_all").toLocaleString("en")} tokens selected`
        + (step.converged ? "" : " (the fit did not converge: read it with care)");
      slider.setAttribute("aria-valuetext", said.textContent);
      drawCurve(place);
      const fullest = Math.max(...Object.values(step.layers), 1);
      layers.replaceChildren(...Object.entries(step.layers).map(([layer, n]) =>
        bar(`layer ${layer}`, n, n / fullest)));
      const largest = Math.max(...step.classes.flatMap((one) => one.top.map(([, value]) => Math.abs(value))), 1e-9);
      classes.replaceChildren(...step.classes.map((one) => make("div", {},
        make("h3", {}, `${one.name}: ${one.for} for, ${one.against} against`),
        ...one.top.map(([token, value]) => bar(token, value, Math.abs(value) / largest, sounds[token])))));
    };
    draw();
  },
};
