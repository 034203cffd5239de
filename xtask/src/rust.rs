//! The Rust side: the wasm target, compiled modules, and the runner of tests compiled to wasm.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::tools::{Shell, prefixed};

/// The target every module is compiled for.
pub const WASM: &str = "wasm32-unknown-unknown";

/// First argument that turns this program into the runner of tests compiled to wasm.
const TEST_RUNNER: &str = "wasm-test-runner";

/// Makes sure that the compiler can build for wasm.
pub fn require_wasm_target(shell: &Shell) -> Result<()> {
    let library = shell.command("rustc").args(["--print", "target-libdir", "--target", WASM]).read()?;
    if Path::new(library.trim()).is_dir() {
        return Ok(());
    }
    shell.say(format!("adding the Rust target {WASM}"));
    shell
        .command("rustup")
        .args(["target", "add", WASM])
        .run()
        .with_context(|| format!("the Rust target {WASM} is missing and could not be added"))
}

/// Makes sure that parts of the toolchain such as `rustfmt` and `clippy` are there.
pub fn require_component(shell: &Shell, component: &str, subcommand: &str) -> Result<()> {
    if shell.quiet().command("cargo").args([subcommand, "--version"]).run().is_ok() {
        return Ok(());
    }
    shell
        .command("rustup")
        .args(["component", "add", component])
        .run()
        .with_context(|| format!("{component} is missing and could not be added"))
}

/// Compiles a workspace member to one wasm module and returns its path.
///
/// What is released inlines functions up to `inline_threshold`, in LLVM's measure, if that is given.
pub fn build_module(shell: &Shell, package: &str, release: bool, inline_threshold: Option<u32>) -> Result<PathBuf> {
    // A library that is also built as an rlib would silently lose link-time optimisation: hence `rustc --crate-type`.
    let mut command = shell.command("cargo").args(["rustc", "--package", package, "--target", WASM, "--lib"]);
    command = command.args(["--crate-type", "cdylib", "--message-format", "json-render-diagnostics"]);
    if release {
        command = command.args(["--profile", "wasm"]);
        if let Some(threshold) = inline_threshold {
            command = command.arg("--").arg(format!("-Cllvm-args=-inline-threshold={threshold}"));
        }
    }
    let messages = command.env("CARGO_ENCODED_RUSTFLAGS", flags(shell)?).read()?;
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact")
        .flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default())
        .filter_map(|name| name.as_str().map(PathBuf::from))
        .find(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .with_context(|| format!("cargo built no wasm module of {package}"))
}

/// The `--config` setting that makes Cargo run wasm tests with this program.
pub fn test_runner_config() -> Result<OsString> {
    let program = std::env::current_exe()?;
    // A list, because a plain string would be cut at the spaces of the path.
    let list = serde_json::json!([program.to_string_lossy(), TEST_RUNNER]);
    Ok(format!("target.{WASM}.runner = {list}").into())
}

/// Runs a test compiled to wasm, if that is what this program was started for.
pub fn run_as_wasm_test_runner(args: impl Iterator<Item = OsString>) -> Option<Result<()>> {
    let mut args: Vec<_> = args.collect();
    if args.get(1).is_none_or(|first| first != TEST_RUNNER) {
        return None;
    }
    args.remove(1);
    Some(wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(args))
}

/// Compiler flags that keep this machine's folders out of the module: it shall be the same wherever it is built.
fn flags(shell: &Shell) -> Result<OsString> {
    let mut flags: Vec<OsString> =
        std::env::var("RUSTFLAGS").unwrap_or_default().split_whitespace().map(OsString::from).collect();
    let mut remap = |from: &Path, to: &str| {
        let mut flag = prefixed("--remap-path-prefix=", from);
        flag.push("=");
        flag.push(to);
        flags.push(flag);
    };

    remap(&shell.path(""), "");
    let sysroot = shell.command("rustc").args(["--print", "sysroot"]).read()?;
    remap(&Path::new(sysroot.trim()).join("lib/rustlib/src/rust"), "rust");
    let cargo_home =
        std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    if let Some(sources) = cargo_home.map(|home| home.join("registry/src")) {
        for index in sources.read_dir().into_iter().flatten().flatten() {
            remap(&index.path(), "crates");
        }
    }
    Ok(flags.join("\u{1f}".as_ref()))
}
