//! Whether a step is up to date, told by content: what went in, and what came out and is still there.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A hash over everything that decides what a step produces.
pub struct Fingerprint(DefaultHasher);

impl Fingerprint {
    /// Starts with the recipe: the source of the code that does the step.
    pub fn new(recipe: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        recipe.hash(&mut hasher);
        Self(hasher)
    }

    /// Adds a text.
    pub fn text(mut self, text: &str) -> Self {
        text.hash(&mut self.0);
        self
    }

    /// Adds the content of a file; a file that is not there counts as that.
    pub fn file(mut self, path: &Path) -> Self {
        fs::read(path).ok().hash(&mut self.0);
        self
    }

    /// Adds names and contents of all files of a folder.
    pub fn tree(self, dir: &Path) -> Result<Self> {
        self.tree_of(dir, "")
    }

    /// Adds names and contents of those files of a folder whose names end so.
    pub fn tree_of(mut self, dir: &Path, ending: &str) -> Result<Self> {
        for file in files_below(dir)?.iter().filter(|file| file.to_string_lossy().ends_with(ending)) {
            file.hash(&mut self.0);
            self = self.file(&dir.join(file));
        }
        Ok(self)
    }

    /// The hash, in writing.
    pub fn finish(self) -> String {
        format!("{:016x}", self.0.finish())
    }
}

/// Runs `step`, which fills `output`, unless the same inputs filled it last time and nothing changed there since.
/// Returns whether it ran.
pub fn unless_fresh(inputs: Fingerprint, output: &Path, step: impl FnOnce(&Path) -> Result<()>) -> Result<bool> {
    let inputs = inputs.finish();
    let stamp = output.with_extension("stamp");
    let state = |dir: &Path| Ok::<_, anyhow::Error>(format!("{inputs} {}", Fingerprint::new("").tree(dir)?.finish()));

    if output.is_dir() && fs::read_to_string(&stamp).is_ok_and(|was| state(output).is_ok_and(|is| is == was)) {
        return Ok(false);
    }
    // Without a stamp, a step that is broken off is never taken for done.
    remove(&stamp)?;
    remove(output)?;
    fs::create_dir_all(output)?;
    step(output)?;
    write(&stamp, state(output)?.as_bytes())?;
    Ok(true)
}

/// Paths of all files below a folder, relative to it, in order. None when there is no such folder.
pub fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(dir.join(&folder)) else { continue };
        for entry in entries {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

/// Writes a file, and the folders above it.
pub fn write(path: &Path, content: &[u8]) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// Removes a file or a folder if it is there.
pub fn remove(path: &Path) -> Result<()> {
    let result = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    };
    result.with_context(|| format!("cannot remove {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_runs_again_when_its_input_or_its_output_changed() -> Result<()> {
        let dir = std::env::temp_dir().join(format!("tidegate-fingerprint-{}", std::process::id()));
        let output = dir.join("out");
        let run = |input: &str| {
            unless_fresh(Fingerprint::new("recipe").text(input), &output, |out| write(&out.join("a"), b"made"))
        };

        assert!(run("one")?, "nothing is there yet");
        assert!(!run("one")?, "nothing changed");
        assert!(run("two")?, "the input changed");
        write(&output.join("a"), b"spoilt")?;
        assert!(run("two")?, "the output changed");
        remove(&output.join("a"))?;
        assert!(run("two")?, "the output is gone");
        assert!(!run("two")?);

        let failed = unless_fresh(Fingerprint::new("other"), &output, |_| anyhow::bail!("broken off"));
        assert!(failed.is_err());
        assert!(run("two")?, "a step broken off leaves nothing fresh");
        remove(&dir)
    }
}
