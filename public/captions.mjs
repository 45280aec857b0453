// Cuts what a microphone hears into pieces that the API can recognise, for call.mjs.

const LOUD = 0.01; // above this, somebody speaks
const PAUSE = 600; // ms of silence, after which a piece ends
const LEAD = 2_000; // ms of silence, after which the recording begins anew
const LONGEST = 14_000; // ms of a piece
const LOOKS = 50; // ms between two looks how loud it is

/** Records whole files in which somebody speaks, and which end where they pause: parts of one recording cannot be
 * read alone. Returns what stops it.
 * @param {MediaStreamTrack} track @param {(sound: Blob, startMs: number) => void} send */
export function recordCaptions(track, send) {
  const sound = new MediaStream([track]);
  const context = new AudioContext();
  const meter = context.createAnalyser();
  context.createMediaStreamSource(sound).connect(meter);
  const samples = new Float32Array(meter.fftSize);
  const first = performance.now();
  const begin = () => {
    const begun = performance.now();
    const piece = { recorder: new MediaRecorder(sound), begun, heard: begun, spoken: false };
    piece.recorder.ondataavailable = ({ data }) => piece.spoken && send(data, Math.round(begun - first));
    piece.recorder.start();
    return piece;
  };
  let piece = begin();
  const look = () => {
    if (track.readyState === "ended") return end(); // a device that is unplugged
    const now = performance.now();
    meter.getFloatTimeDomainData(samples);
    const loud = Math.sqrt(samples.reduce((sum, each) => sum + each * each, 0) / samples.length) > LOUD;
    if (loud) Object.assign(piece, { spoken: true, heard: now });
    // Somebody may begin to speak at any time, so the silence before is recorded, too.
    const quiet = now - piece.heard > (piece.spoken ? PAUSE : LEAD);
    if (!quiet && now - piece.begun < LONGEST) return;
    piece.recorder.stop();
    piece = begin();
  };
  const timer = setInterval(look, LOOKS);
  const end = () => {
    if (context.state === "closed") return;
    clearInterval(timer);
    if (piece.recorder.state !== "inactive") piece.recorder.stop();
    context.close();
  };
  track.addEventListener("ended", end);
  return end;
}
