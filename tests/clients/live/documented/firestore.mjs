// `firebase/firestore`, on the emulator.
import { connectFirestoreEmulator, getFirestore as get } from "@firebase/firestore";
import { config } from "./config.mjs";

export { collection, doc, limit, onSnapshot, orderBy, query } from "@firebase/firestore";

export function getFirestore(app) {
  const firestore = get(app);
  const [host, port] = config.firestore.split(":");
  connectFirestoreEmulator(firestore, host, Number(port));
  return firestore;
}
