// The interactive docs in a browser: fills in and sends forms like a user.
// Usage: node docs_page.mjs BROWSER HOSTING SAMPLE PICTURE; prints the results as JSON.
import { chromium } from "playwright-core";

const [browserPath, base, sample, picture] = process.argv.slice(2);
const email = `docs-${Date.now()}@example.com`;
const signedUp = await fetch(`${base}/api/auth/register`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ email, password: "secret-123" }),
}).then((answer) => answer.json());

const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
const page = await browser.newPage();
page.setDefaultTimeout(90_000);
const errors = [];
page.on("pageerror", (error) => errors.push(String(error)));
page.on("requestfailed", (request) => errors.push(`${request.url()} failed`));
page.on("response", (answer) => {
  if (answer.status() >= 400) errors.push(`${answer.url()}: ${answer.status()}`);
});

await page.goto(`${base}/api/docs`);
await page.locator(".authorize").first().click();
const bearer = page.locator(".auth-container form", { has: page.locator("#auth-bearer-value") });
await bearer.locator("#auth-bearer-value").fill(signedUp.data.accessToken);
await bearer.locator(".authorize").click();
await page.locator(".btn-done").first().click();

// Opens an operation, lets `fill` change the prefilled form, and sends it.
async function send(operation, fill = async () => {}) {
  const block = page.locator(`[id$="-${operation}"]`).first();
  await block.locator(".opblock-summary").click();
  await block.locator(".try-out__btn:not(.reset)").click();
  await block.locator(".execute").waitFor();
  await fill(block);
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() !== "GET"),
    block.locator(".execute").click(),
  ]);
  await block.locator(".live-responses-table").waitFor();
  await block.locator(".try-out__btn.cancel").click();
  await block.locator(".opblock-summary").click();
  return { status: answer.status(), body: await answer.json() };
}

const file = (number, path) => (block) =>
  block.locator("input[type=file]").nth(number).setInputFiles(path);

const tags = page.locator(".opblock-tag");
await tags.first().waitFor();
const results = { operations: 0 };
for (let number = 0; number < (await tags.count()); number++) {
  await tags.nth(number).click();
  await page.locator(".opblock").first().waitFor();
  results.operations += await page.locator(".opblock").count();
  await tags.nth(number).click();
  await page.locator(".opblock").first().waitFor({ state: "detached" });
}
for (const tag of ["files", "auth", "characters", "voice"]) {
  await page.locator(`.opblock-tag[data-tag="${tag}"]`).click();
}
results.uploadFile = await send("uploadFile", file(0, sample));
results.uploadAvatar = await send("uploadAvatar", file(0, picture));
results.bare = await send("createCharacter", file(0, sample));
results.created = await send("createCharacter", async (block) => {
  await file(0, sample)(block);
  for (const number of [1, 2]) {
    await block.locator(".json-schema-form-item-add").click();
    await file(number, picture)(block);
  }
});
const character = results.created.body.data.character.id;
const named = (block) => block.locator("tr[data-param-name=characterId] input").fill(character);
results.untouched = await send("updateCharacter", named);
results.generateVoice = await send("generateVoice");
results.errors = errors;
console.log(JSON.stringify(results));
await browser.close();
