// Like a web client: signs in with the Firebase JS SDK, and calls the API with its ID token.
// Usage: node firebase_sdk.mjs AUTH_EMULATOR_URL BASE_URL; prints one line of JSON.
import { randomUUID } from "node:crypto";
import { deleteApp, initializeApp } from "@firebase/app";
import {
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  getAuth,
  signInAnonymously,
} from "@firebase/auth";

const [authUrl, baseUrl] = process.argv.slice(2);

async function call(method, path, token, body) {
  const answer = await fetch(baseUrl + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "idempotency-key": randomUUID(),
    },
    body: body && JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

async function useAs(name, signIn) {
  const app = initializeApp({ apiKey: "any-key-will-do-here", projectId: "demo-troupe" }, name);
  const auth = getAuth(app);
  connectAuthEmulator(auth, authUrl, { disableWarnings: true });
  const { user } = await signIn(auth);
  const token = await user.getIdToken();
  const me = await call("GET", "/api/auth/me", token);
  const speech = await call("POST", "/api/voice/generate", token, {
    text: `Hello from the ${name} client.`,
    language: "en-us",
  });
  await deleteApp(app);
  return { uid: user.uid, me, speech };
}

const email = `sdk-${randomUUID()}@example.com`;
const results = {
  email,
  registered: await useAs("registered", (auth) =>
    createUserWithEmailAndPassword(auth, email, "a-password-of-some-length"),
  ),
  anonymous: await useAs("anonymous", (auth) => signInAnonymously(auth)),
};
console.log(JSON.stringify(results));
process.exit(0);
