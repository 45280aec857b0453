// The page of a call: /call.html#CODE, with ?invitation=TOKEN for an invitation, and with ?review=1 for a review
// after the call. An app of yours would have a page of its own that uses call.mjs.
import { Client, textFor } from "./live.mjs";
import { enterAsGuest, enterCall } from "./call.mjs";

const byId = (id) => document.getElementById(id);
const code = decodeURIComponent(location.hash.slice(1));
const language = navigator.language;
const query = new URLSearchParams(location.search);
const relay = query.has("relay"); // hides the user's address from the others
const invitation = query.get("invitation") ?? undefined;
const say = (text) => (byId("state").textContent = text);
const STATES = {
  joining: "Joining …",
  waiting: "Please wait until you are let in.",
  in: "",
  removed: "You are not in this call.",
  ended: "The call has ended.",
  "signed-out": "Your session has ended. Load the page again.",
  closed: "You have left the call.",
};
let call;
let shown; // the id of the recording that the user sees
let guest; // the client of a guest, who is asked for a review after the call
let wasIn = false;
let unpaid = false; // the call ends because its company cannot pay for more
const streams = new Map(); // what participants send, by their ids

/** A frame for the picture of somebody, and what they show. */
function frame(id, label, { stream, screen }) {
  const figure = byId(id) ?? document.createElement("figure");
  figure.id = id;
  const videos = [stream, screen].map((source) => {
    const video = document.createElement("video");
    return Object.assign(video, { srcObject: source, autoplay: true, playsInline: true, muted: id === "own" });
  });
  videos[1].hidden = !screen.active;
  const caption = document.createElement("figcaption");
  caption.textContent = label;
  figure.replaceChildren(...videos, caption);
  byId("videos").append(figure);
}

const handlers = {
  state(state, error) {
    say(error && state === "closed" ? error.message : STATES[state]);
    if (state === "ended" && unpaid) say("The call has ended, because the company cannot pay for more of it.");
    for (const id of ["controls", "chat"]) byId(id).hidden = state !== "in";
    if (["removed", "ended", "signed-out", "closed"].includes(state)) byId("videos").replaceChildren();
    if (state === "in") showDevices();
    wasIn ||= state === "in";
    if (guest && wasIn && ["ended", "closed"].includes(state)) askForReview(call.id, guest);
  },
  ends(at) {
    unpaid = Boolean(at);
    say(at ? `The call ends at ${at.toLocaleTimeString()}, because the company cannot pay for more of it.` : "");
  },
  own: (media) => frame("own", "You", media),
  media(id, media) {
    streams.set(id, media);
    frame(`p${id}`, "", media);
  },
  // They are told one by one at first, so whoever was missing may be there a moment later.
  people(people) {
    const known = new Set(["own", ...people.map(({ id }) => `p${id}`)]);
    for (const each of [...byId("videos").children]) if (!known.has(each.id)) each.remove();
    for (const { id, name, media, connection } of people) {
      if (!byId(`p${id}`) && streams.has(id)) frame(`p${id}`, "", streams.get(id));
      const figure = byId(`p${id}`);
      if (!figure) continue;
      figure.lastElementChild.textContent = connection === "connected" ? name : `${name} (${connection})`;
      figure.children[1].hidden = !media.screen;
    }
  },
  recording(recording) {
    shown = recording?.id;
    const asked = Boolean(recording?.waitingFor.includes(call.userId));
    byId("record").setAttribute("aria-pressed", String(Boolean(recording)));
    byId("recording").textContent = recording ? recordingText(recording) : "";
    byId("asked").textContent = `${recording?.name || "The host"} wants to record this call. Do you agree?`;
    const dialog = byId("consent");
    if (asked && !dialog.open) dialog.showModal();
    if (!asked && dialog.open) dialog.close();
    byId("withdraw").hidden = !recording || asked;
  },
  chat: {
    messages(messages) {
      const items = messages.map((message) => {
        const item = document.createElement("li");
        item.textContent = `${message.name}: ${textFor(message, [language]).text}`;
        return item;
      });
      byId("messages").replaceChildren(...items);
    },
  },
};

function recordingText({ state, waitingFor }) {
  if (waitingFor.length) return "Not recording: somebody has not agreed yet.";
  return state === "recording" ? "● This call is being recorded." : "The recording is about to start.";
}

async function showDevices() {
  const found = await call.devices();
  for (const [id, kind] of [["microphones", "audioinput"], ["cameras", "videoinput"]]) {
    const devices = found.filter((each) => each.kind === kind);
    byId(id).replaceChildren(...devices.map(({ deviceId, label }) => new Option(label, deviceId)));
  }
}

function onPress(id, act) {
  byId(id).addEventListener("click", async () => {
    const on = byId(id).getAttribute("aria-pressed") !== "true";
    try {
      await act(on);
      byId(id).setAttribute("aria-pressed", String(on));
    } catch (error) {
      say(error.message);
    }
  });
}

onPress("mute", (on) => call.mute(on));
onPress("camera", (on) => call.use({ video: on }));
onPress("share", (on) => call.share(on));
onPress("record", (on) => call.record(on));
for (const [id, agrees] of [["agree", true], ["refuse", false], ["withdraw", false]]) {
  byId(id).addEventListener("click", () => call.consent(agrees, shown).catch((error) => say(error.message)));
}
onPress("captions", (on) => call.captions(on, language));
byId("leave").addEventListener("click", () => call.close());
byId("microphones").addEventListener("change", ({ target }) => call.use({ audio: target.value }));
byId("cameras").addEventListener("change", ({ target }) => call.use({ video: target.value }));
byId("chat").addEventListener("submit", (event) => {
  event.preventDefault();
  call.room.send(byId("text").value).catch((error) => say(error.message));
  byId("text").value = "";
});

async function ask(method, path, body) {
  const headers = body && { "Content-Type": "application/json" };
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error.message);
  return told.data;
}

const GUEST_SECONDS = 36 * 3600; // the lifetime of a guest's token
const PREFIX = "call-";

/** Keeps the token of a guest in the browser, so that a link to the review works in it, until they have reviewed the
 * call, or can do so no longer. */
function keep(callId, token, seconds) {
  try {
    localStorage.setItem(PREFIX + callId, JSON.stringify({ token, until: Date.now() + seconds * 1000 }));
  } catch (error) {
    console.warn(error); // the user allows no storage
  }
}

/** The token, if there is one. Forgets those that have expired. */
function kept(callId) {
  try {
    for (const name of Object.keys(localStorage).filter((each) => each.startsWith(PREFIX))) {
      if (!(JSON.parse(localStorage.getItem(name)).until > Date.now())) localStorage.removeItem(name);
    }
    return JSON.parse(localStorage.getItem(PREFIX + callId))?.token;
  } catch (error) {
    console.warn(error);
  }
}

function forget(callId) {
  try {
    localStorage.removeItem(PREFIX + callId);
  } catch (error) {
    console.warn(error);
  }
}

/** Asks a guest how the call was. */
function askForReview(callId, client) {
  const form = byId("review");
  form.hidden = false;
  form.onsubmit = async (event) => {
    event.preventDefault();
    const { service, host, solved, text } = Object.fromEntries(new FormData(form));
    const ratings = { service: Number(service), host: Number(host) };
    const answered = solved ? { solved: solved === "yes" } : {};
    try {
      const body = { subjectKind: "call", subjectId: callId, ratings, text, ...answered };
      await client.call("POST", "/api/reviews", body);
      form.hidden = true;
      forget(callId);
      say("Thank you for your review.");
    } catch (error) {
      say(error.message);
    }
  };
}

/** Hides the forms to come in while one is sent, and shows it again if that fails. */
function onSubmit(id, send) {
  byId(id).hidden = false;
  byId(id).onsubmit = async (event) => {
    event.preventDefault();
    for (const form of ["guest", "member"]) byId(form).hidden = true;
    try {
      await send(Object.fromEntries(new FormData(byId(id))));
    } catch (error) {
      say(error.message);
      byId(id).hidden = false;
    }
  };
}

const signIn = async (account) => new Client({ session: await ask("POST", "/api/auth/login", account) });

/** For somebody who has followed a link after the call. */
function reviewLater(callId) {
  const token = kept(callId);
  if (token) return askForReview(callId, new Client({ session: { accessToken: token } }));
  say(
    "If you joined this call as a guest, please open this link on the device, and in the browser, with which you " +
      "joined. If you have an account, please sign in.",
  );
  byId("sign-in").textContent = "Sign in and review";
  onSubmit("member", async (account) => {
    askForReview(callId, await signIn(account));
    say("");
  });
}

/** Offers to enter the call. */
function offerToEnter(found) {
  byId("guest").elements.name.value = found.guestName;
  byId("captions").hidden = !found.captions;
  // In a call with audio only, nobody sends pictures.
  for (const id of ["camera", "share", "cameras"]) byId(id).hidden = found.media === "audio";
  onSubmit("guest", async ({ name }) => {
    const person = { name, code, invitation, language };
    call = await enterAsGuest({}, found.callId, person, handlers, { relay });
    guest = call.client;
    keep(found.callId, await guest.token(), GUEST_SECONDS);
  });
  byId("guest").hidden = !found.guestsAllowed;
  onSubmit("member", async (account) => {
    byId("record").hidden = false; // the API says who may record
    call = enterCall(await signIn(account), found.callId, handlers, { code, invitation, language, relay });
  });
}

try {
  const invited = invitation ? `?${new URLSearchParams({ invitation })}` : "";
  const found = await ask("GET", `/api/calls/join/${encodeURIComponent(code)}${invited}`);
  byId("title").textContent = found.title;
  if (query.has("review")) reviewLater(found.callId);
  else offerToEnter(found);
} catch (error) {
  say(error.message);
}
