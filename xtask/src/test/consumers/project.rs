//! The fresh project that has nothing but the tarball and the programs of the contract.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use crate::fingerprint::{self, Fingerprint};
use crate::tools::{Command, Shell};
use crate::{dist, node};

/// The project, and the tools beside it.
pub struct Project {
    folder: PathBuf,
    tools: PathBuf,
}

impl Project {
    /// Packs the package and installs it, unless nothing changed, and so the tools.
    pub fn fresh(shell: &Shell) -> Result<Self> {
        let tarball = dist::pack(shell)?;
        node::install(shell, node::RUNTIMES)?;
        let tools = shell.path(node::RUNTIMES);
        let folder = shell.scratch("consumer");
        let (contract, programs) = (tools.join("contract"), tools.join("programs"));
        let inputs = Fingerprint::new("npm install").file(&tarball).tree(&contract)?.tree(&programs)?;
        fingerprint::unless_fresh(inputs, &folder, |folder| {
            fingerprint::write(&folder.join("package.json"), br#"{ "name": "consumer", "private": true }"#)?;
            let install = node::npm(shell).args(["install", "--offline", "--no-package-lock", "--loglevel=error"]);
            install.arg(&tarball).dir(folder).run()?;
            for (from, to) in [(&contract, folder.join("contract")), (&programs, folder.to_path_buf())] {
                for file in fingerprint::files_below(from)? {
                    fingerprint::write(&to.join(&file), &fs::read(from.join(&file))?)?;
                }
            }
            Ok(())
        })?;
        Ok(Self { folder, tools })
    }

    /// The folder of the project.
    pub fn folder(&self) -> &PathBuf {
        &self.folder
    }

    /// A file of the tests, or of the packages that they have installed.
    pub fn tool(&self, below: &str) -> PathBuf {
        self.tools.join(below)
    }

    /// A script of the tests that this machine's Node runs for the project.
    pub fn host(&self, shell: &Shell, script: &str) -> Command {
        shell.command("node").arg(self.tool(script)).arg(&self.folder)
    }

    /// A program of the project that some runtime runs, beside the loopback server.
    pub fn beside_server(&self, shell: &Shell, runtime: &PathBuf, args: &[&str]) -> Command {
        self.host(shell, "hosts/serve.mjs").arg(runtime).args(args)
    }
}
