/** Two soft tones for a new message. Off until the visitor turns it on; that is also what allows the browser to play it. */

let context: AudioContext | null = null;

export function chime(): void {
  context ??= new AudioContext();
  const { currentTime: now, destination } = context;
  [660, 880].forEach((frequency, at) => {
    const tone = (context as AudioContext).createOscillator();
    const volume = (context as AudioContext).createGain();
    const start = now + at * 0.12;
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0.0001, start);
    volume.gain.exponentialRampToValueAtTime(0.12, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.3);
    tone.connect(volume).connect(destination);
    tone.start(start);
    tone.stop(start + 0.32);
  });
}
