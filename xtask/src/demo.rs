//! `cargo xtask demo`: the built package at work.

use std::ffi::OsString;

use anyhow::{Result, ensure};

use crate::tools::Shell;
use crate::{dist, node};

/// The demo, below the root of the repository.
pub const SCRIPT: &str = "examples/demo/demo.mjs";

/// Runs the demo: real SDK calls against simulated limits. Its own options: cargo xtask demo --help
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    /// Options of the demo
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

/// Builds the package if needed and gives the terminal to the demo.
pub fn run(shell: &Shell, args: &Args) -> Result<()> {
    node::require(shell)?;
    ensure!(shell.path(SCRIPT).is_file(), "{SCRIPT} is missing");
    // The demo explains its options before it imports anything that would have to be built.
    if !args.args.iter().any(|arg| arg == "--help" || arg == "-h") {
        dist::run(shell, &dist::Args::default())?;
    }
    // In the user's folder, so that paths among the options mean what they say.
    shell.command("node").arg(shell.path(SCRIPT)).args(&args.args).dir(std::env::current_dir()?).hand_over()
}
