export default {
  render({ model, el }) {
    const parts = makeRecorder(model.get("seconds"), model.get("sample_rate"), (wav) => {
      model.set("recording", wav);
      model.save_changes();
    });
    el.append(make("div", { class: "speechlm-explorer speechlm-recorder" }, ...parts));
  },
};
