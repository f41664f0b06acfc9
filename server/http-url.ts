/** The URL in a setting. Throws an error for people, naming the setting, for anything but http and https. */
export function httpUrl(setting: string, value: string): URL {
  let url: URL;
  try {
    url = new URL(value.trim());
  } catch {
    throw new Error(`${setting} is not a URL`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw new Error(`${setting} must begin with http:// or https://`);
  return url;
}
