// `firebase/auth`, on the emulator.
import { connectAuthEmulator, getAuth as get } from "@firebase/auth";
import { config } from "./config.mjs";

export { signInWithCustomToken } from "@firebase/auth";

export function getAuth(app) {
  const auth = get(app);
  connectAuthEmulator(auth, `http://${config.auth}`, { disableWarnings: true });
  return auth;
}
