// The smallest Solid app: it says on the page who is signed in, and leaves the rest to the test, by way of `window.app`.
import { EVENTS, getDefaultSession } from "@inrupt/solid-client-authn-browser";
import * as data from "@inrupt/solid-client";

const session = getDefaultSession();
const home = `${location.origin}/`;
const say = (text) => { document.querySelector("output").textContent = text; };

window.app = {
  session,
  data,
  login: (oidcIssuer, options = {}) => {
    const wanted = { oidcIssuer, redirectUrl: home, clientName: "The Registered App", ...options };
    session.login(wanted).catch((error) => say(`refused: ${error}`));
  },
  logout: (options) => { session.logout(options).then(() => say("signed out")); },
  read: async (url) => {
    const answer = await session.fetch(url);
    return { status: answer.status, text: await answer.text() };
  },
  write: async (url, body, type = "text/turtle") =>
    (await session.fetch(url, { method: "PUT", body, headers: { "Content-Type": type } })).status,
};

let how = "signed in";
let refusal;
session.events.on(EVENTS.SESSION_RESTORED, () => { how = "restored"; });
session.events.on(EVENTS.ERROR, (error) => { refusal = error; });
try {
  await session.handleIncomingRedirect({ restorePreviousSession: true });
} catch (error) {
  refusal = error;
}
say(session.info.isLoggedIn ? `${how} as ${session.info.webId}` : refusal ? `refused: ${refusal}` : "signed out");
