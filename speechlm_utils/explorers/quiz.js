const MODES = {
  words: ["Words alone", "You read the words."],
  melody: ["Melody alone", "You hear the voice behind a filter that takes the words away."],
  both: ["Words and sound", "You read the words and hear the recording."],
};

// 95 % interval of a share, by Wilson; and of the difference of two shares of the same clips (Agresti and Min).
const interval = (right, n) => {
  const [z, share] = [1.96, right / n];
  const [middle, reach] = [share + (z * z) / (2 * n), z * Math.sqrt((share * (1 - share) + (z * z) / (4 * n)) / n)];
  return [(middle - reach) / (1 + (z * z) / n), (middle + reach) / (1 + (z * z) / n)];
};
const compare = (yours, model) => {
  const only = (a, b) => a.filter((right, i) => right && !b[i]).length;
  const [more, less, n] = [only(yours, model) + 0.5, only(model, yours) + 0.5, yours.length + 2];
  const middle = (more - less) / n;
  const reach = 1.96 * Math.sqrt(more + less - (more - less) ** 2 / n) / n;
  return [(more - less) / yours.length, middle - reach, middle + reach];
};

export default {
  render({ model, el }) {
    const [names, items, models] = [model.get("names"), model.get("items"), model.get("models")];
    const sizes = model.get("sizes");
    const answers = {}; // mode -> [{place, answer, seconds}]
    const screen = make("div");
    el.append(screen);
    const show = (...parts) => {
      screen.replaceChildren(...parts);
      screen.querySelector("h2")?.focus();
    };
    const heading = (text) => make("h2", { tabindex: -1 }, text);
    const listen = (source, label) => make("audio", { controls: true, src: source, "aria-label": label });

    const start = () => show(
      heading("How it works"),
      make("p", {}, `You label ${items.length} test clips; the model has ${names.length} classes to choose from, and so do you. `
        + `${sizes.ambiguous} of the sentences fit several classes as bare words; each class was spoken in its own manner. `
        + "Your answers stay in this page. Nobody tells you whether you were right before the end."),
      make("h3", {}, "First listen to the classes"),
      make("p", {}, `The model has learned from ${sizes.train.toLocaleString("en")} train clips; here are a few of them.`),
      make("div", { class: "columns" }, ...names.map((name, k) => make("div", {}, make("h3", {}, name),
        ...model.get("examples").filter(({ truth }) => truth === k).map(({ text, sound }) =>
          make("button", { class: "example", onclick: () => play(sound) }, `▶ ${text}`))))),
      make("h3", {}, "Then choose what you get"),
      make("p", {}, "Each is a round of its own. Take them in this order, or one of them only: who has heard a clip before knows more."),
      make("div", { class: "columns" }, ...Object.entries(MODES).map(([mode, [name, about]]) =>
        make("div", {}, make("button", { onclick: () => begin(mode) }, name), make("p", {}, about)))),
      ...(Object.keys(answers).length ? results() : []));

    const begin = (mode) => {
      answers[mode] = [];
      const order = items.map((_, place) => [Math.random(), place]).sort((a, b) => a[0] - b[0]);
      ask(mode, order.map(([, place]) => place));
    };

    const ask = (mode, left) => {
      window.speechlmSound?.pause();
      if (!left.length) return finish();
      const [{ text, sound, melody }, begun] = [items[left[0]], performance.now()];
      const answer = (k) => {
        answers[mode].push({ place: left[0], answer: k, seconds: (performance.now() - begun) / 1000 });
        ask(mode, left.slice(1));
      };
      const source = { melody, both: sound }[mode];
      show(heading(`${MODES[mode][0]}: clip ${items.length - left.length + 1} of ${items.length}`),
        mode === "melody" ? null : make("p", { class: "words" }, `“${text}”`),
        source ? make("p", {}, listen(source, "the clip")) : null,
        make("div", { class: "columns", role: "group", "aria-label": "Which class is it?" },
          ...names.map((name, k) => make("button", { class: "answer", onclick: () => answer(k) }, name))),
        make("p", {}, make("button", { onclick: () => { delete answers[mode]; start(); } }, "Give this round up")));
    };

    const finish = () => show(heading("Your result"), ...results(),
      make("p", {}, make("button", { onclick: start }, "Another round")));

    const results = () => {
      const truth = items.map((item) => item.truth);
      const right = (name) => items.map((item, i) => item.models[name] === truth[i]);
      const count = (some) => some.filter(Boolean).length;
      const row = (who, some) => {
        const [low, high] = interval(count(some), some.length);
        return make("tr", {}, make("th", { scope: "row" }, who), make("td", {}, `${count(some)} of ${some.length}`),
          make("td", {}, `${percent(count(some) / some.length)} [${percent(low)}, ${percent(high)}]`));
      };
      const yours = Object.entries(answers).filter(([, one]) => one.length === items.length)
        .map(([mode, one]) => [MODES[mode][0].toLowerCase(), truth.map((k, i) => one.find(({ place }) => place === i).answer === k)]);
      const told = yours.flatMap(([mode, some]) => models.map((name) => {
        const [difference, low, high] = compare(some, right(name));
        const verdict = low > 0 ? "you are above the model" : high < 0 ? "you are below the model" : "not decided by these clips";
        const points = [difference, low, high].map((one) => signed(100 * one, 0));
        return make("li", {}, `you (${mode}) less the model (${name}): ${points[0]} [${points[1]}, ${points[2]}] points: ${verdict}`);
      }));
      return [
        make("table", { class: "results" }, make("caption", {}, "Accuracy with 95 % intervals over clips"),
          make("tr", {}, ...["who", "right", "accuracy"].map((name) => make("th", { scope: "col" }, name))),
          ...yours.map(([mode, some]) => row(`you, ${mode}`, some)), ...models.map((name) => row(`model, ${name}`, right(name)))),
        make("ul", {}, ...told),
        make("p", {}, `Always the same class would get about ${percent(1 / names.length)}. The model is SmolLM2-135M, its answers `
          + `are stored (seed 0); ${items.length} clips say little about it: notebook 05 counts ${sizes.test}.`),
        make("p", {}, make("a", { download: "quiz.csv", href: URL.createObjectURL(new Blob([writeCsv()], { type: "text/csv" })) },
          "Save the answers as CSV")),
      ];
    };

    const writeCsv = () => {
      const head = ["round", "clip", "words", "answer", "true", "seconds", ...models.map((name) => `model, ${name}`)];
      const lines = Object.entries(answers).flatMap(([mode, some]) => some.map(({ place, answer, seconds }) => {
        const { id, text, truth, models: said } = items[place];
        return [mode, id, text, names[answer], names[truth], seconds.toFixed(1), ...models.map((name) => names[said[name]])];
      }));
      return writeTable([head, ...lines]);
    };
    start();
  },
};
