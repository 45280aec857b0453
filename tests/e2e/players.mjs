// <audio> and <video> on a page of another origin, with the URLs of responses.
// Usage: node players.mjs BROWSER [audio|video]=URL...; prints each player's result as JSON.
import { chromium } from "playwright-core";

const [browserPath, ...sources] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: browserPath,
  args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
});
const page = await browser.newPage();
const played = [];
for (const source of sources) {
  const [kind, url] = [source.slice(0, 5), source.slice(6)];
  played.push(
    await page.evaluate(
      async ([kind, url]) => {
        const player = document.createElement(kind);
        player.muted = true;
        document.body.append(player);
        const reached = (event) =>
          new Promise((resolve, reject) => {
            player.addEventListener(event, resolve, { once: true });
            player.addEventListener("error", () => reject(new Error(player.error.message)));
            setTimeout(() => reject(new Error(`no ${event} within 90 s`)), 90_000);
          });
        try {
          player.src = url;
          await reached("loadedmetadata");
          const playing = reached("timeupdate");
          await player.play();
          await playing;
          // Seeking requests a byte range in the middle of the file.
          const sought = reached("seeked");
          player.currentTime = player.duration * 0.8;
          await sought;
          return { kind, seconds: player.duration, at: player.currentTime, width: player.videoWidth ?? 0 };
        } catch (error) {
          return { kind, error: String(error) };
        }
      },
      [kind, url],
    ),
  );
}
console.log(JSON.stringify(played));
await browser.close();
