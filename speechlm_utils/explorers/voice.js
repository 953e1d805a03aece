// A ZIP without compression (sounds hardly shrink), its names in UTF-8, its files dated 1 January 1980.
const CRC = Uint32Array.from({ length: 256 }, (_, start) => {
  let sum = start;
  for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? 0xedb88320 ^ (sum >>> 1) : sum >>> 1;
  return sum;
});
const checksum = (bytes) => ~bytes.reduce((sum, byte) => CRC[(sum ^ byte) & 255] ^ (sum >>> 8), -1) >>> 0;
const pack = (...fields) => Uint8Array.from(fields.flatMap(([size, value]) =>
  Array.from({ length: size }, (_, i) => (value >>> (8 * i)) & 255)));
const writeZip = (files) => {
  const [bodies, index] = [[], []];
  let place = 0;
  for (const [name, bytes] of files) {
    const title = new TextEncoder().encode(name);
    const about = [[2, 20], [2, 0x0800], [2, 0], [2, 0], [2, 0x21], [4, checksum(bytes)], [4, bytes.length],
      [4, bytes.length], [2, title.length], [2, 0]];
    const head = pack([4, 0x04034b50], ...about);
    index.push(pack([4, 0x02014b50], [2, 20], ...about, [2, 0], [2, 0], [2, 0], [4, 0], [4, place]), title);
    bodies.push(head, title, bytes);
    place += head.length + title.length + bytes.length;
  }
  const size = index.reduce((sum, part) => sum + part.length, 0);
  const end = pack([4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size], [4, place], [2, 0]);
  return new Blob([...bodies, ...index, end], { type: "application/zip" });
};

const FEWEST = 3; // sentences of a label: one each for train, validation and test

export default {
  render({ model, el }) {
    const [sentences, labels, folder] = [model.get("sentences"), model.get("labels"), model.get("folder")];
    const plan = sentences.flatMap((words) => labels.map((label) => ({ words, label })));
    const takes = []; // {name, bytes, words, label}
    let number = 0;
    const field = (name) => {
      const box = make("input", { type: "text", class: name });
      return [make("label", {}, `${name} `, box), box];
    };
    const [[wordsLabel, words], [labelLabel, label]] = [field("words"), field("label")];
    const [said, rows] = [make("p", { role: "status" }), make("tbody")];
    const recorder = makeRecorder(model.get("seconds"), model.get("sample_rate"), (wav) => add(new Uint8Array(wav.buffer)));
    const save = make("button", { onclick: () => download() }, `Save ${folder}.zip`);
    const head = ["take", "sound", "words", "label", ""].map((name) => (name ? make("th", { scope: "col" }, name) : make("td")));
    const table = make("table", { hidden: true }, make("thead", {}, make("tr", {}, ...head)), rows);
    el.append(make("p", {}, wordsLabel), make("p", {}, labelLabel), make("p", {}, ...recorder), said,
      make("div", { class: "scroll" }, table), make("p", {}, save));

    // What is to be said next: the first sentence that has not been said as the plan has it.
    const prompt = () => {
      const left = plan.find((one) => !takes.some((take) => take.words === one.words && take.label === one.label));
      if (left) [words.value, label.value] = [left.words, left.label];
    };

    const add = (bytes) => {
      number += 1;
      const name = `take_${String(number).padStart(2, "0")}.wav`;
      const take = { name, bytes, words: words.value.trim(), label: label.value.trim() };
      const edit = (key) => make("td", {}, make("input", {
        type: "text", class: key, value: take[key], "aria-label": `${key} of ${name}`,
        oninput: ({ target }) => { take[key] = target.value.trim(); tell(); },
      }));
      const source = URL.createObjectURL(new Blob([bytes], { type: "audio/wav" }));
      const remove = make("button", { "aria-label": `remove ${name}`, onclick: () => {
        takes.splice(takes.indexOf(take), 1);
        row.remove();
        recorder[0].focus();
        prompt();
        tell();
      } }, "Remove");
      const row = make("tr", {}, make("th", { scope: "row" }, name),
        make("td", {}, make("audio", { controls: true, src: source, "aria-label": name })),
        edit("words"), edit("label"), make("td", {}, remove));
      takes.push(take);
      rows.append(row);
      prompt();
      tell();
    };

    const tell = () => {
      const counts = new Map();
      takes.forEach((take) => counts.set(take.label, [...(counts.get(take.label) || []), take.words.toLowerCase() || take.name]));
      const unlabelled = counts.get("")?.length || 0;
      counts.delete("");
      const parts = [...counts].map(([name, texts]) => `${name} ${texts.length}`);
      const few = [...counts.values()].some((texts) => new Set(texts).size < FEWEST);
      const wordless = takes.filter((take) => !take.words).length;
      said.textContent = takes.length ? `takes: ${takes.length} (${parts.join(", ") || "no labels"}). ` : "no takes yet. ";
      if (unlabelled) said.textContent += `Without a label: ${unlabelled}. `;
      if (wordless) said.textContent += `Without words: ${wordless}; \`speechlm transcribe data/${folder}\` writes them down. `;
      if (counts.size < 2 || few) said.textContent += `A corpus needs two labels or more, and of each ${FEWEST} sentences or more.`;
      else said.textContent += "Enough to run every step, though far too few to conclude anything.";
      table.hidden = save.disabled = !takes.length;
    };

    const download = () => {
      const lines = [["file_name", "text", "speaker", "label"], ...takes.map((take) => [take.name, take.words, "me", take.label])];
      const files = [["metadata.csv", new TextEncoder().encode(writeTable(lines))], ...takes.map(({ name, bytes }) => [name, bytes])];
      const zip = writeZip(files.map(([name, bytes]) => [`${folder}/${name}`, bytes]));
      make("a", { download: `${folder}.zip`, href: URL.createObjectURL(zip) }).click();
    };
    prompt();
    tell();
  },
};
