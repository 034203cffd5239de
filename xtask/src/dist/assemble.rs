//! The folder of the package: every file in its place, and no other.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::fingerprint;
use crate::tools::Shell;

/// Documents that the package carries, and where they are in the repository.
const DOCUMENTS: [(&str, &str); 5] = [
    ("package.json", "pkg-template/package.json"),
    ("README.md", "README.md"),
    ("CHANGELOG.md", "CHANGELOG.md"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
];

/// What the package consists of: paths in it, and where each content comes from.
#[derive(Default)]
pub struct Files(BTreeMap<PathBuf, PathBuf>);

impl Files {
    /// Adds all files of a folder below `place`.
    pub fn add_tree(&mut self, place: &str, dir: &Path) -> Result<()> {
        for file in fingerprint::files_below(dir)? {
            self.0.insert(Path::new(place).join(&file), dir.join(file));
        }
        Ok(())
    }

    /// Takes out a file that was added with its folder.
    pub fn leave_out(&mut self, place: &str) {
        self.0.remove(Path::new(place));
    }

    /// Adds manifest, README, licences and change log.
    pub fn add_documents(&mut self, shell: &Shell) -> Result<()> {
        for (place, source) in DOCUMENTS {
            let source = shell.path(source);
            ensure!(source.is_file(), "{} is missing: the package carries it", source.display());
            self.0.insert(place.into(), source);
        }
        Ok(())
    }

    /// Writes the files that are missing or differ.
    pub fn copy_to(&self, package: &Path) -> Result<()> {
        for (place, source) in &self.0 {
            let target = package.join(place);
            let content = fs::read(source).with_context(|| format!("cannot read {}", source.display()))?;
            if fs::read(&target).ok().as_deref() != Some(&*content) {
                fingerprint::write(&target, &content)?;
            }
        }
        Ok(())
    }

    /// Removes what an earlier build left and this one did not make.
    pub fn remove_others_from(&self, package: &Path) -> Result<()> {
        for file in fingerprint::files_below(package)? {
            if !self.0.contains_key(&file) {
                fingerprint::remove(&package.join(file))?;
            }
        }
        Ok(())
    }
}
