// The camera, in a dialog with a shutter.
import { takePicture } from "./pictures.js";

const NONE = "There is no camera. Open a picture instead.";
/** @type {Record<string, string>} by the name of the error */
const REASONS = {
  NotAllowedError: "The camera may not be used here. Allow it in the browser's settings for this page, or open a picture.",
  NotFoundError: NONE,
  OverconstrainedError: NONE, // what WebKit calls it, with the message "Invalid constraint": nothing here is required
  NotReadableError: "The camera is in use elsewhere. Close the other program, or open a picture.",
  AbortError: "The camera stopped. Try again, or open a picture.",
  TypeError: "This browser gives no access to a camera here. Open a picture instead.",
};

/**
 * Show what the camera sees until a picture is taken.
 *
 * @param {HTMLDialogElement} dialog with a video, and a form whose button of the value "take" takes the picture
 * @returns {Promise<HTMLCanvasElement | null>} null if the dialog was left without a picture
 * @throws {Error} with a message for the page, if there is no camera or it may not be used
 */
export async function photograph(dialog) {
  const video = /** @type {HTMLVideoElement} */ (dialog.querySelector("video"));
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } },
    });
  } catch (error) {
    throw new Error(REASONS[error.name] ?? `The camera does not work (${error.message}). Open a picture instead.`);
  }
  try {
    video.srcObject = stream;
    await video.play(); // before that, there is nothing to take
    dialog.returnValue = "";
    dialog.showModal();
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    return dialog.returnValue === "take" ? takePicture(video) : null;
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
    dialog.close();
  }
}
