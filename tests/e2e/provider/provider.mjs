// A real OpenID provider with made-up people, for the browser tests: signed user information,
// back-channel logout, the provider's own sign-in pages. Arguments: its port, the service's address.
import Provider from "oidc-provider";

const [port, service] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

// A login that ends in fourteen digits is that of somebody of this establishment.
const siretOf = (login) =>
  login === "sans-siret" ? undefined : (/\d{14}$/.exec(login)?.[0] ?? "12345678200010");

const person = (login) => ({
  sub: login,
  email: `${login}@region.example`,
  email_verified: true,
  given_name: "Camille",
  usual_name: "Durand",
  uid: login,
  siret: siretOf(login),
});

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "assistant",
      client_secret: "un-secret-de-client-assez-long-pour-hs256",
      token_endpoint_auth_method: "client_secret_post",
      redirect_uris: [`${service}/api/auth/oidc/proconnect/callback`],
      post_logout_redirect_uris: [`${service}/api/auth/signed-out`],
      userinfo_signed_response_alg: "RS256",
      backchannel_logout_uri: `${service}/api/auth/oidc/proconnect/back-channel-logout`,
      backchannel_logout_session_required: true,
    },
  ],
  claims: {
    openid: ["sub"],
    email: ["email", "email_verified"],
    given_name: ["given_name"],
    usual_name: ["usual_name"],
    siret: ["siret"],
    uid: ["uid"],
  },
  scopes: ["openid"],
  pkce: { required: () => false },
  cookies: { keys: ["une-clef-de-test"] },
  features: {
    devInteractions: { enabled: true },
    jwtUserinfo: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  // Its own dispatcher refuses to call this machine, where the service is.
  fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
  findAccount: (context, login) => ({ accountId: login, claims: async () => person(login) }),
});

provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
