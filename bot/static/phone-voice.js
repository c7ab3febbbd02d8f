/* Records a voice message with the phone's microphone. */

const KINDS = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4", "audio/webm"];
const LONGEST = 15 * 60;
const SHORTEST = 0.6;

export function canRecord() {
  return Boolean(navigator.mediaDevices?.getUserMedia && globalThis.MediaRecorder);
}

export function minutes(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** One recording. `tick(seconds)` while it runs; raises when the microphone may not be used. */
export class Recording {
  static async start(tick) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true } });
    return new Recording(stream, tick);
  }

  constructor(stream, tick) {
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    this.stream = stream;
    this.chunks = [];
    this.recorder = new MediaRecorder(stream, { ...(mimeType && { mimeType }), audioBitsPerSecond: 32_000 });
    this.recorder.addEventListener("dataavailable", (event) => event.data.size && this.chunks.push(event.data));
    this.recorder.start(1000);
    this.began = performance.now();
    this.timer = setInterval(() => tick(Math.min(this.seconds, LONGEST)), 250);
    this.limit = setTimeout(() => this.recorder.state === "recording" && this.recorder.pause(), LONGEST * 1000);
  }

  get seconds() {
    return (performance.now() - this.began) / 1000;
  }

  /** `{blob, seconds}`; null when there is nothing to hear. */
  async finish() {
    const seconds = Math.min(this.seconds, LONGEST);
    await this.stop();
    const blob = new Blob(this.chunks, { type: this.recorder.mimeType || "audio/webm" });
    return blob.size && seconds >= SHORTEST ? { blob, seconds: Math.round(seconds) } : null;
  }

  async cancel() {
    await this.stop();
    this.chunks = [];
  }

  async stop() {
    clearInterval(this.timer);
    clearTimeout(this.limit);
    if (this.recorder.state !== "inactive") {
      await new Promise((resolve) => {
        this.recorder.addEventListener("stop", resolve, { once: true });
        this.recorder.stop();
      });
    }
    for (const track of this.stream.getTracks()) track.stop();
  }
}
