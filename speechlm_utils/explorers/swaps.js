export default {
  render({ model, el }) {
    const [clips, shares, names] = [model.get("clips"), model.get("probabilities"), model.get("names")];
    const menu = (name, options) => {
      const box = make("select", { onchange: () => draw() }, ...options.map((text, i) => make("option", { value: i }, text)));
      return [make("label", {}, `${name} `, box), box];
    };
    const told = clips.map(({ text, label }, i) => `${i + 1} · ${label}: ${text}`);
    const [wordsLabel, words] = menu("words of", told);
    const [tokensLabel, tokens] = menu("speech tokens of", [...told, "none: words alone"]);
    const [said, bars, players] = [make("p", { role: "status" }), make("div"), make("div", { class: "columns" })];
    el.append(make("p", {}, wordsLabel), make("p", {}, tokensLabel), said, bars, players);

    const draw = () => {
      const [from, to] = [Number(words.value), Number(tokens.value)];
      const [now, own] = [shares[from][to], shares[from][from]];
      const likely = now.indexOf(Math.max(...now));
      said.textContent = `most probable: ${names[likely]} (${percent(now[likely])}); with the clip's own tokens: `
        + `${names[own.indexOf(Math.max(...own))]} (${percent(Math.max(...own))})`;
      bars.replaceChildren(...names.map((name, k) => {
        const marks = [name === clips[from].label ? "words" : "", name === clips[to]?.label ? "tokens" : ""].filter(Boolean);
        const of = marks.length ? ` (class of the ${marks.join(" and the ")})` : "";
        return make("div", { class: "bar wide", style: `--length:${100 * now[k]}%;--fill:#009e73` },
          make("span", {}, name + of), make("span", {}, percent(now[k])));
      }));
      const listen = (i, what) => make("div", {}, make("h3", {}, what), make("audio", { controls: true, src: clips[i].sound, "aria-label": `${what}: ${told[i]}` }));
      players.replaceChildren(listen(from, "the clip with these words"), to < clips.length && to !== from ? listen(to, "the clip with these tokens") : "");
    };
    draw();
  },
};
