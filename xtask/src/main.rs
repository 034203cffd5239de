//! Automation of this repository: `cargo xtask help`.
//!
//! One command is one module. What they share is in [`tools`] (running programs), [`fingerprint`] (telling whether
//! a step is up to date), [`assemble`] (folders that are handed out), [`node`] and [`rust`] (the two toolchains).

#![allow(clippy::print_stdout, reason = "a command line program prints")]
#![allow(clippy::disallowed_methods, reason = "steps are timed for the person who waits for them")]

mod assemble;
mod bench;
mod chromium;
mod demo;
mod dist;
mod fingerprint;
mod node;
mod rust;
mod site;
mod size;
mod test;
mod tidy;
mod tools;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::tools::Shell;

fn main() -> ExitCode {
    if let Some(result) = rust::run_as_wasm_test_runner(std::env::args_os()) {
        return exit(result);
    }
    exit(run(Cli::parse()))
}

/// Builds, tests and measures Tidegate.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Dist(dist::Args),
    /// Builds the demo page into site/
    Site,
    Demo(demo::Args),
    Test(test::Args),
    Bench(bench::Args),
    Size(size::Args),
    /// Checks the rules of the repository that no compiler knows
    Tidy,
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let shell = Shell::new();
    let Some(command) = cli.command else {
        Cli::command().print_help()?;
        return Ok(());
    };
    match command {
        Command::Dist(args) => dist::run(&shell, &args).map(drop),
        Command::Site => site::run(&shell),
        Command::Demo(args) => demo::run(&shell, &args),
        Command::Test(args) => test::run(&shell, &args),
        Command::Bench(args) => bench::run(&shell, &args),
        Command::Size(args) => size::run(&shell, &args),
        Command::Tidy => tidy::run(&shell),
    }
}

fn exit(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
