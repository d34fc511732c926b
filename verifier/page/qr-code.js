/** QR codes, from the camera or a picture, where the browser itself reads them. */

/** @typedef {{ detect: (source: ImageBitmapSource) => Promise<readonly { rawValue: string }[]> }} Detector */

const Detector = /** @type {{ BarcodeDetector?: new (options: { formats: string[] }) => Detector }} */ (globalThis)
  .BarcodeDetector;
export const canScan = Detector !== undefined;
const deadlineMs = 120_000;
const betweenMs = 200;

/** @param {ImageBitmapSource} source @returns {Promise<string | undefined>} */
async function detect(source) {
  if (Detector === undefined) return undefined;
  try {
    const found = await new Detector({ formats: ['qr_code'] }).detect(source);
    return found[0]?.rawValue;
  } catch {
    // A picture that is none, or a system without a reader behind the browser's.
    return undefined;
  }
}

/** @param {Blob} file */
export const readPicture = (file) => detect(file);

/**
 * The text of the QR code before the camera; without one when it was stopped, or after two minutes.
 * @param {HTMLVideoElement} video
 * @param {AbortSignal} signal
 * @returns {Promise<{ hasCamera: boolean, text?: string }>}
 */
export async function scan(video, signal) {
  const stream = await navigator.mediaDevices
    .getUserMedia({ video: { facingMode: 'environment' } })
    .catch(() => undefined);
  if (stream === undefined) return { hasCamera: false };
  try {
    video.srcObject = stream;
    video.hidden = false;
    await video.play();
    const end = Date.now() + deadlineMs;
    while (Date.now() < end && !signal.aborted) {
      const text = await detect(video);
      if (text !== undefined) return { hasCamera: true, text };
      await new Promise((resolve) => setTimeout(resolve, betweenMs));
    }
    return { hasCamera: true };
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.hidden = true;
    video.srcObject = null;
  }
}
