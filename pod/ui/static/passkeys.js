// Passkeys: a form with data-passkey asks the browser for one before it is sent. Fetches nothing, and knows no page.
//
// data-passkey is "make" or "show", data-options what the server asks for, in JSON with bytes as base64url; the answer goes
// into the field `answer` in the same spelling. What is hidden until this script runs has data-when="passkeys", what is said
// until then, and where a browser knows none, data-when="no-passkeys".
"use strict";
{
  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
  const text = (buffer) =>
    btoa(Array.from(new Uint8Array(buffer), (each) => String.fromCharCode(each)).join(""))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
  const keys = (list) => list.map((each) => ({ ...each, id: bytes(each.id) }));

  const make = async (options) => {
    const user = { ...options.user, id: bytes(options.user.id) };
    const publicKey = { ...options, user, excludeCredentials: keys(options.excludeCredentials) };
    publicKey.challenge = bytes(options.challenge);
    const made = await navigator.credentials.create({ publicKey });
    const transports = made.response.getTransports ? made.response.getTransports() : [];
    return spelled(made, { attestationObject: text(made.response.attestationObject), transports });
  };

  const show = async (options) => {
    const publicKey = { ...options, allowCredentials: keys(options.allowCredentials) };
    publicKey.challenge = bytes(options.challenge);
    const shown = await navigator.credentials.get({ publicKey });
    const { authenticatorData, signature, userHandle } = shown.response;
    const said = { authenticatorData: text(authenticatorData), signature: text(signature) };
    return spelled(shown, userHandle && userHandle.byteLength ? { ...said, userHandle: text(userHandle) } : said);
  };

  const spelled = (credential, response) => ({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: { clientDataJSON: text(credential.response.clientDataJSON), ...response },
  });

  const ask = async (form) => {
    const failed = form.querySelector("[data-failed]");
    const button = form.querySelector("button");
    failed.hidden = button.disabled = true;
    try {
      const options = JSON.parse(form.dataset.options);
      form.elements.answer.value = JSON.stringify(await (form.dataset.passkey === "make" ? make : show)(options));
      form.submit();
    } catch {
      failed.hidden = button.disabled = false;
      failed.focus();
    }
  };

  const usable = window.isSecureContext && "credentials" in navigator && "PublicKeyCredential" in window;
  document.documentElement.classList.toggle("no-passkeys", !usable);
  for (const each of document.querySelectorAll("[data-when]")) {
    each.hidden = (each.dataset.when === "passkeys") !== usable;
  }
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask(form);
    });
  }
}
