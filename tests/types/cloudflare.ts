// Without Cloudflare's types: what is needed of them is described by shape.
import { LimiterObject, type ObjectNamespace, type ObjectState, sharedLimiter } from "tidegate/cloudflare";

export class ApiLimit extends LimiterObject<{ readonly RPM: number }> {
  override readonly options = { limits: { default: { rpm: this.env.RPM } } };
}

export const made = (state: ObjectState): ApiLimit => new ApiLimit(state, { RPM: 5 });
export const answer = (object: ObjectNamespace): Promise<Response> => sharedLimiter(object).fetch("https://api.example.com");
