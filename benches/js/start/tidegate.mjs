import { createLimiter } from "tidegate";

export default () => createLimiter().tryAcquire();
