//! The browser of this machine.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::tools::Shell;

/// What to do where there is none, and none can be installed.
pub const MISSING: &str = "there is no Chromium: install it, or name it in TIDEGATE_CHROMIUM";

/// The variable that names one that is not in the path.
pub const NAMED: &str = "TIDEGATE_CHROMIUM";

/// The names under which distributions install it.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// The browser that is there, or is after its installation, where this is a Debian whose root asks.
pub fn find_or_install(shell: &Shell) -> Result<Option<PathBuf>> {
    if let Some(found) = find() {
        return Ok(Some(found));
    }
    if !may_install(shell) {
        return Ok(None);
    }
    shell.say("installing Chromium");
    shell.command("apt-get").arg("update").run()?;
    let install = shell.command("apt-get").args(["install", "-y", "--no-install-recommends", "chromium"]);
    install.env("DEBIAN_FRONTEND", "noninteractive").run()?;
    Ok(find())
}

/// The browser that is there.
pub fn find() -> Option<PathBuf> {
    if let Some(named) = env::var_os(NAMED) {
        return Some(named.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&path).collect();
    NAMES.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()))
}

/// Whether this is a Debian, and this program runs as its root.
fn may_install(shell: &Shell) -> bool {
    let is_debian = Path::new("/etc/debian_version").is_file();
    is_debian && shell.command("id").arg("-u").read().is_ok_and(|user| user.trim() == "0")
}
