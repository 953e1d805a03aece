const SIZE = 26; // pixels of a button, and of a lane

export default {
  render({ model, el }) {
    const [clips, tokens, names, classes] = ["clips", "tokens", "names", "classes"].map((name) => model.get(name));
    const [sign, color, share] = [signsOf(classes), colorsOf(classes), percent(model.get("dose"))];
    const clipMenu = make("select", { onchange: () => draw() },
      ...clips.map(({ id, label, text }, i) => make("option", { value: i }, `${label}: ${text} (${id})`)));
    const addMenu = make("select", { onchange: () => compare() },
      ...tokens.map(({ name, stance, label }, i) => make("option", { value: i }, `${name}, ${stance} ${label}`)));
    const [said, wave] = [make("p", { role: "status" }), make("div", { class: "wave" })];
    const lanes = make("div", { class: "lanes", role: "group", "aria-label": "Selected tokens in time; arrow keys move, Enter plays" });
    const line = make("div", { class: "now" });
    const player = make("audio", { controls: true, ontimeupdate: () => {
      line.style.left = `${(100 * player.currentTime) / clips[Number(clipMenu.value)].seconds}%`;
    } });
    const [card, table] = [make("div", { class: "card", "data-card": true }), make("table")];
    el.append(make("p", {}, make("label", {}, "clip: ", clipMenu)), make("p", {}, player),
      make("div", { class: "time" }, wave, lanes, line), keys(classes), said,
      make("div", { class: "columns" }, card, make("div", {},
        make("label", {}, `write another into ${share} of the frames: `, addMenu), scroll(table, "Probabilities"))),
      make("p", {}, "Time goes from left to right, a row is a layer. Move with the arrow keys, or point at a token, to read its card; "
        + "Enter or a click plays the moment, and keeps the card."));
    let here = null; // place, among the tokens, of the one that is shown
    let kept = false; // by a click, while the pointer goes to its card

    const compare = () => {
      const clip = clips[Number(clipMenu.value)];
      const added = tokens[Number(addMenu.value)].name;
      const states = { "as spoken": clip.spoken };
      if (here != null) states[`without ${tokens[here].name}`] = clip.without[tokens[here].name];
      states[`with ${added}`] = clip.with[added];
      table.replaceChildren(make("caption", {}, "Probability in the linear model of words and tokens"),
        make("tr", {}, ...["class", ...Object.keys(states)].map((name) => make("th", { scope: "col" }, name))),
        ...names.map((name, k) => make("tr", {}, make("th", { scope: "row" }, name === clip.label ? `${name} (true)` : name),
          ...Object.values(states).map((shares) => make("td", {}, make("div", { class: "share", style: `--length:${100 * shares[k]}%` }, percent(shares[k])))))));
      const best = (shares) => shares.indexOf(Math.max(...shares));
      const tell = (shares) => `${names[best(shares)]} (${percent(Math.max(...shares))})`;
      const [, ...others] = Object.entries(states);
      said.textContent = `as spoken: ${tell(clip.spoken)}; ${others.map(([name, shares]) => `${name}: ${tell(shares)}`).join("; ")}`;
    };

    const show = (place) => {
      here = place;
      const clip = clips[Number(clipMenu.value)];
      const spans = clip.spans.filter(([token]) => token === place);
      const { name, card: told } = tokens[place];
      const link = find("atlas") && make("button", { onclick: () => send("atlas", { token: name }) }, "Its other moments, in the atlas");
      const seconds = spans.reduce((sum, [, begin, end]) => sum + end - begin, 0);
      card.replaceChildren(make("h3", {}, name), ...told.map((one) => make("div", {}, one)),
        make("p", {}, `In this clip: ${spans.length} ${spans.length === 1 ? "moment" : "moments"}, ${seconds.toFixed(2)} s together`), link ?? "");
      lanes.querySelectorAll("button").forEach((one) => one.classList.toggle("here", one.dataset.token === name));
      const marks = spans.map(([, begin, end]) => make("rect", { x: begin, y: -1, width: end - begin, height: 2, fill: "#e69f00", "fill-opacity": 0.6 }));
      wave.replaceChildren(make("svg", { viewBox: `0 -1 ${clip.seconds} 2`, preserveAspectRatio: "none", role: "img",
        "aria-label": `Waveform, ${clip.seconds} s; marked: ${spans.map(([, begin]) => `${begin.toFixed(2)} s`).join(", ")}` }, ...marks,
      make("polyline", { points: outline(clip), fill: "currentColor", stroke: "none" })));
      compare();
    };

    const outline = ({ outline: heights, seconds }) => {
      const x = (i) => ((i + 0.5) * seconds) / heights.length;
      return [...heights.map((high, i) => `${x(i)},${-high}`), ...heights.map((high, i) => `${x(i)},${high}`).reverse()].join(" ");
    };

    const draw = () => {
      const clip = clips[Number(clipMenu.value)];
      player.src = clip.sound;
      player.setAttribute("aria-label", `${clip.text} (${clip.id})`);
      const gap = (SIZE / Math.min(Math.max(lanes.clientWidth, 300), 900)) * clip.seconds; // seconds that a button covers
      const rows = []; // {layer, end}: as many rows of a layer as its buttons need
      const placed = clip.spans.map(([token, begin, end]) => {
        const { layer } = tokens[token];
        const middle = (begin + end) / 2;
        let row = rows.find((one) => one.layer === layer && one.end + gap <= middle);
        if (!row) rows.push((row = { layer }));
        row.end = middle;
        return { token, begin, end, middle, row };
      });
      rows.sort((a, b) => a.layer - b.layer);
      lanes.style.height = `${rows.length * SIZE}px`;
      const buttons = placed.map(({ token, begin, end, middle, row }) => {
        const { name, label, stance } = tokens[token];
        return make("button", {
          class: "dot", "data-token": name, "aria-label": `${name} at ${begin.toFixed(2)} s, ${stance} ${label}`,
          style: `left:${(100 * middle) / clip.seconds}%;bottom:${(rows.length - rows.indexOf(row) - 0.5) * SIZE}px;--fill:${color[label]}`,
          onmouseenter: () => kept || show(token),
          onfocus: () => { kept = false; show(token); },
          onclick: () => { kept = true; player.pause(); show(token); play(clip.sound, Math.max(begin - 0.15, 0), end + 0.15); },
        }, sign[label]);
      });
      const layers = rows.filter((one, i) => !i || rows[i - 1].layer !== one.layer).map((one) =>
        make("span", { class: "axis", style: `right:100%;top:${rows.indexOf(one) * SIZE}px` }, `L${one.layer}`));
      lanes.replaceChildren(...layers, ...buttons);
      rove(buttons);
      [here, kept] = [null, false];
      card.replaceChildren();
      if (clip.spans.length) show(clip.spans[0][0]);
      else compare();
    };
    draw();

    el.addEventListener("speechlm", ({ detail }) => { // sent here from the atlas
      clipMenu.value = clips.findIndex(({ id }) => id === detail.clip);
      draw();
      lanes.querySelector(`[data-token="${detail.token}"]`)?.focus();
      el.scrollIntoView({ block: "nearest" });
    });
  },
};
