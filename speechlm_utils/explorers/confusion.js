export default {
  render({ model, el }) {
    const [names, models, clips] = [model.get("names"), model.get("models"), model.get("clips")];
    const choice = make("select", { onchange: () => draw() },
      ...Object.keys(models).map((name) => make("option", { value: name }, name)));
    const [table, list] = [make("table", { class: "matrix", "aria-label": "Clips by true and predicted class" }), make("div", { "data-list": true })];
    const said = make("p", { role: "status" });
    const hint = make("p", {}, "Press a number to see and hear its clips; a darker cell holds more of its row.");
    el.append(make("label", {}, "classifier: ", choice), hint, make("div", { class: "scroll" }, table), said, list);

    const open = (row, column, cell) => {
      const what = `true ${names[row]}, predicted ${names[column]}`;
      said.textContent = `${what}: ${cell.length} ${cell.length === 1 ? "clip" : "clips"}`;
      const heard = [...cell].sort((a, b) => Boolean(clips[b].sound) - Boolean(clips[a].sound));
      list.replaceChildren(make("ul", {}, ...heard.map((place) => {
        const { id, text, sound } = clips[place];
        const words = `“${text}” (${id})`;
        return make("li", {}, sound ? make("button", { onclick: () => play(sound), "aria-label": `play: ${words}` }, "▶ ") : "",
          ` ${words}`);
      })));
    };

    const draw = () => {
      const cells = models[choice.value];
      const corner = make("th", { scope: "col" }, "true ↓ · predicted →");
      const head = make("tr", {}, corner, ...names.map((name) => make("th", { scope: "col" }, name)));
      const rows = cells.map((row, i) => {
        const total = row.reduce((sum, cell) => sum + cell.length, 0) || 1;
        return make("tr", {}, make("th", { scope: "row" }, names[i]), ...row.map((cell, j) => {
          const share = cell.length / total;
          const style = `background:rgb(${255 - 169 * share} ${255 - 75 * share} ${255 - 22 * share});color:#000`;
          return make("td", {}, make("button", {
            class: "cell", style, onclick: () => open(i, j, cell),
            "aria-label": `true ${names[i]}, predicted ${names[j]}: ${cell.length}`,
          }, String(cell.length)));
        }));
      });
      table.replaceChildren(head, ...rows);
      rove([...table.querySelectorAll("button")]);
      const right = cells.reduce((sum, row, i) => sum + row[i].length, 0);
      said.textContent = `${choice.value}: ${right} of ${clips.length} clips right`;
      list.replaceChildren();
    };
    draw();
  },
};
