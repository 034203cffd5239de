// How Next writes the import of a compiled module.
declare module "*.wasm?module" {
  const module: WebAssembly.Module;
  export default module;
}
