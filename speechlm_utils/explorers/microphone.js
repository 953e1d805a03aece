// A recording is decoded here, by the browser, and handed on as WAV: libsndfile reads no WebM.
const writeWav = (samples, rate) => {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const write = (at, text) => [...text].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  write(0, "RIFF"); write(8, "WAVEfmt "); write(36, "data");
  view.setUint32(4, 36 + 2 * samples.length, true);
  view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true);
  view.setUint32(24, rate, true); view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true); view.setUint16(34, 16, true);
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((one, i) => view.setInt16(44 + 2 * i, 32767 * Math.max(-1, Math.min(1, one)), true));
  return view;
};

const explain = (error) => ({
  NotAllowedError: "the browser may not use the microphone. Allow it (the sign beside the address), and press Record again",
  NotFoundError: "no microphone was found. Plug one in, and press Record again",
  NotReadableError: "another program holds the microphone. Close it, and press Record again",
}[error.name] || `the microphone cannot be used (${error.name}: ${error.message})`);

// A button, a level meter and a line that says what happens. Permission is asked when the button is pressed, not
// before; `heard` gets each recording of up to `longest` seconds, at `rate` Hz, as a DataView of a WAV file.
const makeRecorder = (longest, rate, heard) => {
  let stop = null; // ends the recording that goes on
  const button = make("button", { onclick: () => (stop ? stop() : begin()) }, "Record");
  const level = make("meter", { min: 0, max: 1, high: 0.9, "aria-label": "level" });
  const said = make("span", { "aria-live": "polite" });
  const say = (text) => (said.textContent = text);
  say(`up to ${longest} s from your microphone; nothing leaves this machine`);

  const begin = async () => {
    if (!navigator.mediaDevices) return say("a microphone is given to pages of this machine (localhost) or of https only");
    say("waiting until the browser may use the microphone");
    try {
      const plain = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      record(await navigator.mediaDevices.getUserMedia({ audio: plain }));
    } catch (error) {
      say(explain(error));
    }
  };

  const record = (stream) => {
    const [recorder, parts, context] = [new MediaRecorder(stream), [], new AudioContext()];
    const meter = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(meter);
    const [samples, begun] = [new Float32Array(meter.fftSize), performance.now()];
    const watch = setInterval(() => {
      meter.getFloatTimeDomainData(samples);
      level.value = Math.max(...samples.map(Math.abs));
      const seconds = (performance.now() - begun) / 1000;
      button.textContent = `Stop (${seconds.toFixed(0)} s)`;
      if (seconds >= longest) stop?.();
    }, 100);
    stop = () => {
      stop = null;
      clearInterval(watch);
      recorder.stop();
    };
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onstop = async () => {
      stream.getTracks().forEach((track) => track.stop());
      context.close();
      [level.value, button.textContent] = [0, "Record again"];
      try {
        const content = await new Blob(parts).arrayBuffer();
        const sound = await new OfflineAudioContext(1, 1, rate).decodeAudioData(content);
        heard(writeWav(sound.getChannelData(0), rate));
        say(`recorded ${sound.duration.toFixed(1)} s`);
      } catch (error) {
        say(`the recording cannot be read (${error.message}): record it again`);
      }
    };
    recorder.start();
    say("recording: speak now");
    button.textContent = "Stop";
  };
  return [button, " ", level, " ", said];
};
