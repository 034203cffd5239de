// The SDK of AWS for Bedrock through its adapter: calls wait before they are signed, and outside of the SDK's timers.
import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime";
import { createLimiter } from "tidegate";
import { forAws } from "tidegate/aws";
import { QUESTIONS, serverFor } from "./server.mjs";

const server = await serverFor("AWS_BEARER_TOKEN_BEDROCK");
const limiter = createLimiter({ limits: { "*.amazon.nova-*": { rps: 2 } } });
const bedrock = new BedrockRuntimeClient({
  region: process.env.AWS_REGION ?? "us-east-1",
  endpoint: server.url,
  token: { token: server.apiKey },
  authSchemePreference: ["httpBearerAuth"],
});
bedrock.middlewareStack.use(forAws(limiter));

const ask = async (text) => {
  const { output } = await bedrock.send(
    new ConverseCommand({
      modelId: "us.amazon.nova-lite-v1:0",
      messages: [{ role: "user", content: [{ text }] }],
      inferenceConfig: { maxTokens: 60 },
    }),
  );
  console.log(`${text} ${output.message.content[0].text.trim().slice(0, 40)}…`);
};
await Promise.all(QUESTIONS.map(ask));
bedrock.destroy();
await server.close();
