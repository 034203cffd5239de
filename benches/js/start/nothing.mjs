// What is there without any limiter: the runtime itself, and the loading of one script.
export default () => true;
