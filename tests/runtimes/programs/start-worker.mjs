// A page whose worker runs the contract.
const worker = new Worker(`/by-address.mjs${location.search}`, { type: "module" });
worker.onmessage = ({ data }) => console.log(JSON.stringify(data));
worker.onerror = ({ message }) => console.error(`the worker: ${message}`);
