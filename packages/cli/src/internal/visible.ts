/** Text of others for a terminal, which shows it and obeys none of it. */

// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/** Makes control characters visible, save tabs and line ends: the text of a failure may hold any. */
export const visible = (text: string): string =>
  text.replaceAll(control, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)
