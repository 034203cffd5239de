import PQueue from "p-queue";

export default () => new PQueue({ concurrency: 1 }).add(() => true);
