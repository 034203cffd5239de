//! `cargo xtask demo`: the built package at work, in the terminal or, with `--web`, in a browser.

use std::ffi::OsString;

use anyhow::{Result, ensure};

use crate::tools::Shell;
use crate::{dist, node, site};

/// The demo, below the root of the repository.
pub const SCRIPT: &str = "examples/demo/demo.mjs";

/// What serves the demo page.
const SERVER: &str = "www/serve/serve.mjs";

/// The option that asks for the page.
pub const WEB: &str = "--web";

/// Runs the demo: real SDK calls against simulated limits. Its own options: cargo xtask demo --help
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    /// Options of the demo
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

/// Builds what is needed and gives the terminal to the demo, or to the server of the page.
pub fn run(shell: &Shell, args: &Args) -> Result<()> {
    node::require(shell)?;
    let (web, args): (Vec<_>, Vec<_>) = args.args.iter().partition(|arg| *arg == WEB);
    let script = if web.is_empty() { SCRIPT } else { SERVER };
    ensure!(shell.path(script).is_file(), "{script} is missing");
    // Both explain their options before they import anything that would have to be built.
    if !args.iter().any(|arg| *arg == "--help" || *arg == "-h") {
        if web.is_empty() {
            dist::run(shell, &dist::Args::default())?
        } else {
            site::build(shell)?
        };
    }
    // In the user's folder, so that paths among the options mean what they say.
    shell.command("node").arg(shell.path(script)).args(&args).dir(std::env::current_dir()?).hand_over()
}
