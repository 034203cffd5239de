//! The contract in the runtimes that a shell starts.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::Value;

use super::matrix::Matrix;
use super::project::Project;
use crate::test::Outcome;
use crate::tools::Shell;

/// What only a network shows.
const OVER_NETWORK: [&str; 7] = [
    "aborts: by the reader",
    "aborts: in flight",
    "aborts: in the body",
    "retries: connection lost",
    "settles: as the server",
    "streams: undelayed",
    "streams: usage settles",
];

/// Runs the contract in Node, of every major version that there is, in Deno and in Bun.
pub fn runtimes(shell: &Shell) -> Result<Outcome> {
    let project = Project::fresh(shell)?;
    let mut matrix = Matrix::new("runtimes");
    for node in nodes(shell, &project)? {
        let mut programs = vec!["node.mjs", "slim.mjs"];
        if node.requires_modules() {
            programs.push("node-require.cjs");
        }
        for program in programs {
            matrix.run(project.beside_server(shell, &node.program, &["--no-warnings", program]), node.may_lack());
        }
    }

    let deno = project.tool("node_modules/.bin/deno");
    // Whatever a program asks for beyond what it was given is refused, and not asked of whoever watches.
    let server = ["run", "--no-prompt", "--allow-net=127.0.0.1", "deno.mjs"];
    matrix.run(project.beside_server(shell, &deno, &server), &[]);
    let alone = shell.command(&deno).args(["run", "--no-prompt", "deno.mjs"]).dir(project.folder());
    matrix.run(alone, &OVER_NETWORK);

    let bun = project.tool("node_modules/.bin/bun");
    matrix.run(project.beside_server(shell, &bun, &["run", "bun.mjs"]), &[]);
    // One file that holds the runtime, the program and the package, in a folder where there is nothing else.
    let compiled = shell.scratch("built/bun/program");
    let build = shell.command(&bun).args(["build", "--compile", "bun.mjs", "--outfile"]).arg(&compiled);
    matrix.run_after(build.dir(project.folder()), project.beside_server(shell, &compiled, &[]), &[]);
    let note = matrix.finish(shell)?;
    let missing = missing_nodes(&project)?;
    Ok(if missing.is_empty() {
        Outcome::Passed(note)
    } else {
        Outcome::Skipped(format!("{note}; but npm brought no Node to this machine for {}", missing.join(", ")))
    })
}

/// One version of Node.
struct Node {
    program: PathBuf,
    version: String,
}

impl Node {
    /// Whether it can `require` what is written as a module. Of the majors from 20 on, 21 ended before it could.
    fn requires_modules(&self) -> bool {
        !self.version.starts_with("v21.")
    }

    /// What it cannot do by its own fault, which was never mended in 21.
    fn may_lack(&self) -> &[&str] {
        if self.version.starts_with("v21.") { &["aborts: by the reader"] } else { &[] }
    }
}

/// The versions that the tests want and npm did not install: it has them for Linux on x64 alone.
fn missing_nodes(project: &Project) -> Result<Vec<String>> {
    let manifest: Value = serde_json::from_str(&fs::read_to_string(project.tool("package.json"))?)?;
    let wanted = manifest["optionalDependencies"].as_object().into_iter().flatten();
    let missing = wanted.filter(|(name, _)| !project.tool(&format!("node_modules/{name}/bin/node")).is_file());
    Ok(missing.filter_map(|(_, version)| version.as_str().map(str::to_owned)).collect())
}

/// The Node of this machine, and the others that registry packages bring.
fn nodes(shell: &Shell, project: &Project) -> Result<Vec<Node>> {
    let others = project.tool("node_modules").read_dir()?.flatten();
    let mut programs: Vec<_> =
        others.map(|entry| entry.path().join("bin/node")).filter(|path| path.is_file()).collect();
    programs.sort();
    programs.push(PathBuf::from("node"));
    let mut nodes: Vec<Node> = Vec::new();
    for program in programs {
        let version = shell.command(&program).arg("--version").read()?.trim().to_owned();
        if nodes.iter().all(|node| node.version != version) {
            nodes.push(Node { program, version });
        }
    }
    Ok(nodes)
}
