// The flow of a sign-up with the TypeScript SDK: redeem, create, wait, read. Prints the address, then what was found.
// Arguments: the protocol date, then "http" URL, or "stdio" COMMAND...; the enrollment key is in ENROLLMENT_TOKEN.
const [date, kind, ...rest] = process.argv.slice(2);
const token = process.env.ENROLLMENT_TOKEN;
const modern = date === "2026-07-28";
const from = (path, name) => import(`@modelcontextprotocol/${path}`).then((module) => module[name]);
const Client = await (modern ? from("client", "Client") : from("sdk/client/index.js", "Client"));
const Http = await (modern
  ? from("client", "StreamableHTTPClientTransport")
  : from("sdk/client/streamableHttp.js", "StreamableHTTPClientTransport"));
const Stdio = await (modern
  ? from("client/stdio", "StdioClientTransport")
  : from("sdk/client/stdio.js", "StdioClientTransport"));

const connected = async (key) => {
  const transport =
    kind === "http"
      ? new Http(new URL(rest[0]), { requestInit: { headers: { Authorization: `Bearer ${key}` } } })
      : new Stdio({ command: rest[0], args: rest.slice(1), env: process.env });
  const options = modern ? { versionNegotiation: { mode: { pin: date } } } : {};
  const client = new Client({ name: "flow", version: "1.0.0" }, options);
  await client.connect(transport);
  return client;
};
const call = async (client, name, given = {}, options = {}) => {
  const asked = { name, arguments: given };
  const result = await (modern ? client.callTool(asked, options) : client.callTool(asked, undefined, options));
  if (result.isError) throw new Error(JSON.stringify(result.content));
  return result.structuredContent;
};
const said = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

let client = await connected(token);
const before = (await client.listTools()).tools.map((tool) => tool.name);
const stateless = modern && kind === "http"; // no session remembers what was redeemed
const asked = { enrollment_token: token, agent_handle: "typescript", reveal: stateless };
const enrolled = await call(client, "redeem_enrollment", asked);
if (stateless) client = await connected(enrolled.agent_key);
const after = (await client.listTools()).tools.map((tool) => tool.name);
const { address } = await call(client, "create_inbox");
said({ address, before, after, revealed: enrolled.agent_key !== null });

const found = await call(client, "wait_for_email", { addr: address, timeout_seconds: 30 }, {
  onprogress: () => {},
  resetTimeoutOnProgress: true,
});
const read = await call(client, "get_message", { id: found.message.id });
said({ code: found.extracted.otp_code, text: read.untrusted_content.text });
await client.close();
