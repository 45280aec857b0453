// A company in a web app: buys five seats on Stripe's page, invites three people, of whom two accept
// and one is removed, and goes down to three seats in Stripe's portal.
// Usage: node seats.mjs BROWSER HOSTING AUTH_EMULATOR PLAN; prints what the API answered as JSON.
import { open, visit } from "./web_app.mjs";

const [browserPath, base, authUrl, planId] = process.argv.slice(2);
const browser = await open(browserPath);
const run = Date.now();
const boss = await visit(browser, base, "/billing");
const results = { token: await boss.signUp(`boss-${run}@example.com`) };
const { id } = (await boss.call("POST", "/api/companies", { name: "Fjord Telecom" })).company;
results.companyId = id;
const seats = async () => (await boss.call("GET", `/api/companies/${id}`)).company.seats;
const invite = (name) => {
  const body = { email: `${name}-${run}@example.com`, withSeat: true };
  return boss.ask("POST", `/api/companies/${id}/invitations`, body);
};

const order = { planId, companyId: id, quantity: 5 };
results.verified = await boss.pay(await boss.call("POST", "/api/create-checkout-session", order));
results.bought = await seats();

const links = {};
for (const name of ["grace", "alan", "kurt"]) {
  const { status, body } = await invite(name);
  if (status !== 201) throw new Error(JSON.stringify(body));
  links[name] = body.data.link;
}
results.invited = await seats();

// Opens the link, signs up with the invited address, proves that it is theirs, and accepts.
async function accept(name) {
  const email = `${name}-${run}@example.com`;
  const guest = await visit(browser, base, links[name]);
  const token = new URL(guest.page.url()).hash.slice(1);
  const shown = await guest.call("POST", "/api/invitations/look", { token });
  await guest.signUp(email);
  const early = await guest.ask("POST", "/api/invitations/accept", { token });
  await guest.call("POST", "/api/auth/verify-email", {});
  const mails = await (await fetch(`${authUrl}/emulator/v1/projects/demo-troupe/oobCodes`)).json();
  const mail = mails.oobCodes.findLast((each) => each.email === email);
  await guest.call("POST", "/api/auth/verify-email", { code: mail.oobCode });
  const { company } = await guest.call("POST", "/api/invitations/accept", { token });
  const { user } = await guest.call("GET", "/api/auth/me");
  return { guest, uid: user.id, shown, early: early.body.error.code, company };
}
const grace = await accept("grace");
const alan = await accept("alan");
results.accepted = [grace, alan].map(({ shown, early, company }) => ({ shown, early, company }));
results.afterTwo = await seats();

await boss.call("DELETE", `/api/users/${alan.uid}?companyId=${id}`);
results.afterRemoval = await seats();
results.removed = (await alan.guest.call("GET", "/api/companies")).companies;

const portal = (quantity) => {
  const body = { companyId: id, flow: "seats", quantity, returnPath: "/billing" };
  return boss.ask("POST", "/api/payments/portal", body);
};
results.tooFew = (await portal(1)).body.error;
await boss.page.goto((await portal(3)).body.data.url);
await boss.page.getByRole("button", { name: "Confirm" }).click();
await boss.page.getByRole("heading", { name: "x 3" }).waitFor();
await boss.page.getByRole("link", { name: "Back" }).click();
await boss.page.waitForURL(`${base}/billing`);
for (let left = 100; (await seats()).total !== 3; left--) {
  // Until Stripe's event has arrived.
  if (!left) throw new Error(`still ${JSON.stringify(await seats())}`);
  await boss.page.waitForTimeout(100);
}
results.third = (await invite("alan")).status;
results.fourth = await invite("edsger");
results.full = await seats();
console.log(JSON.stringify(results));
await browser.close();
