// A user of a web app: signs up, buys a plan on Stripe's page, and cancels it on Stripe's page.
// Usage: node purchase.mjs BROWSER HOSTING PLAN; prints what the API answered as JSON.
import { open, visit } from "./web_app.mjs";

const [browserPath, base, planId] = process.argv.slice(2);
const browser = await open(browserPath);
const { page, call, signUp, pay } = await visit(browser, base, "/billing");
const token = await signUp(`buyer-${Date.now()}@example.com`);
const results = { token, before: (await call("GET", "/api/auth/me")).user };

results.verified = await pay(await call("POST", "/api/create-checkout-session", { planId }));
results.success = page.url();
results.bought = (await call("GET", "/api/auth/me")).user;

const portal = await call("POST", "/api/payments/portal", { returnPath: "/billing" });
await page.goto(portal.url);
await page.getByRole("button", { name: "Cancel", exact: true }).click();
await page.getByRole("button", { name: "Don't cancel" }).waitFor();
await page.getByRole("link", { name: "Back" }).click();
await page.waitForURL(`${base}/billing`);
results.cancelled = (await call("GET", "/api/auth/me")).user;
console.log(JSON.stringify(results));
await browser.close();
