// What an application ships that makes a limiter and nothing else.
import { createLimiter } from "tidegate";

globalThis.limiter = createLimiter();
