//! `cargo xtask dist`: builds the npm package into `pkg/`.
//!
//! Four steps, each skipped while nothing it depends on changed: the wasm modules ([`module`]), the tables of tokens
//! ([`tables`]), the TypeScript ([`typescript`]), and the folder with everything in its place ([`crate::assemble`]).

mod documents;
mod jsr;
mod module;
mod tables;
mod typescript;

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::assemble::Files;
use crate::tools::Shell;
use crate::{fingerprint, node, rust};

/// Builds the npm package into pkg/
#[derive(clap::Args, Clone, Copy, Default)]
pub struct Args {
    /// Build quickly: no optimisation, large modules with names for debugging
    #[arg(long)]
    pub dev: bool,
    /// Build it as JSR takes it, too, into target/xtask/jsr; to publish: `deno publish` there
    #[arg(long)]
    pub jsr: bool,
}

/// Builds the package and returns its folder.
pub fn run(shell: &Shell, args: &Args) -> Result<PathBuf> {
    node::require(shell)?;
    rust::require_wasm_target(shell)?;
    node::install(shell, "")?;

    let package = shell.path("pkg");
    let mut files = Files::default();
    for module in module::ALL {
        files.add_tree("wasm", &module.build(shell, args.dev)?)?;
        for name in module.unused() {
            files.leave_out(&format!("wasm/{name}"));
        }
    }
    files.add_tree("tokens", &tables::build(shell)?)?;
    // The TypeScript refers to these by the place they have in the package.
    files.copy_to(&package)?;
    files.add_tree("", &typescript::build(shell)?)?;
    documents::add(&mut files, shell)?;
    files.copy_to(&package)?;
    files.remove_others_from(&package)?;
    node::link_package(shell)?;
    if args.jsr {
        jsr::build(&package, &shell.scratch("jsr"))?;
    }
    Ok(package)
}

/// Builds the package as JSR takes it and returns its folder.
pub fn jsr(shell: &Shell) -> Result<PathBuf> {
    run(shell, &Args { jsr: true, ..Args::default() })?;
    Ok(shell.scratch("jsr"))
}

/// Builds the package, packs it as for publishing and returns the tarball.
pub fn pack(shell: &Shell) -> Result<PathBuf> {
    let package = run(shell, &Args::default())?;
    let output = shell.scratch("pack");
    let inputs = fingerprint::Fingerprint::new("npm pack").tree(&package)?;
    fingerprint::unless_fresh(inputs, &output, |dir| {
        node::npm(shell).args(["pack", "--silent", "--pack-destination"]).arg(dir).dir(&package).read().map(drop)
    })?;
    let files = fingerprint::files_below(&output)?;
    files.first().map(|name| output.join(name)).context("npm packed nothing")
}
