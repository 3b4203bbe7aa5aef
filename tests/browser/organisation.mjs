// An organisation's OpenID provider: the published `oidc-provider`, with its own pages for signing in and consenting.
// Whoever types a name is that person. Arguments: port, redirect URI. Says "ready" when it listens.
import { Provider } from "oidc-provider";

const [port, redirectURI] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "freehold",
      client_secret: "a secret: of the organisation's & ours",
      redirect_uris: [redirectURI],
      token_endpoint_auth_method: "client_secret_basic",
    },
  ],
  claims: { openid: ["sub"], profile: ["name"], email: ["email", "email_verified"] },
  conformIdTokenClaims: false,
  pkce: { required: () => true, methods: ["S256"] },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({
      sub,
      name: `${sub} of the organisation`,
      email: `${sub}@${sub === "stranger" ? "elsewhere.example" : "organisation.example"}`,
      email_verified: sub !== "unverified",
    }),
  }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
