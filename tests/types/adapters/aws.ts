// Any client of the SDK of AWS takes the adapter without a cast, and so does one of its commands.
import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime";
import { createLimiter } from "tidegate";
import { type AwsPlugin, forAws } from "tidegate/aws";

const limiter = createLimiter();
export const plugin: AwsPlugin = forAws(limiter.with({ priority: "low" }));

const bedrock = new BedrockRuntimeClient({ region: "us-east-1" });
bedrock.middlewareStack.use(forAws(limiter));

const command = new ConverseCommand({ modelId: "amazon.nova-pro-v1:0", messages: [] });
command.middlewareStack.use(plugin);
export const answer = bedrock.send(command);

// @ts-expect-error a limiter is wanted
forAws({});
