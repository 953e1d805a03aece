export default {
  render({ model, el }) {
    const readings = model.get("readings");
    const names = Object.keys(readings);
    const choice = make("select", { onchange: () => draw() }, ...names.map((name) => make("option", { value: name }, name)));
    const slider = make("input", { type: "range", min: 0, max: readings[names[0]].length - 1, value: 0, step: 1, oninput: () => draw() });
    const [said, image] = [make("p", { role: "status" }), make("img", { class: "spectrogram" })];
    const player = make("audio", { controls: true, loop: true });
    el.append(make("label", {}, "clip: ", choice), make("p", {}, make("label", {}, "layers: ", slider)), said, image,
      make("p", {}, player), make("p", {}, "Play, then move the slider: the sound goes on from the same place."));

    const draw = () => {
      const steps = readings[choice.value];
      slider.max = steps.length - 1;
      const { n, sound, image: picture, distance } = steps[Number(slider.value)];
      const depth = n ? `${n} ${n === 1 ? "layer" : "layers"}` : "the original";
      said.textContent = depth + (n ? `: distance ${distance.toFixed(2)} to the original` : "");
      slider.setAttribute("aria-valuetext", said.textContent);
      image.src = picture;
      image.alt = `Spectrogram of ${depth}`;
      player.setAttribute("aria-label", `${choice.value}, ${depth}`);
      follow(player, sound);
    };
    draw();
  },
};
