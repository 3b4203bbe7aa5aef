// Runs in the data browser's page before SolidOS, and fits it to this server: nothing is fetched from elsewhere.
"use strict";
{
  const { issuer, icons, logo } = document.currentScript.dataset;

  // Where SolidOS looks for its icons, which are not in its package.
  window.$SolidTestEnvironment = { iconBase: icons, originalIconBase: icons };

  // The header has addresses of other sites in its code: of its logo, and of where one gets a pod.
  const define = customElements.define.bind(customElements);
  customElements.define = (name, element, options) => {
    define(name, element, options);
    if (name !== "solid-ui-header") return;
    Object.defineProperty(element.prototype, "logo", { get: () => logo, set() {} });
    const signUp = { label: "Sign Up", url: `${issuer}.account/sign-up` };
    Object.defineProperty(element.prototype, "signUpAction", { get: () => signUp, set() {} });
  };

  // People sign in here unless they say otherwise.
  if (!localStorage.getItem("loginIssuer")) localStorage.setItem("loginIssuer", issuer);

  document.addEventListener("DOMContentLoaded", () => {
    // SolidOS takes the host of a pod for a server where people sign in; and as an app it should have a name.
    const session = window.SolidLogic.authSession;
    const login = session.login.bind(session);
    session.login = ({ oidcIssuer, redirectUrl }) => {
      const here = new URL(oidcIssuer).origin === location.origin;
      session.information.clientDetails = { client_name: "SolidOS", redirect_uris: [redirectUrl] };
      return login({ oidcIssuer: here ? issuer : oidcIssuer, redirectUrl });
    };

    // Servers of others are asked directly or not at all: there is no proxy here.
    Object.defineProperty(window.$rdf.Fetcher, "crossSiteProxyTemplate", { get: () => undefined, set() {} });
  });
}
