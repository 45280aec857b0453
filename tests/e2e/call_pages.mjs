// Browsers in a call, with fake devices: the page of an app (call_page.html) at /host.html, and whatever Hosting
// serves.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LONGEST, open } from "./web_app.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const FLAGS = [
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
  "--allow-loopback-in-peer-connection",
  "--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks",
];

/** Opens a page in a browser of its own. `sound`: the file that its microphone hears; `relay`: the app's page sends
 * everything through the TURN server; `prepared`: runs in the page before all else; `failed` hears of errors. */
export async function visit(browserPath, url, { locale, sound, relay = false, prepared = () => {}, failed }) {
  const flags = sound ? [...FLAGS, `--use-file-for-fake-audio-capture=${sound}`] : FLAGS;
  const browser = await open(browserPath, ...flags);
  const context = await browser.newContext({ locale });
  context.setDefaultTimeout(LONGEST);
  await context.addInitScript(prepared);
  const page = await context.newPage();
  page.on("pageerror", failed);
  page.on("console", (line) => process.env.DEBUG && console.error(url, line.text()));
  await page.route("**/host.html", (route) => {
    const body = readFileSync(`${root}/tests/e2e/call_page.html`, "utf8").replace("relay: true", `relay: ${relay}`);
    return route.fulfill({ contentType: "text/html", body });
  });
  await page.route("**/node_modules/**", (route) =>
    route.fulfill({ path: root + new URL(route.request().url()).pathname.slice(1) }),
  );
  await page.goto(url);
  return { browser, context, page };
}
