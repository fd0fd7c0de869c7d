// The flow of a sign-up with the TypeScript SDK: redeem, create, wait. Prints the address, then what the wait found.
// Arguments: "http" URL KEY, or "stdio" COMMAND...; the enrollment key is in ENROLLMENT_TOKEN.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [kind, ...rest] = process.argv.slice(2);
const token = process.env.ENROLLMENT_TOKEN;
const transport =
  kind === "http"
    ? new StreamableHTTPClientTransport(new URL(rest[0]), {
        requestInit: { headers: { Authorization: `Bearer ${token}` } },
      })
    : new StdioClientTransport({ command: rest[0], args: rest.slice(1), env: process.env });

const client = new Client({ name: "flow", version: "1.0.0" });
await client.connect(transport);
const said = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const call = async (name, given = {}, options = undefined) => {
  const result = await client.callTool({ name, arguments: given }, undefined, options);
  if (result.isError) throw new Error(JSON.stringify(result.content));
  return result.structuredContent;
};

const before = (await client.listTools()).tools.map((tool) => tool.name);
const enrolled = await call("redeem_enrollment", { enrollment_token: token, agent_handle: "typescript" });
const after = (await client.listTools()).tools.map((tool) => tool.name);
const { address } = await call("create_inbox");
said({ address, before, after, key: enrolled.agent_key });

const progress = [];
const found = await call("wait_for_email", { addr: address, timeout_seconds: 30 }, {
  onprogress: (told) => progress.push(told.progress),
  resetTimeoutOnProgress: true,
});
const read = await call("get_message", { id: found.message.id });
said({ code: found.extracted.otp_code, text: read.untrusted_content.text });
await client.close();
