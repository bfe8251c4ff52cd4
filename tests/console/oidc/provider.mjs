// An OpenID provider for the tests: whoever signs in is who they say they are, with an address at example.org.
// Arguments: the console's base address, the client's secret. Prints its issuer once it answers.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const [consoleAddress, secret] = process.argv.slice(2);
const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "rj-console",
      client_secret: secret,
      redirect_uris: [`${consoleAddress}/sign-in/provider/answer`],
      post_logout_redirect_uris: [`${consoleAddress}/signed-out`],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["staff_id"] },
  pkce: { required: () => true },
  cookies: { keys: ["only for tests"] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: async () => ({
      sub: id,
      email: `${id}@example.org`,
      email_verified: !id.startsWith("unverified"),
      staff_id: id,
    }),
  }),
});
server.on("request", provider.callback());
process.stdout.write(`${issuer}\n`);
