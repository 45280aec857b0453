// <audio> and <video> on a page of another origin, with the addresses that answers have.
// node players.mjs BROWSER [audio|video]=URL...: prints what each player came to as JSON.
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
            setTimeout(() => reject(new Error(`no ${event} within 20 s`)), 20_000);
          });
        try {
          player.src = url;
          await reached("loadedmetadata");
          const playing = reached("timeupdate");
          await player.play();
          await playing;
          // Near the end: a byte range of the middle of the file.
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
