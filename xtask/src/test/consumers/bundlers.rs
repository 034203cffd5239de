//! The contract in what bundlers make of the package.

use anyhow::Result;

use super::matrix::Matrix;
use super::project::Project;
use crate::chromium;
use crate::test::Outcome;
use crate::tools::Shell;

/// Each has a script that builds an application of the package and runs what came out.
const BUNDLERS: [&str; 5] = ["vite", "webpack", "rollup", "esbuild", "next"];

/// What an edge runtime cannot: import JSON, and compile the simulator. And it has a framework that patches globals.
const NOT_AT_THE_EDGE: [&str; 3] = ["loads: patches nothing", "loads: version", "simulator: agrees"];

/// Lets every bundler build an application and runs the contract in it.
pub fn bundlers(shell: &Shell) -> Result<Outcome> {
    let Some(browser) = chromium::find_or_install(shell)? else {
        return Ok(Outcome::Skipped(chromium::MISSING.into()));
    };
    let project = Project::fresh(shell)?;
    let mut matrix = Matrix::new("bundlers");
    for bundler in BUNDLERS {
        // Outside of the project, so that what is built finds no package beside it.
        let out = shell.scratch("built").join(bundler);
        let build = project.host(shell, &format!("bundlers/{bundler}.mjs")).arg(out).arg(&browser);
        let may_lack: &[&str] = if bundler == "next" { &NOT_AT_THE_EDGE } else { &[] };
        matrix.run(build, may_lack);
    }
    matrix.finish(shell).map(Outcome::Passed)
}
