// The pages of a web app, in a browser of their own: their code calls the API.
import { chromium } from "playwright-core";

// How long a page waits for anything, in ms: functions start, and other tests run beside this one.
export const LONGEST = 90_000;

export async function open(browserPath, ...flags) {
  return await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", ...flags] });
}

// Somebody with a browser window, at a page of the app.
export async function visit(browser, base, path) {
  // Hosting's own pages may not send requests; those of a web app may.
  const context = await browser.newContext({ bypassCSP: true });
  context.setDefaultTimeout(LONGEST);
  const page = await context.newPage();
  await page.goto(base + path);
  let token = "";

  // In the page, like the app's own code.
  function ask(method, path, body) {
    return page.evaluate(
      async ([method, path, token, body]) => {
        const headers = { "Content-Type": "application/json" };
        if (token) headers.Authorization = `Bearer ${token}`;
        const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
        return { status: answer.status, body: await answer.json() };
      },
      [method, path, token, body],
    );
  }

  async function call(method, path, body) {
    const { status, body: told } = await ask(method, path, body);
    if (!told.success) throw new Error(`${path}: ${status} ${JSON.stringify(told)}`);
    return told.data;
  }

  async function signUp(email) {
    const account = { email, password: "secret-123" };
    await call("POST", "/api/auth/register", account);
    token = (await call("POST", "/api/auth/login", account)).accessToken;
    return token;
  }

  // On Stripe's page, with a card that is charged; returns what the app is told.
  async function pay(checkout) {
    await page.goto(checkout.url);
    await page.getByLabel("Card number").fill("4242 4242 4242 4242");
    await page.getByRole("button", { name: "Subscribe" }).click();
    await page.waitForURL(`${base}/**`);
    const session = new URL(page.url()).searchParams.get("session");
    return await call("POST", "/api/verify-payment", { sessionId: session });
  }

  return { page, ask, call, signUp, pay };
}
