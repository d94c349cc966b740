/* A short sound of two tones, made by the browser: nothing is loaded. */

const APART = 4; // seconds between two of them: many events at once, as after a reconnect, are heard once

let context = null, next = 0;

/* Browsers allow sound only after the reader has done something on the page; before that, nothing is heard, and the clock of the
   sound stands still. */
export function chime() {
  context ??= globalThis.AudioContext ? new AudioContext() : null;
  if (!context) return;
  if (context.state === "suspended") context.resume();
  if (context.currentTime < next) return;
  next = context.currentTime + APART;
  [660, 880].forEach((hertz, i) => {
    const tone = context.createOscillator(), volume = context.createGain(), at = context.currentTime + i * 0.16;
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0.12, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.15);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.16);
  });
}
