// Pictures from files and from the camera.
import constants from "./reader/constants.js";

const { MOST_PIXELS } = constants.load;
const { LONGEST } = constants.ink;

/**
 * Open a picture file, upright and of workable size.
 *
 * @param {File} file
 * @returns {Promise<HTMLCanvasElement>}
 * @throws {Error} with a message for the page, if it is no picture or too large
 */
export async function openPicture(file) {
  const image = new Image();
  const url = URL.createObjectURL(file);
  try {
    // this reads the header; the pixels are decoded where they are drawn, turned as the camera was held
    await new Promise((resolve, reject) => Object.assign(image, { src: url, onload: resolve, onerror: reject }));
    const { naturalWidth: width, naturalHeight: height } = image;
    if (width * height > MOST_PIXELS) {
      const size = `${width}×${height} pixels, more than ${MOST_PIXELS / 1e6} million`;
      throw new Error(`“${file.name}” is too large: it has ${size}. Scale it down and try again.`);
    }
    return toCanvas(image, width, height);
  } catch (error) {
    if (error instanceof Error) throw error;
    throw new Error(`“${file.name}” is not a picture that this browser can open. JPEG, PNG and WebP work.`);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/**
 * Open a picture of the page itself.
 *
 * @param {string} name
 * @throws {Error} with a message for the page, if it does not come
 */
export async function fetchPicture(name) {
  const response = await fetch(name).catch(() => null);
  if (!response?.ok) throw new Error(`The picture “${name}” did not come. Check the connection and try again.`);
  return openPicture(new File([await response.blob()], name));
}

/**
 * The picture that a camera shows now.
 *
 * @param {HTMLVideoElement} video
 * @returns {HTMLCanvasElement}
 */
export function takePicture(video) {
  return toCanvas(video, video.videoWidth, video.videoHeight);
}

/**
 * The first picture among what was dropped, pasted or chosen; if there is none, the first file.
 *
 * @param {FileList} files
 */
export function findPicture(files) {
  return [...files].find(({ type }) => type.startsWith("image/")) ?? files[0];
}

function toCanvas(source, width, height) {
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}
