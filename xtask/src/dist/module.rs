//! A workspace member becomes a wasm module with its JavaScript, and once more as a script that carries the bytes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wasm_bindgen_cli_support::Bindgen;

use crate::fingerprint::{self, Fingerprint};
use crate::tools::{Shell, kilobytes};
use crate::{node, rust};

/// All modules of the package.
pub const ALL: [Module; 2] = [
    Module { package: "tidegate-bindings", name: "core", inline_threshold: Some(INLINE_THRESHOLD), is_imported: true },
    Module { package: "tidegate-simulator", name: "simulator", inline_threshold: None, is_imported: false },
];

/// A workspace member, and what its module is called in the package.
pub struct Module {
    package: &'static str,
    name: &'static str,
    /// How large a function may be to be inlined; `None` for what the compiler thinks right where size counts.
    inline_threshold: Option<u32>,
    /// Whether an entry imports the module as a file; else the script that carries it is enough.
    is_imported: bool,
}

impl Module {
    /// Builds the module if needed and returns the folder with its files.
    pub fn build(&self, shell: &Shell, dev: bool) -> Result<PathBuf> {
        let compiled = rust::build_module(shell, self.package, !dev, self.inline_threshold)?;
        let inputs = Fingerprint::new(include_str!("module.rs"))
            .text(if dev { "dev" } else { "release" })
            .file(&compiled)
            .file(&node::module(shell, "binaryen/package.json"));
        let output = shell.scratch("dist").join(self.name);
        let ran = fingerprint::unless_fresh(inputs, &output, |dir| self.generate(shell, &compiled, dir, dev))?;
        if ran {
            let bytes = fs::metadata(self.wasm(&output))?.len();
            shell.say(format!("built {} ({})", self.name, kilobytes(usize::try_from(bytes)?)));
        }
        Ok(output)
    }

    /// Files of the folder that nothing in the package imports.
    pub fn unused(&self) -> Vec<String> {
        let file = |end| format!("{}_bg.{end}", self.name);
        if self.is_imported { Vec::new() } else { ["wasm", "d.wasm.ts"].map(file).into() }
    }

    fn generate(&self, shell: &Shell, compiled: &Path, dir: &Path, dev: bool) -> Result<()> {
        Bindgen::new()
            .input_path(compiled)
            .out_name(self.name)
            .web(true)?
            .typescript(true)
            .omit_default_module_path(true)
            .remove_name_section(!dev)
            .remove_producers_section(true)
            .generate(dir)
            .with_context(|| format!("wasm-bindgen failed on {}", self.package))?;

        let wasm = self.wasm(dir);
        if !dev {
            // No feature flags: wasm-opt then reads what the module states, and emits nothing that old runtimes lack.
            node::tool(shell, "binaryen/bin/wasm-opt")
                .args(["-Oz", "--converge"])
                .arg(&wasm)
                .arg("-o")
                .arg(&wasm)
                .run()?;
        }
        let bytes = fs::read(&wasm)?;
        fingerprint::write(
            &dir.join(format!("{}_inline.js", self.name)),
            inline_script("The WebAssembly module", &bytes).as_bytes(),
        )?;
        fingerprint::write(&dir.join(format!("{}_inline.d.ts", self.name)), INLINE_TYPES.as_bytes())?;

        // Types of the raw exports, which nobody should call. What a bundler makes of an import is a module.
        fingerprint::remove(&dir.join(format!("{}_bg.wasm.d.ts", self.name)))?;
        fingerprint::write(&dir.join(format!("{}_bg.d.wasm.ts", self.name)), WASM_TYPES.as_bytes())
    }

    fn wasm(&self, dir: &Path) -> PathBuf {
        dir.join(format!("{}_bg.wasm", self.name))
    }
}

/// A script that carries bytes, which `what` names.
///
/// The order of the ways to decode is that of their speed; `atob` with a callback for each byte would take longest.
pub fn inline_script(what: &str, bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    format!(
        r#"const base64 = "{text}";

/** {what}. */
export function bytes() {{
  if (typeof Uint8Array.fromBase64 === "function") return Uint8Array.fromBase64(base64);
  const NodeBuffer = globalThis.Buffer;
  if (typeof NodeBuffer?.from === "function") return NodeBuffer.from(base64, "base64");
  const text = atob(base64);
  const decoded = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) decoded[i] = text.charCodeAt(i);
  return decoded;
}}
"#
    )
}

/// The types of such a script.
pub const INLINE_TYPES: &str =
    "/** What this file carries. */\nexport declare function bytes(): Uint8Array<ArrayBuffer>;\n";

/// In the core speed counts too. With 15 the module weighs 1.6 kB less after Brotli, and decisions take a fifth longer; with
/// 50, LLVM's own for `opt-level = "s"`, it weighs 1.2 kB more, and reading a request and its answer takes a twentieth less
/// (tried 2026-11-26 with rustc 1.95).
const INLINE_THRESHOLD: u32 = 35;

const WASM_TYPES: &str = "declare const module: WebAssembly.Module;\nexport default module;\n";
