//! `cargo xtask site`: builds the demo page into `site/`, which any server of files can serve.
//!
//! There is no bundler: the page's scripts are compiled one by one, and what they import is put beside them, as it is in
//! the package and in the chart library.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::assemble::Files;
use crate::fingerprint::{self, Fingerprint};
use crate::tools::Shell;
use crate::{dist, node};

/// Where the page is written by hand.
const SOURCES: &str = "www";

/// How the names of files end that are taken as they are; others are TypeScript, or no part of the page.
const AS_THEY_ARE: [&str; 4] = [".html", ".css", ".svg", "_headers"];

/// Builds the page and says where it is.
pub fn run(shell: &Shell) -> Result<()> {
    let site = build(shell)?;
    shell.say(format!("the page is in {}: any static host can serve it", site.display()));
    Ok(())
}

/// Builds the page and returns its folder.
pub fn build(shell: &Shell) -> Result<PathBuf> {
    let package = dist::run(shell, &dist::Args::default())?;
    let site = shell.path("site");
    let mut files = Files::default();
    add_package(&mut files, &package)?;
    add_charts(&mut files, shell)?;
    // The TypeScript refers to these by the place they have in the site.
    files.copy_to(&site)?;

    files.add_tree("", &compile(shell, &site)?)?;
    add_as_they_are(&mut files, &shell.path(SOURCES))?;
    files.copy_to(&site)?;
    files.remove_others_from(&site)?;
    Ok(site)
}

/// Adds of the package what a page can import, and what says whose it is.
fn add_package(files: &mut Files, package: &Path) -> Result<()> {
    let mut add = |file: &Path| files.add(&place_in(PACKAGE, file), package.join(file));
    fingerprint::files_below(package)?.iter().filter(|file| is_for_pages(file)).try_for_each(|file| add(file))
}

/// Whether a file of the package is for pages: the rest is for other runtimes, for SDKs, or for modules loaded as such.
fn is_for_pages(file: &Path) -> bool {
    let name = file.to_string_lossy().replace('\\', "/");
    let begins_with = |beginnings: &[&str]| beginnings.iter().any(|beginning| name.starts_with(beginning));
    let for_others = ["simulator/node.", "simulator/listener.", "wasm/core_bg."];
    begins_with(&["entry/inline.", "glue/", "presets/", "simulator/", "wasm/", "LICENSE-", "package.json"])
        && !begins_with(&for_others)
}

/// Adds the chart library: script, types, style and licence.
fn add_charts(files: &mut Files, shell: &Shell) -> Result<()> {
    let library = node::module(shell, "uplot");
    let types = library.join("dist/uPlot.d.ts");
    let generated = shell.scratch("site/uplot");
    fingerprint::unless_fresh(Fingerprint::new(include_str!("site.rs")).file(&types), &generated, |dir| {
        let types = fs::read_to_string(&types).with_context(|| format!("cannot read {}", types.display()))?;
        // They are written for CommonJS only, though the library also comes as a module.
        let (before, after) = types.split_once(COMMON_JS).context("the types of uplot export otherwise now")?;
        fingerprint::write(&dir.join("uPlot.esm.d.ts"), [before, "export default uPlot;", after].concat().as_bytes())
    })?;
    files.add_tree(CHARTS, &generated)?;
    for name in ["uPlot.esm.js", "uPlot.min.css"] {
        files.add(&place_in(CHARTS, Path::new(name)), library.join("dist").join(name))?;
    }
    files.add(&place_in(CHARTS, Path::new("LICENSE")), library.join("LICENSE"))
}

/// Compiles the page's scripts if needed and returns the folder with them.
fn compile(shell: &Shell, site: &Path) -> Result<PathBuf> {
    let sources = shell.path(SOURCES);
    let inputs = Fingerprint::new(include_str!("site.rs"))
        .file(&node::module(shell, "typescript/package.json"))
        .file(&sources.join("tsconfig.json"))
        .tree(&sources.join("src"))?
        .tree_of(&site.join("vendor"), ".ts")?;
    let output = shell.scratch("site/scripts");
    let ran = fingerprint::unless_fresh(inputs, &output, |dir| {
        // An import of a source that is gone would find what an earlier build made of it.
        fingerprint::remove(&site.join("src"))?;
        node::tsc(shell, &sources).arg("--outDir").arg(dir).run()
    })?;
    if ran {
        shell.say("built the page's scripts");
    }
    Ok(output)
}

fn add_as_they_are(files: &mut Files, sources: &Path) -> Result<()> {
    let is_taken = |name: &str| AS_THEY_ARE.iter().any(|ending| name.ends_with(ending));
    for file in fingerprint::files_below(sources)?.iter().filter(|file| is_taken(&file.to_string_lossy())) {
        files.add(&file.to_string_lossy(), sources.join(file))?;
    }
    Ok(())
}

fn place_in(folder: &str, file: &Path) -> String {
    Path::new(folder).join(file).to_string_lossy().into_owned()
}

/// Where the page finds the package.
const PACKAGE: &str = "vendor/tidegate";
/// Where it finds the chart library.
const CHARTS: &str = "vendor/uplot";
/// How the types of a CommonJS module say what it is.
const COMMON_JS: &str = "export = uPlot;";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_package_only_what_pages_import_is_taken() {
        let taken = |file: &&&str| is_for_pages(Path::new(file));
        let for_pages = [
            "LICENSE-MIT",
            "entry/inline.js",
            "glue/index.d.ts",
            "package.json",
            "presets/index.js",
            "simulator/index.js",
            "wasm/core_inline.js",
            "wasm/simulator.js",
        ];
        let for_others = [
            "README.md",
            "adapters/aws.js",
            "cloudflare/index.js",
            "entry/workerd.js",
            "simulator/listener.js",
            "simulator/node.d.ts",
            "tokens/tables.js",
            "wasm/core_bg.wasm",
        ];
        assert_eq!(for_pages.iter().filter(taken).count(), for_pages.len());
        assert_eq!(for_others.iter().filter(taken).collect::<Vec<_>>(), Vec::<&&str>::new());
    }
}
