//! A folder that is handed out, as the package is and the page: every file in its place, and no other.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::fingerprint;

/// What such a folder consists of: paths in it, and where each content comes from.
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

    /// Adds one file, which has to be there.
    pub fn add(&mut self, place: &str, source: PathBuf) -> Result<()> {
        ensure!(source.is_file(), "{} is missing", source.display());
        self.0.insert(place.into(), source);
        Ok(())
    }

    /// Takes out a file that was added with its folder.
    pub fn leave_out(&mut self, place: &str) {
        self.0.remove(Path::new(place));
    }

    /// Writes the files that are missing or differ.
    pub fn copy_to(&self, folder: &Path) -> Result<()> {
        for (place, source) in &self.0 {
            let target = folder.join(place);
            let content = fs::read(source).with_context(|| format!("cannot read {}", source.display()))?;
            if fs::read(&target).ok().as_deref() != Some(&*content) {
                fingerprint::write(&target, &content)?;
            }
        }
        Ok(())
    }

    /// Removes what an earlier build left and this one did not make.
    pub fn remove_others_from(&self, folder: &Path) -> Result<()> {
        for file in fingerprint::files_below(folder)? {
            if !self.0.contains_key(&file) {
                fingerprint::remove(&folder.join(file))?;
            }
        }
        Ok(())
    }
}
